"""How the factor and the mean travel to the workers.

Inside a process they are just there. When they are pickled, small ones go along, and large ones go as
memory-mapped ``.npy`` files in a *spool* folder that the workers see: written once, mapped once a
process, shared by all processes of a machine. Nothing is kept in any worker alone, so that no loss of a
worker can lose them.
"""

import atexit
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, cast

import fsspec
import numpy as np
import psutil

from mvn_dask._typing import FloatArray
from mvn_dask.atomic import atomic_write
from mvn_dask.covariance import Factor
from mvn_dask.errors import SpoolError
from mvn_dask.hashing import digest, fingerprint
from mvn_dask.lineage import shelf

LARGE = 8 * 2**20
"""Bytes from which on a factor goes through the spool; distributed warns of graphs over 10 MB."""

SPOOL_PREFIX = "mvn-dask-spool-"
"""How the names of temporary spool folders begin; the space of process ids and the process id follow."""

_spool_lock = threading.Lock()

Arrays = Mapping[str, FloatArray]
ChooseSpool = Callable[[int], str | None]
"""From bytes to a folder or URL that the workers see, "" for a temporary folder, None for the graph."""


@dataclass(frozen=True)
class Source:
    """Where a worker gets an array."""

    key: str
    """Digest of the array: what was got once is kept under it."""
    load: Callable[[], FloatArray]
    """Gets it."""


class Broadcast:
    """A factor and a mean, which pickle as file names where they are large.

    Parameters
    ----------
    factor : Factor
        In the dtype of the sample.
    mean : ndarray, shape (d,)
        In the same dtype.
    choose_spool : callable
        Asked when large arrays are pickled, since only then it is known where they go. A temporary folder
        goes when this process ends.
    """

    def __init__(self, factor: Factor, mean: FloatArray, choose_spool: ChooseSpool) -> None:
        self._factor_type = type(factor)
        self._choose_spool: ChooseSpool | None = choose_spool
        self._sources: dict[str, Source] = {}
        self._arrays: Arrays = {"mean": mean, **factor.arrays()}

    @property
    def arrays(self) -> Arrays:
        """The mean and what the factor consists of; loaded at the first use in a process."""
        if not self._arrays:
            self._arrays = {name: _load(source) for name, source in self._sources.items()}
        return self._arrays

    @cached_property
    def digests(self) -> dict[str, str]:
        """Digests of the arrays: large ones take a while, so they are made once."""
        return {name: digest(array) for name, array in self.arrays.items()}

    @property
    def mean(self) -> FloatArray:
        """The mean, shape (d,)."""
        return self.arrays["mean"]

    @property
    def factor(self) -> Factor:
        """The factor."""
        return self._factor_type.from_arrays(self.arrays)

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self._nbytes

    @property
    def _nbytes(self) -> int:
        return sum(array.nbytes for array in self._arrays.values())

    def __getstate__(self) -> dict[str, Any]:
        sources = self._sources
        # What arrived through the graph goes on through the graph: the spool is the sender's.
        if self._choose_spool is not None and self._nbytes > LARGE:
            shelved = shelf()
            if all(key in shelved for key in self.digests.values()):
                sources = {name: Source(key, shelved[key]) for name, key in self.digests.items()}
            elif (spool := self._choose_spool(self._nbytes)) is not None:
                folder = spool or _temporary_spool()
                sources = {name: _save(array, self.digests[name], folder) for name, array in self._arrays.items()}
        return {
            "_factor_type": self._factor_type,
            "_choose_spool": None,
            "_sources": sources,
            "_arrays": {} if sources else self._arrays,
        }


def _temporary_spool() -> str:
    with _spool_lock:
        return _make_spool()


@cache
def _make_spool() -> str:
    """A folder of this process; those of processes that were killed are deleted on the way."""
    prefix = f"{SPOOL_PREFIX}{_process_space()}-"
    for path in Path(tempfile.gettempdir()).glob(f"{prefix}*-*"):
        owner = path.name.removeprefix(prefix).split("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(path, ignore_errors=True)
    folder = tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-")
    atexit.register(_delete_spool, folder, os.getpid())
    return folder


def _process_space() -> str:
    """A word for where process ids mean what they mean here: a temporary folder may be shared with others."""
    namespace = Path("/proc/self/ns/pid")
    space = (socket.gethostname(), str(psutil.boot_time()), str(namespace.readlink()) if namespace.exists() else "")
    return fingerprint(space)[:12]


def _delete_spool(folder: str, owner: int) -> None:
    # A forked child runs the parent's exit handlers too.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _save(array: FloatArray, key: str, folder: str) -> Source:
    """Write an array under its digest, unless it is there already."""
    name = f"{key}.npy"
    if "://" in folder and not folder.startswith("file://"):
        url = f"{folder.rstrip('/')}/{name}"
        filesystem, path = fsspec.core.url_to_fs(url)
        if not filesystem.exists(path):
            with filesystem.open(path, "wb") as file:
                np.save(file, array)
        return Source(key, partial(_download, url))
    target = Path(folder.removeprefix("file://")).absolute() / name
    if not (target.exists() and target.stat().st_size > array.nbytes):
        with atomic_write(target) as file:
            np.save(file, array)
    return Source(key, partial(np.load, str(target), mmap_mode="r", allow_pickle=False))


def _download(url: str) -> FloatArray:
    with fsspec.open(url, "rb") as file:
        return cast(FloatArray, np.load(file, allow_pickle=False))


_loaded: dict[str, FloatArray] = {}
"""Arrays that this process has got, the last ones last. Mapped files take no memory of their own, downloads do."""
_KEPT = 4
"""Arrays that are kept: every task of the process scheduler unpickles its own Broadcast, of two arrays each."""
_load_lock = threading.Lock()


def _checked(source: Source) -> FloatArray:
    array = source.load()
    if digest(array) != source.key:
        # A damaged file, or that of a store which was overwritten: it must never be kept under this digest.
        msg = "it holds other numbers"
        raise ValueError(msg)
    return array


def _load(source: Source) -> FloatArray:
    """An array, once a process, however many threads ask for it at the same time."""
    with _load_lock:
        try:
            array = _loaded.pop(source.key) if source.key in _loaded else _checked(source)
        except (OSError, ValueError) as error:
            where = source.load.args[0] if isinstance(source.load, partial) else source.load
            msg = (
                f"this worker cannot read the factor at {where!r} ({error}). Name a shared folder or an "
                "object-store URL: dask.config.set({'mvn_dask.spool': '/shared/folder'})"
            )
            raise SpoolError(msg) from error
        _loaded[source.key] = array
        while len(_loaded) > _KEPT:
            del _loaded[next(iter(_loaded))]
        return array
