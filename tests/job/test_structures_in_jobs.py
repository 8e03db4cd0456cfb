"""Jobs whose covariance is of any structure, and all that is done with their stores."""

from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.covariance import Covariance
from mvn_dask.job.comparison import store_differences
from mvn_dask.job.job import Job
from mvn_dask.job.toml_format import format_document
from tests.support.damage import flip
from tests.support.job_structures import STRUCTURES, Structure, made, put_files
from tests.support.jobs import mapping


def written(folder: Path, structure: Structure) -> Job:
    """A job file beside the files that it names."""
    put_files(folder)
    sample = {"size": 400, "seed": 42, "chunks": 50}
    whole = mapping(distribution={"mean": 0.5, "cov": structure.table}, sample=sample)
    (folder / "job.toml").write_text(format_document(whole))
    return Job.from_toml(folder / "job.toml")


def but_a_few_slow(*few: str) -> list[Any]:
    """All structures; those but a few are tried in the lane of slow tests."""
    return [name if name in few else pytest.param(name, marks=pytest.mark.slow) for name in STRUCTURES]


@pytest.mark.parametrize("name", but_a_few_slow("kronecker", "low-rank", "sparse precision"))
def test_the_whole_life_of_a_store(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    structure = STRUCTURES[name]
    job, store, covariance = written(tmp_path, structure), tmp_path / "samples.zarr", made(structure)
    normal = mvn_dask.MultivariateNormal(0.5, covariance)
    rows: Any = normal.sample(500, seed=42, chunks=50).compute()

    factor = covariance.factorize()
    planned = job.plan()
    assert (planned.flops, planned.normals, planned.missing) == (factor.flops, factor.noise_ndim, 8)
    assert job.run((0, 2)).missing == 4

    # The factor comes from the store.
    with monkeypatch.context() as patch:
        patch.setattr(type(covariance), "factorize", _refuse)
        assert job.plan().state == "unfinished"
        assert job.run().complete
        assert job.plan().state == "complete"
        assert store_differences(job) == []
    np.testing.assert_array_equal(mvn_dask.from_zarr(store).compute(), rows[:400])
    assert mvn_dask.verify(store, level="values", full=True).ok

    chunk = (3, *(0 for _ in normal.event_shape))
    flip(store.joinpath("samples", "c", *map(str, chunk)), 7)
    assert mvn_dask.repair(store).chunks == (chunk,)
    mvn_dask.extend(store, 100)
    np.testing.assert_array_equal(mvn_dask.from_zarr(store).compute(), rows)

    report = mvn_dask.report(store)
    (distances,) = [verdict for verdict in report.verdicts if verdict.family == "distances"]
    assert report.ok
    if structure.whitens:
        assert report.as_dict()["distances"]["degrees_of_freedom"] == (structure.rank or covariance.ndim)
        assert distances.tests > 0
    else:
        assert report.as_dict()["distances"] is None
        assert distances.text.startswith("not tested: a factor of kind ")
        assert distances.text.endswith("cannot be inverted cheaply")
        assert distances.text in unescape(report.html)


def _refuse(_: Covariance) -> None:
    raise AssertionError("factorised")


@pytest.mark.parametrize("name", but_a_few_slow("kronecker", "scaled", "precision of bands", "toeplitz", "sparse file"))
def test_a_job_is_its_text(name: str, tmp_path: Path) -> None:
    job = written(tmp_path, STRUCTURES[name])
    (tmp_path / "again.toml").write_text(job.to_toml())
    again = Job.from_toml(tmp_path / "again.toml")
    assert again == job
    assert again.plan().fingerprint == job.plan().fingerprint


def test_one_of_float32(tmp_path: Path) -> None:
    put_files(tmp_path)
    table = {"kind": "kronecker", "members": ["matrix.npy", {"kind": "toeplitz", "first_column": "column.npy"}]}
    sample = {"size": 100, "seed": 1, "dtype": "float32"}
    job = Job.from_mapping(mapping(distribution={"mean": 0, "cov": table}, sample=sample), folder=tmp_path)
    job.run()
    assert mvn_dask.from_zarr(tmp_path / "samples.zarr").dtype == np.float32
    assert mvn_dask.report(tmp_path / "samples.zarr").ok
