"""How the factor and the mean travel to the workers.

Inside a process they are just there. When they are pickled, small ones go along, and large ones go as
memory-mapped ``.npy`` files in a *spool* folder that the workers see: written once, mapped once a
process, shared by all processes of a machine. Nothing is kept in any worker alone, so that no loss of a
worker can lose them.
"""

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import fsspec
import numpy as np

from mvn_dask.atomic import atomic_write
from mvn_dask.checks import FloatArray
from mvn_dask.covariance import Factor, digest
from mvn_dask.errors import SpoolError

LARGE = 8 * 2**20
"""Bytes from which on a factor goes through the spool; distributed warns of graphs over 10 MB."""

Arrays = Mapping[str, FloatArray]


class Broadcast:
    """A factor and a mean, which pickle as file names where they are large.

    Parameters
    ----------
    factor : Factor
        In the dtype of the sample.
    mean : ndarray, shape (d,)
        In the same dtype.
    spool : str or None
        Folder or object-store URL that the workers see; "" for a temporary folder of this process, which
        goes when the process ends. None sends everything through the graph.
    """

    def __init__(self, factor: Factor, mean: FloatArray, spool: str | None) -> None:
        self._factor_type = type(factor)
        self._spool = spool
        self._paths: dict[str, str] = {}
        self._arrays: Arrays = {"mean": mean, **factor.arrays()}

    @property
    def arrays(self) -> Arrays:
        """The mean and what the factor consists of; loaded at the first use in a process."""
        if not self._arrays:
            self._arrays = {name: _load(path) for name, path in self._paths.items()}
        return self._arrays

    @property
    def mean(self) -> FloatArray:
        """The mean, shape (d,)."""
        return self.arrays["mean"]

    @property
    def factor(self) -> Factor:
        """The factor."""
        return self._factor_type.from_arrays(self.arrays)

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + sum(array.nbytes for array in self._arrays.values())

    def __getstate__(self) -> dict[str, Any]:
        nbytes = sum(array.nbytes for array in self._arrays.values())
        if self._spool is not None and nbytes > LARGE and not self._paths:
            folder = self._spool or _temporary_spool()
            self._paths = {name: _save(array, folder) for name, array in self._arrays.items()}
        return {**self.__dict__, "_arrays": {} if self._paths else self._arrays}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # What arrived through the graph goes on through the graph: the spool is the sender's.
        self.__dict__.update(state, _spool=None)


@cache
def _temporary_spool() -> str:
    folder = tempfile.mkdtemp(prefix="mvn-dask-spool-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _save(array: FloatArray, folder: str) -> str:
    """Write an array under its digest, atomically, unless it is there already."""
    name = f"{digest(array)}.npy"
    if "://" in folder:
        url = f"{folder.rstrip('/')}/{name}"
        filesystem, path = fsspec.core.url_to_fs(url)
        if not filesystem.exists(path):
            with filesystem.open(path, "wb") as file:
                np.save(file, array)
        return url
    target = Path(folder).absolute() / name
    if not target.exists():
        with atomic_write(target) as file:
            np.save(file, array)
    return str(target)


def _load(path: str) -> FloatArray:
    try:
        if "://" in path:
            with fsspec.open(path, "rb") as file:
                return cast(FloatArray, np.load(file, allow_pickle=False))
        return cast(FloatArray, np.load(path, mmap_mode="r", allow_pickle=False))
    except OSError as error:
        msg = (
            f"this worker cannot read the factor at {path!r} ({error}). Name a shared folder or an "
            "object-store URL: dask.config.set({'mvn_dask.spool': '/shared/folder'})"
        )
        raise SpoolError(msg) from error
