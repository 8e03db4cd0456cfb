import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr

import mvn_dask
from mvn_dask.origin_attributes import MAX_MEAN_SIZE
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.file_writer import FileWriter
from mvn_dask.store.format.hierarchy import DOCUMENT
from mvn_dask.store.format.metadata import MAX_EXTRA_BYTES, commit, metadata_faults, zarr_files
from mvn_dask.store.storage.base import MANIFEST_KEY
from mvn_dask.store.storage.local import LocalStorage

FRAME = pd.DataFrame([[2.0, 1.0], [1.0, 2.0]], index=["oil", "gas"], columns=["oil", "gas"])
ROWS = mvn_dask.MultivariateNormal([0.0, 1.0], FRAME).sample(100, seed=1, chunks=40)
MANIFEST, ARRAYS = manifest_of(ROWS)
FILES = zarr_files(MANIFEST, ARRAYS)


def commit_files(storage: LocalStorage) -> None:
    storage.create(MANIFEST_KEY, MANIFEST.text)
    with storage.session() as session:
        commit(session, FileWriter(storage, MANIFEST), FILES, {})


def test_the_root_comes_last_and_once(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    commit_files(storage)
    times = {key: (tmp_path / key).stat().st_mtime_ns for key in FILES}
    assert max(times, key=times.__getitem__) == DOCUMENT
    assert metadata_faults(storage, FILES) == {}
    commit_files(storage)
    assert {key: (tmp_path / key).stat().st_mtime_ns for key in FILES} == times


def test_an_empty_group_in_its_place_is_replaced(tmp_path: Path) -> None:
    zarr.create_group(tmp_path)
    storage = LocalStorage(tmp_path)
    assert metadata_faults(storage, {DOCUMENT: FILES[DOCUMENT]})[DOCUMENT].startswith("differs")
    commit_files(storage)
    assert metadata_faults(storage, FILES) == {}


@pytest.mark.parametrize("key", list(FILES))
def test_what_is_wrong_with_a_file(key: str, tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    commit_files(storage)
    path = tmp_path / key
    if key.endswith(DOCUMENT):
        path.write_text(json.dumps(json.loads(path.read_text()), indent=7))
        assert metadata_faults(storage, FILES) == {}, "spelt differently, it says the same"
    path.write_bytes(b"x" + FILES[key])
    assert list(metadata_faults(storage, FILES)) == [key]
    path.write_bytes(bytes(4 * MAX_EXTRA_BYTES))
    assert metadata_faults(storage, FILES)[key] == f"wrong size: {4 * MAX_EXTRA_BYTES} bytes"
    path.unlink()
    assert metadata_faults(storage, FILES)[key] == "missing"
    path.symlink_to(tmp_path / ".mvn_dask")
    assert metadata_faults(storage, FILES)[key] == "a link, a pipe, a folder or the like"


def attributes(folder: Path, array: Any) -> dict[str, Any]:
    mvn_dask.to_zarr(array, folder)
    with xr.open_zarr(folder) as dataset:
        found: dict[str, Any] = dict(dataset["samples"].attrs)
        # Of the attributes: older xarrays have no netCDF type for texts of Zarr, such as names.
        dataset.drop_vars(dataset.coords).to_netcdf(folder.with_suffix(".nc"), engine="scipy")
    return found


def test_plain_readers_are_told_mean_and_provenance(tmp_path: Path) -> None:
    """In text and numbers only, so that it can be saved in other formats, as netCDF."""
    found = attributes(tmp_path / "sample", ROWS)
    assert found["mean"] == [0.0, 1.0]
    (sample,) = json.loads(found["provenance"])
    assert (sample["entropy"], sample["size"], sample["bit_generator"]) == ("1", [100], "SFC64")
    with xr.open_zarr(tmp_path / "sample") as dataset:
        assert dataset.attrs["mvn_dask_fingerprint"] == MANIFEST.fingerprint
        assert list(dataset["variable"].values) == ["oil", "gas"]
    derived = np.maximum(ROWS.sum(axis=1), 0.0)
    found = attributes(tmp_path / "derived", derived)
    assert found["expression"] == derived.name
    assert "mean" not in found


def test_a_long_mean_stays_out_of_the_documents(tmp_path: Path) -> None:
    wide = mvn_dask.MultivariateNormal(np.zeros(MAX_MEAN_SIZE + 1), 1.0).sample(1, seed=1)
    mvn_dask.to_zarr(wide, tmp_path)
    assert (tmp_path / "samples" / "zarr.json").stat().st_size < 10_000
    assert mvn_dask.verify(tmp_path).ok
