"""Jobs of other distributions, from the file to the report, and the factor and tables that a store keeps for them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import mvn_dask
from mvn_dask.errors import SpecMismatchError
from mvn_dask.hashing import digest
from mvn_dask.job.comparison import store_differences
from mvn_dask.job.inputs.distribution_identity import known_identity, marginal_identity
from mvn_dask.job.inputs.distribution_inputs import distribution_inputs, distribution_of
from mvn_dask.job.preparation import prepare
from mvn_dask.random.streams import as_root
from mvn_dask.sampling.array import sample
from mvn_dask.sampling.spec import sample_spec
from tests.job.schema.test_marginal_table import COPULA
from tests.support.jobs import job_in

T: dict[str, Any] = {
    "kind": "t",
    "mean": None,
    "cov": None,
    "location": [1.0, 2.0],
    "shape": [[2.0, 1.0], [1.0, 2.0]],
    "df": 1.5,
}
ARRAYS = {
    "t": mvn_dask.MultivariateT([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]], 1.5),
    "copula": mvn_dask.GaussianCopula([[1.0, 0.5], [0.5, 1.0]], [stats.lognorm(0.5, scale=2.0), stats.norm()]),
}
TABLES = {"t": T, "copula": COPULA}


@pytest.mark.parametrize("name", ["t", "copula"])
def test_from_the_file_to_the_report(name: str, tmp_path: Path) -> None:
    job = job_in(tmp_path, distribution=TABLES[name])
    assert distribution_of(job) == ARRAYS[name]
    assert job.run((0, 2)).missing == 5
    assert job.run().complete
    folder = tmp_path / "samples.zarr"
    expected = ARRAYS[name].sample(1000, seed=42, chunks=100)
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder).compute(), expected.compute())
    mvn_dask.to_zarr(expected, folder)  # is the store's own array
    assert mvn_dask.verify(folder, level="values", full=True).ok
    assert mvn_dask.report(folder).ok
    assert job.run().drawn == 0
    assert store_differences(job) == []


@pytest.mark.parametrize(
    ("name", "change", "field"),
    [
        ("t", {"df": 2.0}, "df"),
        ("t", {"location": 1.0}, "location"),
        ("copula", {"exact": True}, "exact"),
        ("copula", {"marginals": [{"name": "lognorm", "s": 0.6, "scale": 2}, {"name": "norm"}]}, "marginals"),
        ("copula", {"marginals": {"name": "norm"}}, "table"),
        ("copula", {"marginals": [{"name": "lognorm", "s": 0.5, "scale": 3}, {"name": "norm"}]}, "scale"),
    ],
)
def test_another_distribution_is_another_store(name: str, change: dict[str, Any], field: str, tmp_path: Path) -> None:
    job_in(tmp_path, distribution=TABLES[name]).run((0, 2))
    other = job_in(tmp_path, distribution={**TABLES[name], **change})
    assert any(field in each for each in store_differences(other))
    with pytest.raises(SpecMismatchError, match=field):
        other.run()


def test_tables_that_another_machine_made_are_the_jobs(tmp_path: Path) -> None:
    """Their last bits may differ, as those of a factor may."""
    copula, dtype = ARRAYS["copula"], np.dtype(np.float64)
    ours: Any = copula.sampler(dtype)
    theirs = replace(ours, tables=replace(ours.tables, coefficients=np.nextafter(ours.tables.coefficients, np.inf)))
    spec = sample_spec(theirs, (1000,), root=as_root(42).child(0), dtype=dtype, chunks=100, event=copula.event)
    mvn_dask.to_zarr(sample(spec), tmp_path / "samples.zarr", part=(0, 2))
    job = job_in(tmp_path, distribution=COPULA)
    assert prepare(job).begun
    assert job.run().complete
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "samples.zarr").compute(), sample(spec).compute())


def test_what_is_known_before_a_covariance_is_factorised(tmp_path: Path) -> None:
    for name, table in TABLES.items():
        job = job_in(tmp_path, distribution=table)
        sampler = ARRAYS[name].sampler(np.dtype(np.float64))
        digests = {key: digest(array) for key, array in sampler.parameters().items()}
        known = known_identity(job, distribution_inputs(job), np.dtype(np.float64))
        assert known.is_of(sampler.record(), digests)
        assert not known.is_of({**sampler.record(), "kind": "another"}, digests)
        assert not known.is_of(sampler.record(), dict.fromkeys(digests, "0" * 64))
    hostile: list[object] = [None, 3, [1], [{}], [{"name": "norm", "shapes": 3}]]
    for record in hostile:
        assert marginal_identity(record) is None
