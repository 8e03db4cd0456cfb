import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import ArgumentError, JobCancelledError, SpecMismatchError
from mvn_dask.execution.cancellation import CancelToken, cancellable
from mvn_dask.job import running
from mvn_dask.job.preparation import prepare
from mvn_dask.job.running import run
from tests.support.clusters import local_cluster
from tests.support.jobs import begin_elsewhere, job_in
from tests.support.stores import tree


def test_a_run_and_the_same_again(tmp_path: Path) -> None:
    ran = run(job_in(tmp_path))
    assert (ran.drawn, ran.chunks, ran.missing, ran.complete, ran.part) == (10, 10, 0, True, None)
    assert ran.url == str(tmp_path / "samples.zarr")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = run(job_in(tmp_path))
    assert (again.drawn, again.complete, again.fingerprint) == (0, True, ran.fingerprint)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    direct = mvn_dask.MultivariateNormal([0.0, 1.0], [[4.0, 1.0], [1.0, 9.0]]).sample(1000, seed=42, chunks=100)
    mvn_dask.to_zarr(direct, tmp_path / "direct.zarr")
    assert tree(tmp_path / "samples.zarr") == tree(tmp_path / "direct.zarr")


def test_variables_and_home_folders_lead_to_inputs_and_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("jobs", "home", "scratch"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SCRATCH", str(tmp_path / "scratch"))
    np.save(tmp_path / "home" / "mean.npy", [0.0, 1.0])
    np.savetxt(tmp_path / "scratch" / "cov.csv", [[4.0, 1.0], [1.0, 9.0]], delimiter=",", header="oil,gas")
    tables: Any = {
        "distribution": {"mean": "~/mean.npy", "cov": "${SCRATCH}/cov.csv"},
        "output": {"url": "file:${SCRATCH}/samples.zarr"},
        "sample": {"chunks": 100},
    }
    ran = run(job_in(tmp_path / "jobs", **tables))
    assert ran.url == str(tmp_path / "scratch" / "samples.zarr")
    samples = mvn_dask.to_xarray(mvn_dask.from_zarr(ran.url))
    assert list(samples.coords["variable"].values) == ["oil", "gas"]
    plain = run(job_in(tmp_path / "plain"))
    np.testing.assert_array_equal(samples, mvn_dask.from_zarr(plain.url))
    assert not list((tmp_path / "jobs").iterdir()), "nothing lies beside the job file"


def test_the_methods_of_a_job(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    planned, ran = job.plan((0, 2)), job.run((0, 2))
    assert (planned.missing, ran.drawn, ran.missing, ran.complete) == (5, 5, 5, False)


def test_parts_in_any_order(tmp_path: Path) -> None:
    for i in (2, 0, 3, 1):
        ran = run(job_in(tmp_path), (i, 4))
    assert ran.complete
    run(job_in(tmp_path / "whole"))
    assert tree(tmp_path / "samples.zarr") == tree(tmp_path / "whole" / "samples.zarr")
    assert run(job_in(tmp_path), (1, 4)).drawn == 0


def test_more_parts_than_chunks(tmp_path: Path) -> None:
    drawn = [run(job_in(tmp_path), (i, 23)).drawn for i in range(23)]
    assert sum(drawn) == 10
    assert mvn_dask.status(tmp_path / "samples.zarr").complete


def test_a_client_that_is_there_already_does_the_work(tmp_path: Path, job_log: list[str]) -> None:
    from distributed import Client

    with local_cluster(n_workers=1, processes=False) as cluster, Client(cluster) as client:
        run(job_in(tmp_path), client=client)
        assert client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.transition_log)) > 0
        assert client.status == "running"
    assert job_log[0].startswith("cluster at inproc://")
    assert mvn_dask.status(tmp_path / "samples.zarr").complete


def test_a_job_that_another_machine_began_goes_on_with_its_factor(tmp_path: Path) -> None:
    """Its LAPACK rounds otherwise; the bits of the whole store are those of its factor."""
    theirs = begin_elsewhere(tmp_path)
    before = tree(tmp_path / "samples.zarr" / "samples")
    ran = run(job_in(tmp_path))
    assert (ran.drawn, ran.complete) == (5, True)
    begin_elsewhere(tmp_path / "whole", part=None)
    assert tree(tmp_path / "samples.zarr") == tree(tmp_path / "whole" / "samples.zarr")
    assert before.items() <= tree(tmp_path / "samples.zarr" / "samples").items()
    run(job_in(tmp_path / "ours"))
    ours = prepare(job_in(tmp_path / "ours")).spec.broadcast.sampler.parameters()["factor.matrix"]
    assert not np.array_equal(ours, theirs)
    assert tree(tmp_path / "samples.zarr") != tree(tmp_path / "ours" / "samples.zarr")


def test_a_part_on_another_machine_that_begins_between_preparing_and_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its factor is used then."""
    began: list[object] = []

    @contextmanager
    def open_late(*_: object, **__: object) -> Iterator[None]:  # once the job is prepared, before anything is written
        if not began:
            began.append(begin_elsewhere(tmp_path))
        yield

    monkeypatch.setattr(running, "open_cluster", open_late)
    ran = run(job_in(tmp_path), (1, 2))
    assert (ran.complete, ran.drawn) == (True, 5)
    assert began
    begin_elsewhere(tmp_path / "whole", part=None)
    assert tree(tmp_path / "samples.zarr") == tree(tmp_path / "whole" / "samples.zarr")


def test_a_factor_that_is_still_being_written_is_waited_for(tmp_path: Path) -> None:
    begin_elsewhere(tmp_path)
    factor = tmp_path / "samples.zarr" / ".mvn_dask" / "parameters" / "factor.matrix.npy"
    content = factor.read_bytes()
    factor.unlink()
    timer = threading.Timer(0.5, lambda: factor.write_bytes(content))
    timer.start()
    assert run(job_in(tmp_path)).complete
    timer.join()


def test_a_factor_that_never_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_elsewhere(tmp_path)
    (tmp_path / "samples.zarr" / ".mvn_dask" / "parameters" / "factor.matrix.npy").unlink()
    monkeypatch.setattr(running, "FACTOR_TIMEOUT", 0.3)
    with pytest.raises(SpecMismatchError, match="Another build of numpy's LAPACK"):
        run(job_in(tmp_path))
    monkeypatch.setattr(running, "FACTOR_TIMEOUT", 600.0)
    token = CancelToken()
    timer = threading.Timer(0.3, token.cancel)
    timer.start()
    with cancellable(token), pytest.raises(JobCancelledError):
        run(job_in(tmp_path))
    timer.join()


def test_another_job_is_refused_at_once(tmp_path: Path) -> None:
    begin_elsewhere(tmp_path, seed=41)
    (tmp_path / "samples.zarr" / ".mvn_dask" / "parameters" / "factor.matrix.npy").unlink()
    before = tree(tmp_path)
    with pytest.raises(SpecMismatchError, match="entropy"):
        run(job_in(tmp_path))
    assert tree(tmp_path) == before


def test_overwriting(tmp_path: Path) -> None:
    run(job_in(tmp_path, sample={"seed": 41, "chunks": 100}))
    over = job_in(tmp_path, output={"overwrite": True})
    with pytest.raises(ArgumentError, match="exclude each other"):
        run(over, (0, 2))
    assert run(over).drawn == 10
    chunk = tmp_path / "samples.zarr" / "samples" / "c" / "4" / "0"
    chunk.unlink()
    assert run(over).drawn == 1
    assert run(over).drawn == 0


def test_a_job_that_is_cancelled_before_it_begins_writes_nothing(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with cancellable(token), pytest.raises(JobCancelledError):
        run(job_in(tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("table", [{"size": 0}, {"size": [0, 5]}, {"size": [3, 4], "chunks": 2}])
def test_odd_sizes(table: dict[str, Any], tmp_path: Path) -> None:
    ran = run(job_in(tmp_path, sample=table))
    assert ran.complete
    assert run(job_in(tmp_path, sample=table)).drawn == 0


def test_a_part_that_is_done_opens_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(job_in(tmp_path), (0, 2))

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a cluster is opened")

    monkeypatch.setattr(running, "open_cluster", refuse)
    again = run(job_in(tmp_path), (0, 2))
    assert (again.drawn, again.missing, again.complete) == (0, 5, False)
