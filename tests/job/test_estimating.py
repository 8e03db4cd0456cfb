"""Estimates of a job: before, while and after it is run."""

from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import ArgumentError, JobFileError
from mvn_dask.job.estimating import converge
from mvn_dask.job.job import Job
from mvn_dask.job.job_estimates import JobEstimates
from mvn_dask.statistics import Mean, Moments, Probability
from tests.support.jobs import COV, begin_elsewhere, mapping

TABLES: list[dict[str, Any]] = [
    {"statistic": "mean", "name": "means"},
    {"statistic": "moments", "column": 1},
    {"statistic": "probability", "function": "mvn_own_losses:loss", "event": "> 3.0"},
    {"statistic": "probability", "event": "mvn_own_losses:both"},
    {"statistic": "mean", "function": "mvn_own_losses:pair"},
    {"statistic": "extremes", "column": 0, "k": 2},
]
MODULE = """\
import numpy as np
def loss(rows):
    return 2.0 * rows.max(axis=1)
def both(rows):
    return (rows > 0).all(axis=1)
def pair(rows):
    return rows[:, ::-1]
def missing(rows):
    return np.where(rows[:, 0] > 5.0, np.nan, 1.0)
def broken(rows):
    return {}["oil"]
def first(rows):
    return rows[0]
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path) -> None:
    (tmp_path / "mvn_own_losses.py").write_text(MODULE)


def job_in(folder: Path, estimates: list[dict[str, Any]] | None, **tables: dict[str, Any]) -> Job:
    whole: dict[str, Any] = {"distribution": {"cov": COV}, "sample": {"chunks": 100}, **tables}
    beside = {} if estimates is None else {"estimate": estimates}
    return Job.from_mapping({**mapping(**whole), **beside}, folder=folder, label="job.toml")


def faults(job: Job) -> list[str]:
    with pytest.raises(JobFileError) as caught:
        job.estimate()
    return str(caught.value).splitlines()


def test_estimates_of_a_job_converge(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """To those that `estimate` gives, by the names of the tables, for the store that is there."""
    job = job_in(tmp_path, [*TABLES, {"statistic": "quantile", "q": [0.5, 0.9], "column": 0, "name": "means"}])
    assert converge(job) == {}
    assert "is of another specification: no estimates of the job are shown" in caplog.text
    job.run()
    found, expected = converge(job), job.estimate()
    assert list(found) == [each.name for each in expected.estimates[:5]] + ["means (5)"]
    for name, result in zip(found, [*(expected[i] for i in range(5)), expected[6]], strict=True):
        assert found[name].rows[-1] == 1000
        assert found[name].results[-1].described(None, 0).to_dict() == result.described(None, 0).to_dict()
    assert converge(job_in(tmp_path, None)) == converge(job_in(tmp_path, TABLES[5:])) == {}


def sampled(found: JobEstimates) -> da.Array:
    x = mvn_dask.MultivariateNormal([0.0, 1.0], COV).sample(1000, seed=42)
    assert found.shape == x.shape
    return x


def test_each_is_what_estimate_gives_of_the_array(tmp_path: Path) -> None:
    found = job_in(tmp_path, TABLES).estimate()
    x = sampled(found)
    both = Probability(lambda rows: (rows > 0).all(axis=1))
    loud = Probability(lambda rows: rows > 3.0)
    assert len(found) == len(TABLES)
    assert found["means"] == found[0] == mvn_dask.estimate(x, Mean())
    assert found[1] == mvn_dask.estimate(x, Moments(), columns=1)
    assert found[2] == mvn_dask.estimate(2.0 * x.max(axis=1), loud)
    assert found[3] == mvn_dask.estimate(x, both)
    assert found[4] == mvn_dask.estimate(x[:, ::-1], Mean())
    assert found[5].largest[0] == np.max(x[:, 0].compute())
    with pytest.raises(KeyError):
        found["median"]


def test_before_while_and_after_the_job_is_run(tmp_path: Path) -> None:
    job = job_in(tmp_path, TABLES)
    before = job.estimate().to_dict()
    assert not list(tmp_path.glob("*.zarr"))
    job.run((0, 2))
    assert job.estimate().to_dict() == before
    job.run()
    assert job.estimate().to_dict() == before
    assert job_in(tmp_path, TABLES, sample={"chunks": -1}, output={"url": "other.zarr"}).estimate().to_dict() == before


def test_tables_decide_nothing_of_the_store(tmp_path: Path) -> None:
    job_in(tmp_path, None).run((0, 2))
    manifest = (tmp_path / "samples.zarr" / ".mvn_dask" / "manifest.json").read_bytes()
    # Not even what there is not: only an estimate imports anything.
    done = job_in(tmp_path, [*TABLES, {"statistic": "mean", "function": "mvn_own_nothing:loss"}]).run()
    assert (done.complete, done.drawn) == (True, 5)
    assert (tmp_path / "samples.zarr" / ".mvn_dask" / "manifest.json").read_bytes() == manifest
    assert job_in(tmp_path, TABLES[:1]).estimate().fingerprint == done.fingerprint


def test_the_factor_of_a_job_that_has_begun_is_that_of_its_store(tmp_path: Path) -> None:
    tables: list[dict[str, Any]] = [{"statistic": "extremes", "k": 1}]
    ours = job_in(tmp_path, tables).estimate()[0]
    begin_elsewhere(tmp_path, part=None)
    stored = mvn_dask.from_zarr(tmp_path / "samples.zarr").compute()
    theirs = job_in(tmp_path, tables).estimate()[0]
    assert theirs.largest[0].tolist() == stored.max(axis=0).tolist() != ours.largest[0].tolist()


def test_another_store_at_the_output_is_no_obstacle(tmp_path: Path, job_log: list[str]) -> None:
    before = job_in(tmp_path, TABLES[:1]).estimate().to_dict()
    job_in(tmp_path, None, sample={"seed": 3}).run()
    assert not job_log or "another specification" not in "".join(job_log)
    assert job_in(tmp_path, TABLES[:1]).estimate().to_dict() == before
    assert f"{tmp_path / 'samples.zarr'} is of another specification: the estimates are those of the job" in job_log


def test_samples_of_several_axes_and_of_float32(tmp_path: Path) -> None:
    tables: list[dict[str, Any]] = [{"statistic": "mean"}, {"statistic": "probability", "column": 3, "event": "< 0"}]
    found = job_in(tmp_path, tables, sample={"size": [100, 5], "dtype": "float32", "chunks": 10}).estimate()
    x = mvn_dask.MultivariateNormal([0.0, 1.0], COV).sample((100, 5), seed=42, dtype="float32")
    assert found[0] == mvn_dask.estimate(x, Mean())
    assert found[1].value == (x[:, 1, 1] < 0).mean().compute()


def test_names_of_columns(tmp_path: Path) -> None:
    cov = {"kind": "diagonal", "variances": [4.0, 9.0], "names": ["oil", "gas"]}
    tables: list[dict[str, Any]] = [{"statistic": "mean", "column": "gas"}, {"statistic": "mean"}]
    found = job_in(tmp_path, tables, distribution={"cov": cov}).estimate()
    assert (found[0].columns, found[1].columns) == (("gas",), ("oil", "gas"))
    assert found[0].value == found[1].value[1]


def test_what_there_is_not_is_named_for_every_table(tmp_path: Path) -> None:
    tables: list[dict[str, Any]] = [
        {"statistic": "mean", "column": "oil"},
        {"statistic": "mean", "column": 2},
        {"statistic": "probability", "event": "> 3"},
        {"statistic": "mean", "function": "mvn_own_losses:nothing"},
        {"statistic": "mean", "function": "mvn_own_losses:first"},
        {"statistic": "probability", "event": "mvn_own_losses:loss"},
        {"statistic": "histogram", "bins": 10**9},
        {"statistic": "mean"},
        {"statistic": "mean", "function": "mvn_own_losses:broken"},
        {"statistic": "probability", "event": "mvn_own_losses:broken"},
    ]
    expected = [
        "estimate.0.column: must name columns of the array, and 'oil' is none: none has a name",
        "estimate.1.column: must be from 0 to 1, as the array has 2 columns: it holds 2",
        "estimate.2.event: compares one number of each row, and there are 2: name a column, a combination, or a ",
        "estimate.3.function: there is no nothing in the module mvn_own_losses",
        "estimate.4.function: must give a number, or a row of numbers, of each row: of rows of shape (16, 2) it gives ",
        "estimate.5.event: must give one bool a row: of rows of shape (16, 2) it gives float64 of shape (16,)",
        "estimate.6.bins: must be at most 65536: there are 1000000000",
        "estimate.8.function: raises an error, of rows of shape (16, 2): KeyError: 'oil'",
        "estimate.9.event: raises an error, of rows of shape (16, 2): KeyError: 'oil'",
    ]
    found = faults(job_in(tmp_path, tables))
    assert len(found) == len(expected)
    for line, text in zip(found, expected, strict=True):
        assert line.startswith(f"job.toml: {text}")


def test_nothing_to_estimate(tmp_path: Path) -> None:
    assert faults(job_in(tmp_path, None)) == [
        'job.toml: estimate: there is no table [[estimate]], such as one with statistic = "mean"'
    ]
    assert faults(job_in(tmp_path, TABLES, sample={"size": 0})) == [
        "job.toml: sample.size: must be at least 1 for estimates, not (0,)"
    ]


def test_a_function_that_gives_nan(tmp_path: Path) -> None:
    """Of a row that comes later than those with which it is tried."""
    job = job_in(tmp_path, [{"statistic": "mean", "function": "mvn_own_losses:missing"}])
    with pytest.raises(ArgumentError, match=r"^job\.toml: estimate\.0\.function must not give NaN: it does of the row"):
        job.estimate()
