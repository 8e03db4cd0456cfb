"""Signals to real processes, at moments that the tests choose."""

import os
import signal
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from mvn_dask.cli.signals import SAME, watched
from mvn_dask.execution.cancellation import CancelToken
from tests.cli.conftest import Hold, Site, tree, wait_for

CHUNK = "os.rename:/samples/c/"


def of_kind(kind: str) -> list[str]:
    workers = [] if kind == "threads" else ["--set", "cluster.workers=2"]
    return ["run", "job.toml", "--set", f"cluster.kind={kind}", *workers]


@pytest.mark.parametrize(("kind", "number"), [("threads", "SIGTERM"), ("processes", "SIGINT"), ("local", "SIGUSR1")])
def test_a_signal_to_all_processes_stops_and_the_same_command_goes_on(
    kind: str, number: str, site: Site, hold: Hold
) -> None:
    job = hold(CHUNK, *of_kind(kind), after=1)
    job.held(1 if kind == "threads" else 2)
    job.signal(signal.Signals[number])
    job.let_go()
    out, err = job.end(75)
    assert out == ""
    written = site.chunks()
    assert 0 < written < 16, "chunks that were being drawn are there, and no more"
    lines = [line for line in err.splitlines() if not line.startswith("mvn-dask: cluster at ")]
    command = " ".join(of_kind(kind))
    assert lines == [
        f"mvn-dask: warning: {number}: stopping; chunks that are being drawn have 30 s to end, and a second signal "
        "stops at once",
        f"mvn-dask: warning: stopped with {written} of 16 chunks written; to go on: mvn-dask {command}",
    ]
    assert not list(site.store.rglob("*.partial"))
    assert site.run("run", "--quiet") == 0
    assert tree(site.store) == site.reference()


@pytest.mark.parametrize("kind", [pytest.param("threads", marks=pytest.mark.slow), "processes", "local"])
def test_a_second_signal_stops_at_once(kind: str, site: Site, hold: Hold) -> None:
    job = hold(CHUNK, *of_kind(kind), after=1)
    job.held(1 if kind == "threads" else 2)
    job.signal(signal.SIGINT)
    time.sleep(SAME + 0.05)
    assert job.process.poll() is None
    job.signal(signal.SIGTERM, None)
    _, err = job.end(75)
    assert err.splitlines()[-1] == "mvn-dask: warning: SIGTERM: stopped at once"
    assert "Traceback" not in err
    assert "leaked" not in err
    assert site.chunks() < 16
    assert site.run("run", "--quiet") == 0
    assert tree(site.store) == site.reference()


def test_an_echo_of_the_first_signal_is_none_of_its_own(site: Site, hold: Hold) -> None:
    """Queues signal each process of a job, and then their scripts hand it on."""
    job = hold(CHUNK, "run", "job.toml", after=1)
    job.held()
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
        os.killpg(job.process.pid, number)
    job.hear("stopping")
    job.let_go()
    _, err = job.end(75)
    assert "at once" not in err.splitlines()[-1]
    assert 0 < site.chunks() < 16


def test_the_grace_ends(site: Site, hold: Hold) -> None:
    job = hold(CHUNK, "run", "job.toml", "--grace", "0.1")
    job.held()
    job.signal(signal.SIGTERM)
    _, err = job.end(75)
    assert err.splitlines()[-1] == "mvn-dask: warning: the grace is over: stopped at once"
    assert not list(site.store.rglob("zarr.json"))


@pytest.mark.parametrize("kind", [pytest.param("processes", marks=pytest.mark.slow), "local"])
def test_processes_that_only_begin_leave_signals_to_the_job(kind: str, site: Site, hold: Hold) -> None:
    """They are held where they import numpy, long before they could ignore anything by themselves."""
    job = hold("import:numpy", *of_kind(kind), children=True)
    job.held(2)
    job.signal(signal.SIGINT)
    job.let_go()
    _, err = job.end(75)
    assert "Traceback" not in err
    assert "error" not in err
    assert site.chunks() == 0


def test_a_signal_before_the_command_has_begun(site: Site, hold: Hold) -> None:
    job = hold("import:typer", "run", "job.toml")
    job.held()
    job.signal(signal.SIGINT, None)
    out, err = job.end(75)
    assert (out, err) == ("", "mvn-dask: error: SIGINT: stopped\n")


def test_a_signal_before_anything_is_written(site: Site, hold: Hold) -> None:
    np.save(site.folder / "cov.npy", np.eye(2))
    job = hold("open:cov.npy", "run", "job.toml", "--set", "distribution.cov=cov.npy")
    job.held()
    job.signal(signal.SIGTERM)
    job.let_go()
    _, err = job.end(75)
    assert "warning: stopped, before anything was written; to go on: mvn-dask run job.toml --set" in err
    assert not site.store.exists()


def test_a_signal_while_a_matrix_is_factorised(site: Site, hold: Hold) -> None:
    """In C, where Python runs no handlers."""
    big = np.random.default_rng(0).standard_normal((3000, 3000))
    np.save(site.folder / "cov.npy", big + big.T + 200 * np.eye(3000))
    np.save(site.folder / "mean.npy", np.zeros(3000))
    files = ["--set", "distribution.mean=mean.npy", "--set", "distribution.cov=cov.npy", "--set", "sample.size=100"]
    job = hold("open:cov.npy", "run", "job.toml", *files, "--set", "sample.chunks=100")
    job.held()
    job.let_go()
    threading.Event().wait(0.5)
    job.signal(signal.SIGTERM)
    time.sleep(SAME + 0.05)
    assert job.process.poll() is None
    job.signal(signal.SIGTERM, None)
    _, err = job.end(75)
    assert err.splitlines()[-1] == "mvn-dask: warning: SIGTERM: stopped at once"
    assert not site.store.exists()


def test_work_that_has_ended_is_not_stopped_any_more(site: Site, hold: Hold) -> None:
    job = hold("os.rename:/store.zarr/zarr.json", "run", "job.toml")
    job.held()
    job.signal(signal.SIGTERM)
    assert not (site.store / "zarr.json").exists()
    job.let_go()
    out, _ = job.end(0)
    assert "complete; 16 of 16 chunks drawn" in out
    assert tree(site.store) == site.reference()


def test_a_signal_while_python_ends_changes_nothing(site: Site, hold: Hold) -> None:
    site.run("run", "--quiet")
    job = hold("atexit", "run", "job.toml")
    job.held()
    job.signal(signal.SIGINT, None)
    job.signal(signal.SIGTERM, None)
    job.let_go()
    out, err = job.end(0)
    assert out.endswith("complete; nothing to draw\n")
    assert err == ""


@pytest.mark.parametrize("by", ["address", "file"])
def test_a_signal_while_waiting_for_a_scheduler(by: str, site: Site, hold: Hold) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        there = f"cluster.address=tcp://127.0.0.1:{mute.getsockname()[1]}"
        where = there if by == "address" else "cluster.scheduler_file=scheduler.json"
        arguments = ["run", "job.toml", "--set", "cluster.kind=scheduler", "--set", where, "--connect-timeout", "600"]
        job = hold("socket.connect:" if by == "address" else "import:distributed.client", *arguments)
        job.held()
        job.let_go()
        job.signal(signal.SIGTERM, None)
        _, err = job.end(75)
    assert "stopped, before anything was written" in err
    assert not site.store.exists()


def test_a_signal_while_a_store_is_verified(site: Site, hold: Hold) -> None:
    site.run("run", "--quiet")
    job = hold("open:/samples/c/", "verify", "store.zarr")
    job.held()
    job.signal(signal.SIGTERM)
    job.let_go()
    out, err = job.end(75)
    assert out == ""
    assert err.splitlines()[-1] == "mvn-dask: error: stopped: nothing was changed; the same command begins anew"


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)]
    stop = CancelToken()
    said: list[str] = []
    with watched(stop, 5.0, said.append):
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)] != before
        heard = threading.Event()
        with stop.on_cancel(lambda _: heard.set()):
            signal.raise_signal(signal.SIGUSR1)
            assert heard.wait(5.0)
        wait_for(lambda: said, "words about it")
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)] == before
    assert stop.cancelled
    assert len(said) == 1
    assert "SIGUSR1: stopping" in said[0]


def test_no_file_descriptors_are_lost(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with watched(CancelToken(), 1.0, lambda _: None):
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
