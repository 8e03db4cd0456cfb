"""Distribution of a sampler and its parameter arrays to the workers.

Input: a sampler. Output: an object that pickles with small arrays in it, and with the names of memory-mapped ``.npy``
files in place of large ones. Cost: each array is hashed once, written once to a *spool* folder that the workers see,
and mapped once a process.

Nothing is kept in any worker alone, as ``client.scatter`` does, so that no loss of a worker can lose an array.
"""

import atexit
import copyreg
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, cast

import fsspec
import numpy as np
import numpy.typing as npt
import psutil

from mvn_dask._typing import ArrayLoader, Arrays
from mvn_dask.advice import Advice
from mvn_dask.atomic import atomic_write
from mvn_dask.errors import SpoolError
from mvn_dask.execution.pickling import dumps_without, loads_with
from mvn_dask.hashing import digest, fingerprint
from mvn_dask.locations import parse_location
from mvn_dask.sampling.sampler import Sampler

SPOOLED_BYTES = 8 * 2**20
"""Bytes of arrays above which they are spooled; distributed warns of graphs over 10 MB."""
SPOOL_PREFIX = "mvn-dask-spool-"
"""How the names of temporary spool folders begin; the space of process ids and the process id follow."""
CACHED_SETS = 2
"""Sets of arrays that a process keeps: of the last broadcasts that it unpickled."""

ChooseSpool = Callable[[int], str | None]
"""From bytes to a folder or URL that the workers see, "" for a temporary folder, None for the graph."""
ArraySource = tuple[str, ArrayLoader]
"""Digest of an array, which it is cached by and compared with, and what loads it in any process."""


class Broadcast:
    """A sampler in the dtype of a sample, whose parameter arrays pickle as file names where they are large.

    `choose_spool` is called with their bytes when they are pickled, since only then it is known where they go. Arrays
    `beside` the sampler's own travel with them.
    """

    def __init__(self, sampler: Sampler, choose_spool: ChooseSpool, beside: Arrays | None = None) -> None:
        self._arrays: Arrays | None = {**sampler.parameters(), **(beside or {})}
        self.sampler = sampler
        # In a process that received the object: where it loads the arrays from, and no spool of its own.
        self._sources: Mapping[str, ArraySource] = {}
        self._choose_spool: ChooseSpool | None = choose_spool

    @cached_property
    def sampler(self) -> Sampler:
        """What draws rows with the arrays: as given, or, in a process that received the object, with those loaded."""
        return cast(Sampler, loads_with(self._skeleton, self.arrays))

    @cached_property
    def _skeleton(self) -> bytes:
        # Not a record from which the sampler could be rebuilt: workers need not have imported the user's module that
        # defines a factor or a distribution, while a pickle names the modules of its classes.
        return dumps_without(self.sampler, self.arrays)

    @property
    def arrays(self) -> Arrays:
        """The parameters of the sampler; loaded at the first use in a process."""
        if self._arrays is None:
            self._arrays = _load_all(self._sources)
        return self._arrays

    @cached_property
    def digests(self) -> dict[str, str]:
        """Digests of the arrays. Large ones take a while, so they are made once."""
        return {name: digest(array) for name, array in self.arrays.items()}

    def with_beside(self, beside: Arrays, choose_spool: ChooseSpool) -> "Broadcast":
        """The same sampler with other arrays beside its own, whose digests are not made again."""
        other = Broadcast(self.sampler, choose_spool, beside)
        other.__dict__["digests"] = {
            name: digest(array) if name in beside else self.digests[name] for name, array in other.arrays.items()
        }
        return other

    def description(self) -> dict[str, dict[str, object]]:
        """Shape, dtype and digest of each array, JSON-able."""
        return {
            name: {"shape": list(array.shape), "dtype": array.dtype.name, "sha256": self.digests[name]}
            for name, array in self.arrays.items()
        }

    def __sizeof__(self) -> int:
        # For distributed, which warns of large graphs by their size: arrays that are not loaded take none.
        return object.__sizeof__(self) + sum(array.nbytes for array in (self._arrays or {}).values())

    def __reduce__(self) -> tuple[Any, ...]:
        return self.reduce_with_files({})

    def reduce_with_files(self, files: Mapping[str, ArrayLoader]) -> tuple[Any, ...]:
        """As ``__reduce__``; files that hold all of the arrays, those of a store, say, take the place of the spool."""
        sources = self._sources or self._spool(files)
        state = {
            "_skeleton": self._skeleton,
            "_arrays": None if sources else self._arrays,
            "_sources": sources,
            # What arrived through the graph goes on through the graph: the spool is the first sender's.
            "_choose_spool": None,
        }
        return copyreg.__newobj__, (Broadcast,), state  # type: ignore[attr-defined]

    def _spool(self, files: Mapping[str, ArrayLoader]) -> dict[str, ArraySource]:
        """Sources of the arrays, written where need be; none where they stay in the pickle."""
        # Written here and not when the object is made: an array that only threads compute writes no file.
        nbytes = sum(array.nbytes for array in self.arrays.values())
        if self._choose_spool is None or nbytes <= SPOOLED_BYTES:
            return {}
        # What workers can write to they can read: where a store has the arrays, no shared spool need be named.
        if set(self.digests.values()) <= files.keys():
            return {name: (key, files[key]) for name, key in self.digests.items()}
        spool = self._choose_spool(nbytes)
        if spool is None:
            return {}
        with _spool_lock:
            # functools.cache lets two threads make two folders.
            folder = spool or _temporary_spool()
        return {name: _save(array, self.digests[name], folder) for name, array in self.arrays.items()}


_spool_lock = threading.Lock()


@cache
def _temporary_spool() -> str:
    """A folder of this process; those of processes that were killed are deleted as well."""
    prefix = f"{SPOOL_PREFIX}{_process_space()}-"
    for path in Path(tempfile.gettempdir()).glob(f"{prefix}*-*"):
        owner = path.name.removeprefix(prefix).split("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(path, ignore_errors=True)
    folder = tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-")
    atexit.register(_delete_spool, folder, os.getpid())
    return folder


def _process_space() -> str:
    """Digest of the machine and process namespace: containers may share a temporary folder, and not process ids."""
    namespace = Path("/proc/self/ns/pid")
    space = (socket.gethostname(), str(psutil.boot_time()), str(namespace.readlink()) if namespace.exists() else "")
    return fingerprint(space)[:12]


def _delete_spool(folder: str, owner: int) -> None:
    # A forked child runs the parent's exit handlers too.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _save(array: npt.NDArray[Any], key: str, folder: str) -> ArraySource:
    """Write an array under its digest, unless it is there already."""
    name = f"{key}.npy"
    location = parse_location(folder)
    if isinstance(location, str):
        url = f"{location.rstrip('/')}/{name}"
        filesystem, path = fsspec.core.url_to_fs(url)
        if not filesystem.exists(path):
            with filesystem.open(path, "wb") as file:
                np.save(file, array, allow_pickle=False)
        return key, partial(_download, url)
    local = location.absolute() / name
    if not (local.exists() and local.stat().st_size > array.nbytes):
        with atomic_write(local) as file:
            np.save(file, array, allow_pickle=False)
    return key, partial(np.load, str(local), mmap_mode="r", allow_pickle=False)


def _download(url: str) -> npt.NDArray[Any]:
    with fsspec.open(url, "rb") as file:
        return cast("npt.NDArray[Any]", np.load(file, allow_pickle=False))


_cached: dict[tuple[str, ...], dict[str, npt.NDArray[Any]]] = {}
"""The last sets of arrays that this process loaded: digests to arrays, the last set last."""
# Every task of dask's process scheduler unpickles an object of its own, so that no object can hold them. Mapped files
# take no memory of their own, but downloads do: hence a few sets only.
_cache_lock = threading.Lock()


def _load_all(sources: Mapping[str, ArraySource]) -> dict[str, npt.NDArray[Any]]:
    """Arrays by their names, loaded once a process, however many threads need them at the same time."""
    with _cache_lock:
        known = {key: array for arrays in _cached.values() for key, array in arrays.items()}
        loaded = {key: known[key] if key in known else _load(key, load) for key, load in sources.values()}
        _cached.pop(tuple(loaded), None)
        _cached[tuple(loaded)] = loaded
        while len(_cached) > CACHED_SETS:
            del _cached[next(iter(_cached))]
        return {name: loaded[key] for name, (key, _) in sources.items()}


def _load(key: str, load: ArrayLoader) -> npt.NDArray[Any]:
    try:
        array = load()
        # A damaged file, or that of a store which was overwritten, must never be cached under this digest.
        if digest(array) != key:
            raise ValueError("it holds other numbers")
    except (OSError, ValueError) as error:
        where = load.args[0] if isinstance(load, partial) else load
        raise SpoolError(
            f"this worker cannot read the factor at {where!r} ({error}).",
            advice=Advice("Name a shared folder or an object-store URL: {spool}"),
        ) from error
    return array
