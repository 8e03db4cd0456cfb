from pathlib import Path

import numpy as np
import pytest
import zarr

import mvn_dask
from mvn_dask.origin_attributes import MAX_MEAN_SIZE
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.auxiliary_arrays import (
    auxiliary_arrays,
    auxiliary_chunks,
    auxiliary_keys,
    has_mean_array,
    write_auxiliary_arrays,
)
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.format.metadata import zarr_files

TIMES = np.array(["2026-01-01", "2026-01-02", "2026-01-03"], "datetime64[ns]")


def manifest(mean: object, cov: object = 1.0, **options: object) -> tuple[Manifest, dict[str, bytes]]:
    normal = mvn_dask.MultivariateNormal(mean, cov, **options)  # type: ignore[arg-type]
    found, arrays = manifest_of(normal.sample(5, seed=1))
    return found, dict(zarr_files(found, arrays))


FIELD = {"event_shape": (2, 3), "dims": ("name", "time"), "coords": {"name": ["a", "b"], "time": TIMES}}


def test_labels_and_the_mean_of_a_field_are_arrays() -> None:
    found, files = manifest(np.arange(6.0).reshape(2, 3), **FIELD)
    assert auxiliary_arrays(found) == {"name": (2,), "time": (3,), "mean": (2, 3)}
    assert list(auxiliary_chunks(found)) == ["name/c/0", "time/c/0", "mean/c/0/0"]
    assert set(auxiliary_keys(found)) == set(files) - {"zarr.json", "samples/zarr.json"}
    assert np.frombuffer(files["mean/c/0/0"][:-4], "<f8").tolist() == list(range(6))


@pytest.mark.parametrize("length", [1, MAX_MEAN_SIZE, MAX_MEAN_SIZE + 1])
def test_a_mean_is_an_attribute_or_an_array(length: int) -> None:
    found, files = manifest(np.zeros(length))
    assert has_mean_array(found) == (length > MAX_MEAN_SIZE) == ("mean/c/0" in files)
    assert (b'"mean":' in files["samples/zarr.json"].replace(b" ", b"")) != has_mean_array(found)


def test_every_chunk_is_written_whatever_it_holds(tmp_path: Path) -> None:
    found, _ = manifest(np.zeros((6, 1)), **{**FIELD, "event_shape": (6, 1), "dims": ("y", "x"), "coords": {"x": [0]}})
    group = zarr.create_group(tmp_path, zarr_format=3)
    write_auxiliary_arrays(group, found, np.zeros(6))
    assert all((tmp_path / key).is_file() for key in auxiliary_keys(found))


def test_points_in_time_by_the_conventions_of_cf(tmp_path: Path) -> None:
    found, _ = manifest(np.zeros((2, 3)), **FIELD)
    write_auxiliary_arrays(zarr.create_group(tmp_path, zarr_format=3), found, None)
    time = zarr.open_array(tmp_path / "time", mode="r")
    assert time.attrs.asdict() == {"units": "nanoseconds since 1970-01-01", "calendar": "proleptic_gregorian"}
    assert np.asarray(time).tolist() == TIMES.astype(np.int64).tolist()
    assert not (tmp_path / "mean/c").exists(), "there was no mean"
