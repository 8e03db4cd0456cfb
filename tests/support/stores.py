"""Stores on disk: their arrays, their files, and processes that die while they write them."""

import os
import sys
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr

import mvn_dask
from mvn_dask.store.storage.base import Storage
from mvn_dask.store.writing import remove

NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])


def sample(n: int = 1000, seed: int = 1, chunks: Any = 300) -> da.Array:
    return NORMAL.sample(n, seed=seed, chunks=chunks)


def remove_store(storage: Storage) -> None:
    """Delete a store, in a session of its own."""
    with storage.session() as session:
        assert session.try_exclusive()
        remove(session, storage)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def put(folder: Path, *keys: str) -> None:
    for key in keys:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(b"somebody's")


LEASES = ".mvn_dask/leases/"
LOCKS = {".mvn_dask/lock", ".mvn_dask/create-lock"}
FRAME = pd.DataFrame([[2.0, 1.0], [1.0, 2.0]], index=["a", "b"], columns=["a", "b"])


def labelled(n: int = 1000, seed: int = 1, chunks: Any = 300) -> da.Array:
    return mvn_dask.MultivariateNormal([0.0, 1.0], FRAME).sample(n, seed=seed, chunks=chunks)


def tree_without_locks(folder: Path) -> dict[str, bytes]:
    return {key: content for key, content in tree(folder).items() if key not in LOCKS}


def local_files(folder: Path, array: da.Array, **options: Any) -> dict[str, bytes]:
    """The files of a local store of an array, as a bucket would hold them."""
    mvn_dask.to_zarr(array, folder, **options)
    return tree_without_locks(folder)


def die_at(step: int, folder: Path) -> None:
    """End this process, as kill -9 does, at its n-th touch of the folder."""
    touches = 0
    watched = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir"}

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal touches
        if event in watched and arguments[0] is not None and str(folder) in str(arguments[0]):
            touches += 1
            if touches == step:
                os._exit(9)

    sys.addaudithook(hook)


CHUNKS_A_KILL = 16
"""Of which a writer gets to write about half, so that the last one is not finished before it is killed."""


def killable(kills: int) -> da.Array:
    normal = mvn_dask.MultivariateNormal(np.arange(8.0), np.eye(8) + 0.5, method="cholesky")
    return normal.sample(kills * CHUNKS_A_KILL * 8192 - 5, seed=7, chunks=8192)


def write_killable(folder: Path, kills: int) -> None:
    mvn_dask.to_zarr(killable(kills), folder)


def chunks_in(folder: Path) -> int:
    return sum(1 for path in (folder / "samples" / "c").glob("*/0"))


def assert_no_reader_opens(folder: Path) -> None:
    for reader in (
        lambda: zarr.open(folder, mode="r"),
        lambda: zarr.open_array(folder / "samples", mode="r"),
        lambda: da.from_zarr(folder, component="samples"),
        lambda: xr.open_zarr(folder),
        lambda: mvn_dask.from_zarr(folder),
    ):
        with pytest.raises(FileNotFoundError):
            reader()
