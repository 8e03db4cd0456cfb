import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from zarr.storage import LocalStore

from mvn_dask.store.staging import StagedStore


def staged(folder: Path) -> "tuple[StagedStore, zarr.Array[Any]]":
    store = StagedStore(LocalStore(folder))
    group = zarr.create_group(store)
    return store, group.create_array("inner/x", shape=(4,), chunks=(2,), dtype="f8", compressors=None)


def test_chunks_go_through_and_documents_stay(tmp_path: Path) -> None:
    store, array = staged(tmp_path)
    remote = pickle.loads(pickle.dumps(array))  # noqa: S301
    remote[:2] = 1.0
    array[2:] = 2.0
    np.testing.assert_array_equal(array[:], [1, 1, 2, 2])
    assert not list(tmp_path.rglob("zarr.json"))
    assert (tmp_path / "inner" / "x" / "c" / "0").stat().st_size == 16
    with pytest.raises(FileNotFoundError):
        zarr.open(tmp_path, mode="r")
    assert set(store.documents) == {"zarr.json", "inner/zarr.json", "inner/x/zarr.json"}


def test_commit_writes_the_root_last(tmp_path: Path) -> None:
    store, array = staged(tmp_path)
    array[:] = 3.0
    store.commit(tmp_path)
    times = [(tmp_path / key).stat().st_mtime_ns for key in ("inner/x/zarr.json", "inner/zarr.json", "zarr.json")]
    assert times == sorted(times)
    group = zarr.open_group(tmp_path, mode="r")
    np.testing.assert_array_equal(group["inner/x"][:], [3, 3, 3, 3])  # type: ignore[index]
    assert not list(tmp_path.rglob("*.partial"))
