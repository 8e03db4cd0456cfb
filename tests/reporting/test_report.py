"""Reports of real stores, on every scheduler, and what is refused."""

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import dask
import numpy as np
import pytest
from distributed import Client

import mvn_dask
from mvn_dask._typing import Size
from mvn_dask.errors import (
    DamagedChunkError,
    DamagedManifestError,
    JobCancelledError,
    NotAStoreError,
    UnfinishedStoreError,
)
from mvn_dask.execution.cancellation import CancelToken, cancellable
from mvn_dask.reporting.measurements import Measurements
from mvn_dask.reporting.report import Report
from mvn_dask.reporting.sample_report import SampleReport
from mvn_dask.reporting.verdict import Verdict
from tests.reporting.samples import COV, MEAN, plant, sample
from tests.reporting.samples import sample_report as report
from tests.statistics.contract import digest


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = str(tmp_path / "a.zarr")
    mvn_dask.to_zarr(sample(20_000, chunks=900), url)
    return url


def same_bits(one: SampleReport, other: SampleReport) -> None:
    for each in fields(Measurements):
        assert digest(getattr(one.estimates.measured, each.name)) == digest(
            getattr(other.estimates.measured, each.name)
        )
    assert one.verdicts == other.verdicts


def test_as_text(store: str) -> None:
    found = report(store)
    lines = str(found).splitlines()
    assert lines[0] == f"{store}: ok (wrong for 1 in 1,000 sound samples)"
    assert len(lines) == 11
    assert repr(found).startswith("SampleReport(url=")
    assert found.estimates.measured.chunks.values == 23


@pytest.mark.parametrize("scheduler", ["synchronous", pytest.param("processes", marks=pytest.mark.faults)])
def test_local_schedulers_agree(store: str, scheduler: str) -> None:
    threads = report(store)
    with dask.config.set(scheduler=scheduler, num_workers=2):
        same_bits(threads, report(store))


@pytest.mark.faults
def test_a_cluster_agrees(store: str, processes: Client) -> None:
    found = report(store)
    with dask.config.set(scheduler="synchronous"):
        same_bits(found, report(store))


@pytest.mark.faults
def test_a_large_factor_comes_from_the_store(tmp_path: Path, processes: Client) -> None:
    """More than 8 MiB of it; workers map the store's own file."""
    url, d = str(tmp_path / "wide.zarr"), 1100
    normal = mvn_dask.MultivariateNormal(np.zeros(d), np.eye(d) + 0.1, method="cholesky")
    mvn_dask.to_zarr(normal.sample(2000, seed=1, chunks=500), url)
    assert report(url).ok


def test_shards_and_shapes(tmp_path: Path) -> None:
    normal = mvn_dask.MultivariateNormal(MEAN, COV)
    mvn_dask.to_zarr(normal.sample(20_000, seed=1, chunks=900), str(tmp_path / "chunks"))
    mvn_dask.to_zarr(normal.sample(20_000, seed=1, chunks=900), str(tmp_path / "shards"), shards=100)
    same_bits(report(tmp_path / "chunks"), report(tmp_path / "shards"))
    mvn_dask.to_zarr(normal.sample((4, 5000), seed=1, chunks=(1, 2500)), str(tmp_path / "shaped"))
    shaped, flat = report(tmp_path / "shaped").estimates, report(tmp_path / "chunks").estimates
    assert shaped.measured.lengths.tolist() == flat.measured.lengths.tolist()
    assert shaped.running_means[-1] == pytest.approx(flat.running_means[-1], abs=1e-12)


def test_other_numbers_under_a_right_checksum_are_found(store: str) -> None:
    plant(store, 5, lambda block: block[:, [1, 0, 2, 3]])
    found = report(store)
    assert not found.ok
    assert f"{store}: NOT ok" in str(found)


def test_a_chunk_in_anothers_place_is_found(store: str) -> None:
    (Path(store) / "samples" / "c" / "7" / "0").write_bytes((Path(store) / "samples" / "c" / "3" / "0").read_bytes())
    assert [verdict.family for verdict in report(store).verdicts if not verdict.ok] == ["repeated_rows", "chunks"]


def test_what_is_no_finished_sample_is_refused(store: str) -> None:
    with pytest.raises(NotAStoreError):
        report("memory://report-nothing")
    chunk = Path(store) / "samples" / "c" / "3" / "0"
    content = chunk.read_bytes()
    chunk.unlink()
    with pytest.raises(UnfinishedStoreError, match="1 of 23 chunks"):
        report(store)
    chunk.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(DamagedChunkError, match=r"chunk \(3, 0\)"):
        report(store)
    # Not emptied: threads of the job before may still have it mapped into memory.
    (Path(store) / ".mvn_dask" / "parameters" / "mean.npy").unlink()
    with pytest.raises(DamagedManifestError, match="mean"):
        report(store)


def test_a_stopped_job_ends(store: str) -> None:
    stop = CancelToken()
    stop.cancel()
    with cancellable(stop), pytest.raises(JobCancelledError):
        report(store)


def test_a_report_is_a_value() -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1), "memory://report-data")
    found = mvn_dask.report("memory://report-data")
    assert isinstance(found, Report)
    assert found.ok == all(verdict.ok for verdict in found.verdicts)
    assert found.begun == found.here, "made in this process"
    assert "estimates" not in repr(found)


def test_numbers_are_json_and_the_report_s() -> None:
    x = sample(2000, chunks=500)
    mvn_dask.to_zarr(x, "memory://numbers")
    found = report("memory://numbers")
    data = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert data["ok"] is True
    assert data["error_rate"] == 0.001
    assert data["shape"] == [2000, 4]
    assert data["sample"]["entropy"] == "1"
    assert [verdict["family"] for verdict in data["verdicts"]] == [verdict.family for verdict in found.verdicts]
    assert data["variables"]["mean"] == pytest.approx(x.compute().mean(axis=0))
    assert data["variables"]["expected_mean"] == MEAN.tolist()
    assert data["variables"]["standard_deviation"] == pytest.approx(x.compute().std(axis=0, ddof=1))
    assert data["correlations"]["sample"] == pytest.approx(np.corrcoef(x.compute().T))
    assert sum(data["distances"]["counts"]) == data["distances"]["rows"] == 2000
    assert [sum(each) for each in data["histograms"]["counts"]] == [2000] * 4


@pytest.mark.parametrize("size", [(), 0, 1])
def test_json_of_hardly_any_rows(size: Size) -> None:
    url = f"memory://numbers-{size}"
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], [0.0, 1.0]).sample(size, seed=1), url)
    data = json.loads(json.dumps(report(url).as_dict(), allow_nan=False))
    assert data["ok"] is True
    assert data["correlations"] is None


def test_many_variables_stay_short() -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal(np.zeros(20_000), 1.0).sample(10, seed=1), "memory://numbers-wide")
    text = json.dumps(report("memory://numbers-wide").as_dict(), allow_nan=False)
    assert len(text) < 2**20
    assert json.loads(text)["left_out"]


MEMORY = """
import sys
from pathlib import Path
import dask
import mvn_dask
from mvn_dask.reporting.report import report

def status(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024

with dask.config.set(scheduler="threads", num_workers=2):
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0] * 30, 2.0).sample(1000, seed=1), "memory://small")
    report("memory://small").html
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    found = report(sys.argv[1])
    assert found.ok, found
    assert len(found.html) < 5e6
print(status("VmHWM") - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("d", [30, 300])
def test_a_large_store_costs_the_memory_of_a_few_blocks(tmp_path: Path, d: int) -> None:
    """A GiB in blocks of 16 MiB, with two threads: a block and a half for each of them, and 32 MiB."""
    url = str(tmp_path / "large.zarr")
    normal = mvn_dask.MultivariateNormal(np.zeros(d), np.eye(d) + 0.5, method="cholesky")
    mvn_dask.to_zarr(normal.sample(2**27 // d, seed=1, chunks=2**21 // d), url)
    done = subprocess.run([sys.executable, "-c", MEMORY, url], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 2 * 1.5 * 2**24 + 2**25


def factor_verdict(found: Report) -> Verdict:
    return next(verdict for verdict in found.verdicts if verdict.family == "factor")


def test_other_variances_than_were_asked_for_are_a_fault(tmp_path: Path) -> None:
    """However few rows there are: the manifest says it, chance has no part in it."""
    with pytest.warns(RuntimeWarning, match="positive-semidefinite"):
        normal = mvn_dask.MultivariateNormal([0.0, 0.0], [[2.0, 3.0], [3.0, 2.0]])
    for rows in (4, 4000):
        mvn_dask.to_zarr(normal.sample(rows, seed=1), tmp_path / str(rows))
        found = report(tmp_path / str(rows))
        assert not found.ok
        verdict = factor_verdict(found)
        assert (verdict.grade, verdict.tests) == ("NOT ok", 0)
        assert "is 2.5, and 2 was asked for" in verdict.text
        assert found.as_dict()["largest_variance_miss"] == pytest.approx(0.25)
        assert "Look at: " in found.html
    assert {"variances", "factor"} <= {verdict.family for verdict in found.verdicts if not verdict.ok}
    np.testing.assert_array_equal(found.estimates.reference.deviation, np.sqrt([2.0, 2.0]))


def test_a_difference_that_the_rows_cannot_show_is_a_warning(tmp_path: Path) -> None:
    correlation = 1.0 + 2e-4
    with pytest.warns(RuntimeWarning, match="positive-semidefinite"):
        normal = mvn_dask.MultivariateNormal([0.0, 0.0], [[1.0, correlation], [correlation, 1.0]])
    mvn_dask.to_zarr(normal.sample(2000, seed=3), tmp_path)
    found = report(tmp_path)
    assert found.ok
    assert factor_verdict(found).grade == "warning"
    assert "No test contradicts this sample, but see: Variances of the factor." in found.html
    assert 'class="grade warn">warning<' in found.html
    assert "Variances of the factor: warning; " in str(found)


def test_the_conditioning_is_shown(store: str) -> None:
    content = report(store).as_dict()
    deviations = np.sqrt(np.diagonal(COV))
    eigenvalues = np.linalg.eigvalsh(COV / np.outer(deviations, deviations))
    assert content["smallest_eigenvalue"] == pytest.approx(eigenvalues[0])
    assert content["condition_number"] == pytest.approx(eigenvalues[-1] / eigenvalues[0])
    assert content["largest_variance_miss"] < 1e-14
    assert "condition number 4.877, of the correlations that are drawn" in factor_verdict(report(store)).text
