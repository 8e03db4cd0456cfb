"""Data of jobs: which reader takes them, and whether a job goes on."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import mvn_dask
from mvn_dask.errors import InvalidDistributionError, JobFileError, SpecMismatchError
from mvn_dask.job.inputs.data_readers import estimate_of_job
from mvn_dask.job.inputs.distribution_inputs import distribution_of
from mvn_dask.job.job import Job
from tests.support.s3 import Prefix

ROWS = np.random.default_rng(5).standard_normal((200, 2))


def job(folder: Path, data: Any, **more: Any) -> Job:
    return Job.from_mapping(
        {
            "version": 1,
            "distribution": {"data": data, **more},
            "sample": {"size": 1000, "seed": 1},
            "output": {"url": "out.zarr"},
        },
        folder=folder,
    )


def write_csv(path: Path, rows: Any = ROWS) -> None:
    path.write_text("date,oil,gas\n" + "".join(f"2020-01-01,{a!r},{b!r}\n" for a, b in rows.tolist()))


def test_every_kind_of_file_gives_the_same_bits(tmp_path: Path) -> None:
    write_csv(tmp_path / "x.csv")
    np.save(tmp_path / "x.npy", ROWS)
    np.savez(tmp_path / "x.npz", ROWS)
    names = np.array(["oil", "gas"], object)
    array = xr.DataArray(ROWS, dims=("day", "commodity"), coords={"commodity": names}, name="returns")
    array.to_dataset().to_zarr(tmp_path / "x.zarr", consolidated=False)
    array.to_pandas().to_parquet(tmp_path / "x.parquet")
    for data, named in (("x.csv", True), ("x.npy", False), ("x.npz", False), ("x.parquet", True),
                        ({"path": "x.zarr", "key": "returns"}, True), ("x.zarr/returns", True)):  # fmt: skip
        found = estimate_of_job(job(tmp_path, data))
        assert found.names == (("oil", "gas") if named else None), data
        np.testing.assert_allclose(found.cov, np.cov(ROWS.T), rtol=1e-12)
        assert found.rows == 200


def test_missing_values_of_zarr(tmp_path: Path) -> None:
    rows = ROWS.copy()
    rows[7, 1] = np.nan
    xr.Dataset({"x": (("row", "v"), rows)}).to_zarr(
        tmp_path / "x.zarr", encoding={"x": {"dtype": "int32", "scale_factor": 1e-8, "_FillValue": -(2**31)}},
        consolidated=False,
    )  # fmt: skip
    with pytest.raises(InvalidDistributionError, match="row 7, column 1"):
        estimate_of_job(job(tmp_path, "x.zarr/x"))
    found = estimate_of_job(job(tmp_path, {"path": "x.zarr/x", "missing": "drop"}))
    np.testing.assert_allclose(found.cov, np.cov(np.delete(ROWS, 7, axis=0).T), rtol=1e-6)


def test_a_job_goes_on_and_refuses_data_that_have_changed(tmp_path: Path) -> None:
    write_csv(tmp_path / "x.csv")
    made = job(tmp_path, "x.csv")
    assert made.run().complete
    assert made.run().drawn == 0
    info = mvn_dask.from_zarr(tmp_path / "out.zarr")
    assert info.shape == (1000, 2)
    shutil.rmtree(tmp_path / "out.zarr" / "samples" / "c")
    (tmp_path / "out.zarr" / "zarr.json").unlink()
    assert made.run().drawn == 1
    write_csv(tmp_path / "x.csv", ROWS + 1e-9)
    with pytest.raises(SpecMismatchError, match=r"parameters\.mean"):
        made.run()


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ("none.csv", JobFileError, "there is no such file"),
        ("x.txt", JobFileError, "must be a .csv, .npy, .npz or .parquet file"),
        ({"path": "x.csv", "key": "a"}, JobFileError, "`key` names an array in a .npz file"),
        ("pipe", JobFileError, "must be a file or a folder"),
        ("folder", InvalidDistributionError, "is a folder, and no Zarr array or group"),
        ("s3://bucket/x.csv", JobFileError, "only Zarr arrays are read from a URL"),
        ("twice.csv", InvalidDistributionError, "oil"),
        ("x.csv/x", JobFileError, "there is no such file"),
    ],
)
def test_what_is_no_data(data: Any, error: type[Exception], message: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "x.csv")
    (tmp_path / "twice.csv").write_text("oil,oil\n1,2\n2,3\n5,9\n")
    (tmp_path / "x.txt").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(error, match="distribution") as raised:
        job(tmp_path, data).plan()
    assert message in str(raised.value)


def test_at_a_url(prefix: Prefix, tmp_path: Path) -> None:
    import zarr

    zarr.create_array(prefix.object_store, data=ROWS, chunks=(64, 2))
    found = estimate_of_job(job(tmp_path, prefix.url, storage_options=prefix.options))
    np.testing.assert_allclose(found.cov, np.cov(ROWS.T), rtol=1e-12)


def test_the_text_of_an_error_of_zarr_is_not_shown(tmp_path: Path) -> None:
    """It may quote the request, and with it credentials."""
    import zarr

    zarr.create_array(tmp_path / "x.zarr", data=ROWS, chunks=(64, 2))
    (tmp_path / "x.zarr" / "c" / "1" / "0").write_bytes(b"damaged")
    with pytest.raises(InvalidDistributionError, match=r"cannot be read as a Zarr array \(\w+\)$"):
        estimate_of_job(job(tmp_path, "x.zarr"))


def test_a_t_distribution_has_the_covariance_of_the_data(tmp_path: Path) -> None:
    write_csv(tmp_path / "x.csv")
    found = distribution_of(job(tmp_path, "x.csv", kind="t", df=5.0))
    assert isinstance(found, mvn_dask.MultivariateT)
    assert found.names == ("oil", "gas")
    np.testing.assert_allclose(found.location, ROWS.mean(axis=0))
    np.testing.assert_allclose(found.shape.to_dense() * 5.0 / 3.0, np.cov(ROWS.T), rtol=1e-12)


def test_names_of_columns_that_cannot_be(tmp_path: Path) -> None:
    for header, fault in (("a,a", "must differ: variables 0 and 1 are both 'a'"), ("a,", "that of variable 1 is")):
        (tmp_path / "x.csv").write_text(f"{header}\n1,2\n3,5\n")
        with pytest.raises(InvalidDistributionError, match=rf"x\.csv: names of variables .*{fault}"):
            distribution_of(job(tmp_path, "x.csv"))
