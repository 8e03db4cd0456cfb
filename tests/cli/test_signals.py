"""Signals to real processes, at moments that the tests choose."""

import os
import signal
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from mvn_dask.cli.signals import ECHO_SECONDS, cancel_on_signals
from mvn_dask.execution.cancellation import CancelToken
from tests.support.command import Site, StartPaused, wait_for
from tests.support.stores import tree

CHUNK = "os.rename:/samples/c/"


def of_kind(kind: str) -> list[str]:
    workers = [] if kind == "threads" else ["--set", "cluster.workers=2"]
    return ["run", "job.toml", "--set", f"cluster.kind={kind}", *workers]


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("threads", "SIGTERM"),
        pytest.param("processes", "SIGINT", marks=pytest.mark.slow),
        pytest.param("local", "SIGUSR1", marks=pytest.mark.slow),
    ],
)
def test_a_signal_to_all_processes_stops_and_the_same_command_goes_on(
    kind: str, number: str, site: Site, start_paused: StartPaused
) -> None:
    job = start_paused(CHUNK, *of_kind(kind), after=1)
    job.wait_until_paused(1 if kind == "threads" else 2)
    job.signal(signal.Signals[number])
    job.resume()
    out, err = job.end(75)
    assert out == ""
    written = site.chunks()
    assert 0 < written < 16, "chunks that were being drawn are there, and no more"
    # On a busy machine there are lines about progress, and warnings of distributed, as well.
    lines = [line for line in err.splitlines() if "stop" in line]
    command = " ".join(of_kind(kind))
    assert lines == [
        f"mvn-dask: warning: {number}: stopping; chunks that are being drawn have 30 s to end, and a second signal "
        "stops at once",
        f"mvn-dask: warning: stopped with {written} of 16 chunks written; to go on: mvn-dask {command}",
    ]
    assert "error" not in err
    assert not list(site.store.rglob("*.partial"))
    assert site.run("run", "--quiet") == 0
    assert tree(site.store) == site.reference()


def test_a_killed_run_is_resumed(site: Site, start_paused: StartPaused) -> None:
    job = start_paused(CHUNK, "run", "job.toml", after=1)
    job.wait_until_paused()
    job.signal(signal.SIGKILL, None)
    assert job.end(-signal.SIGKILL) == ("", "")
    assert 0 < site.chunks() < 16
    assert site.run("run", "--quiet") == 0
    assert tree(site.store) == site.reference()


@pytest.mark.faults
@pytest.mark.parametrize(
    "kind", ["threads", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("processes", "local"))]
)
def test_a_second_signal_stops_at_once(kind: str, site: Site, start_paused: StartPaused) -> None:
    job = start_paused(CHUNK, *of_kind(kind), after=1)
    job.wait_until_paused(1 if kind == "threads" else 2)
    job.signal(signal.SIGINT)
    time.sleep(ECHO_SECONDS + 0.05)
    assert job.process.poll() is None
    job.signal(signal.SIGTERM, None)
    _, err = job.end(75)
    assert err.splitlines()[-1] == "mvn-dask: warning: SIGTERM: stopped at once"
    assert "Traceback" not in err
    assert "leaked" not in err
    assert site.chunks() < 16
    assert site.run("run", "--quiet") == 0
    assert tree(site.store) == site.reference()


@pytest.mark.faults
def test_an_echo_of_the_first_signal_is_no_second_one(site: Site, start_paused: StartPaused) -> None:
    """Queues signal each process of a job, and then their scripts forward the signal."""
    job = start_paused(CHUNK, "run", "job.toml", after=1)
    job.wait_until_paused()
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
        os.killpg(job.process.pid, number)
    job.wait_for_message("stopping")
    job.resume()
    _, err = job.end(75)
    assert "at once" not in err.splitlines()[-1]
    assert 0 < site.chunks() < 16


@pytest.mark.faults
def test_the_grace_ends(site: Site, start_paused: StartPaused) -> None:
    job = start_paused(CHUNK, "run", "job.toml", "--grace", "0.1")
    job.wait_until_paused()
    job.signal(signal.SIGTERM)
    _, err = job.end(75)
    assert err.splitlines()[-1] == "mvn-dask: warning: the grace is over: stopped at once"
    assert not list(site.store.rglob("zarr.json"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["processes", "local"])
def test_processes_that_are_starting_ignore_signals(kind: str, site: Site, start_paused: StartPaused) -> None:
    """They are paused where they import numpy, long before they could ignore signals by themselves."""
    job = start_paused("import:numpy", *of_kind(kind), children=True)
    job.wait_until_paused(2)
    job.signal(signal.SIGINT)
    job.resume()
    _, err = job.end(75)
    assert "Traceback" not in err
    assert "error" not in err
    assert site.chunks() == 0


@pytest.mark.faults
def test_a_signal_before_the_command_has_begun(site: Site, start_paused: StartPaused) -> None:
    job = start_paused("import:typer", "run", "job.toml")
    job.wait_until_paused()
    job.signal(signal.SIGINT, None)
    out, err = job.end(75)
    assert (out, err) == ("", "mvn-dask: error: SIGINT: stopped\n")


@pytest.mark.faults
def test_a_signal_before_anything_is_written(site: Site, start_paused: StartPaused) -> None:
    np.save(site.folder / "cov.npy", np.eye(2))
    job = start_paused("open:cov.npy", "run", "job.toml", "--set", "distribution.cov=cov.npy")
    job.wait_until_paused()
    job.signal(signal.SIGTERM)
    job.resume()
    _, err = job.end(75)
    assert "warning: stopped, before anything was written; to go on: mvn-dask run job.toml --set" in err
    assert not site.store.exists()


@pytest.mark.faults
def test_a_signal_while_a_matrix_is_factorised(site: Site, start_paused: StartPaused) -> None:
    """In C, where Python runs no handlers."""
    big = np.random.default_rng(0).standard_normal((3000, 3000))
    np.save(site.folder / "cov.npy", big + big.T + 200 * np.eye(3000))
    np.save(site.folder / "mean.npy", np.zeros(3000))
    files = ["--set", "distribution.mean=mean.npy", "--set", "distribution.cov=cov.npy", "--set", "sample.size=100"]
    job = start_paused("open:cov.npy", "run", "job.toml", *files, "--set", "sample.chunks=100")
    job.wait_until_paused()
    job.resume()
    threading.Event().wait(0.5)
    job.signal(signal.SIGTERM)
    time.sleep(ECHO_SECONDS + 0.05)
    assert job.process.poll() is None
    job.signal(signal.SIGTERM, None)
    _, err = job.end(75)
    assert err.splitlines()[-1] == "mvn-dask: warning: SIGTERM: stopped at once"
    assert not site.store.exists()


@pytest.mark.faults
def test_work_that_has_ended_is_not_stopped_any_more(site: Site, start_paused: StartPaused) -> None:
    job = start_paused("os.rename:/store.zarr/zarr.json", "run", "job.toml")
    job.wait_until_paused()
    job.signal(signal.SIGTERM)
    assert not (site.store / "zarr.json").exists()
    job.resume()
    out, _ = job.end(0)
    assert "complete; 16 of 16 chunks drawn" in out
    assert tree(site.store) == site.reference()


@pytest.mark.faults
def test_a_signal_while_python_ends_changes_nothing(site: Site, start_paused: StartPaused) -> None:
    site.run("run", "--quiet")
    job = start_paused("atexit", "run", "job.toml")
    job.wait_until_paused()
    job.signal(signal.SIGINT, None)
    job.signal(signal.SIGTERM, None)
    job.resume()
    out, err = job.end(0)
    assert out.endswith("complete; nothing to draw\n")
    assert err == ""


@pytest.mark.faults
@pytest.mark.parametrize("by", ["address", pytest.param("file", marks=pytest.mark.slow)])
def test_a_signal_while_waiting_for_a_scheduler(by: str, site: Site, start_paused: StartPaused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        there = f"cluster.address=tcp://127.0.0.1:{silent.getsockname()[1]}"
        where = there if by == "address" else "cluster.scheduler_file=scheduler.json"
        arguments = ["run", "job.toml", "--set", "cluster.kind=scheduler", "--set", where, "--connect-timeout", "600"]
        job = start_paused("socket.connect:" if by == "address" else "import:distributed.client", *arguments)
        job.wait_until_paused()
        job.resume()
        job.signal(signal.SIGTERM, None)
        _, err = job.end(75)
    assert "stopped, before anything was written" in err
    assert not site.store.exists()


@pytest.mark.faults
def test_a_signal_while_a_store_is_verified(site: Site, start_paused: StartPaused) -> None:
    site.run("run", "--quiet")
    job = start_paused("open:/samples/c/", "verify", "store.zarr")
    job.wait_until_paused()
    job.signal(signal.SIGTERM)
    job.resume()
    out, err = job.end(75)
    assert out == ""
    assert err.splitlines()[-1] == "mvn-dask: error: stopped: nothing was changed; the same command begins anew"


@pytest.mark.faults
def test_a_signal_while_a_store_is_extended(site: Site, start_paused: StartPaused) -> None:
    """And the way on that it gives."""
    site.run("run", "--quiet")
    job = start_paused("open:/samples/c/", "extend", "store.zarr", "40000")
    job.wait_until_paused()
    job.signal(signal.SIGTERM)
    job.resume()
    out, err = job.end(75)
    assert out == ""
    assert err.splitlines()[-1] == "mvn-dask: error: stopped: `mvn-dask repair` completes it"
    assert site.run("repair", "--quiet") == 0
    assert site.run("verify", "--quiet") == 0


def test_handlers_are_put_back(caplog: pytest.LogCaptureFixture) -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
    before = [signal.getsignal(number) for number in numbers]
    token = CancelToken()
    with cancel_on_signals(token, 5.0):
        assert [signal.getsignal(number) for number in numbers] != before
        called = threading.Event()
        with token.on_cancel(lambda _: called.set()):
            signal.raise_signal(signal.SIGUSR1)
            assert called.wait(5.0)
        wait_for(lambda: caplog.messages, "a message")
    assert [signal.getsignal(number) for number in numbers] == before
    assert token.cancelled
    (message,) = caplog.messages
    assert "SIGUSR1: stopping" in message


def test_no_file_descriptors_are_lost() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with cancel_on_signals(CancelToken(), 1.0):
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
