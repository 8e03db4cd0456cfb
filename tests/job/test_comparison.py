from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.covariance import Dense
from mvn_dask.errors import JobFileError, NotAStoreError
from mvn_dask.job.comparison import store_differences
from mvn_dask.job.running import run
from tests.support.jobs import begin_elsewhere, job_in

OTHERS: list[tuple[dict[str, Any], str]] = [
    ({"sample": {"seed": 43, "chunks": 100}}, "`samples[0].entropy` is '42' in the store, '43' here"),
    ({"sample": {"size": 1001, "chunks": 100}}, "`samples[0].size` is [1000] in the store, [1001] here"),
    ({"sample": {"dtype": "float32", "chunks": 100}}, "`samples[0].dtype` is 'float64' in the store, 'float32' here"),
    ({"sample": {"chunks": 50}}, "`array.chunks` is [100, 2] in the store, [50, 2] here"),
    ({"sample": {"bit_generator": "PCG64", "chunks": 100}}, "`samples[0].bit_generator` is 'SFC64' in the store"),
    ({"distribution": {"mean": [0.0, 2.0], "cov": [[4.0, 1.0], [1.0, 9.0]]}}, "`samples[0].parameters.mean.sha256` is"),
    ({"distribution": {"cov": [[4.0, 2.0], [2.0, 9.0]]}}, "`samples[0].distribution.covariance."),
    ({"distribution": {"cov": [4.0, 9.0]}}, "`samples[0].distribution.covariance.kind` is 'dense' in the store"),
    ({"output": {"shards": 25}}, "`array.inner_chunks` is None in the store, [25, 2] here"),
]


@pytest.mark.parametrize(("tables", "text"), OTHERS)
def test_fields_that_differ(tables: dict[str, Any], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(job_in(tmp_path), (0, 2))
    # What decides takes no factorisation, whose O(d³) a look at a store must not cost.
    monkeypatch.setattr(Dense, "factorize", refuse)
    found = store_differences(job_in(tmp_path, **tables))
    assert any(each.startswith(text) for each in found), found


def refuse(_: Dense) -> None:
    raise AssertionError("factorised")


def test_a_store_that_run_takes_has_none(tmp_path: Path) -> None:
    run(job_in(tmp_path), (0, 2))
    assert store_differences(job_in(tmp_path)) == []
    run(job_in(tmp_path))
    assert store_differences(job_in(tmp_path, cluster={"threads": 3})) == []


def test_a_factor_of_another_machine_is_no_difference(tmp_path: Path) -> None:
    begin_elsewhere(tmp_path)
    assert store_differences(job_in(tmp_path)) == []


def test_a_store_of_a_derived_array_differs(tmp_path: Path) -> None:
    rows = mvn_dask.MultivariateNormal([0.0, 1.0], np.eye(2) + 1).sample(1000, seed=42, chunks=100)
    mvn_dask.to_zarr(rows + 1, tmp_path / "samples.zarr")
    assert store_differences(job_in(tmp_path))


def test_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(NotAStoreError):
        store_differences(job_in(tmp_path))
    run(job_in(tmp_path))
    with pytest.raises(JobFileError, match=r"mean\.npy"):
        store_differences(job_in(tmp_path, distribution={"mean": "mean.npy"}))
