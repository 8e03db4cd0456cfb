import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mvn_dask.advice import Advice
from mvn_dask.cli import watching
from mvn_dask.cli.application import run
from mvn_dask.cli.watching import watch
from mvn_dask.errors import ArgumentError, DamagedManifestError, MissingManifestError, NotAStoreError, TransportError
from mvn_dask.job.job import Job
from mvn_dask.store.status import Status
from tests.support.command import Site
from tests.support.statuses import HALF, status_of

AfterALook = Callable[[Callable[[], object]], None]
Captured = pytest.CaptureFixture[str]
INTERVAL = 0.1
WATCH = ("--watch", "--interval", str(INTERVAL))
NOT_YET = NotAStoreError("there is no store", advice=Advice("{to_zarr} makes one"))


class Seen:
    """A view that keeps what it is given."""

    def __init__(self) -> None:
        self.statuses: list[Status] = []
        self.reasons: list[str] = []

    def show(self, status: Status) -> None:
        self.statuses.append(status)

    def wait(self, reason: str) -> None:
        self.reasons.append(reason)


@pytest.fixture
def after_a_look(monkeypatch: pytest.MonkeyPatch) -> AfterALook:
    """Call something once, when the next look of this thread has ended, however long it takes."""

    def arrange(action: Callable[[], object]) -> None:
        actions, sleep = [action], time.sleep

        def pause(seconds: float) -> None:
            if actions and seconds == INTERVAL and threading.current_thread() is threading.main_thread():
                actions.pop()()
            sleep(seconds)

        monkeypatch.setattr(time, "sleep", pause)

    return arrange


def look_at(*results: Status | Exception) -> Callable[[], Status]:
    """Looks that find these, one after the other."""
    remaining = iter(results)

    def look() -> Status:
        found = next(remaining)
        if isinstance(found, Exception):
            raise found
        return found

    return look


def test_each_look_until_it_is_complete() -> None:
    steps = [status_of(done, 4, committed=committed) for done, committed in
             [(0, False), (0, False), (2, False), (4, False), (4, True)]]  # fmt: skip
    seen = Seen()
    assert watch(look_at(*steps), seen, 0) is steps[-1]
    assert seen.statuses == steps[:-1]


def test_a_store_that_comes_goes_and_comes_back() -> None:
    """A network that is away, and a store in the midst of being replaced, are waited for as well."""
    faults = [TransportError("no answer"), DamagedManifestError("half of it"), PermissionError(13, "Permission denied")]
    last, seen = status_of(4, 4, committed=True), Seen()
    assert watch(look_at(NOT_YET, HALF, NOT_YET, *faults, last), seen, 0) is last
    assert seen.statuses == [HALF]
    assert seen.reasons == [
        "there is no store: waiting for one",
        "there is no store: waiting for one",
        "no answer: looking again",
        "half of it: looking again",
        "Permission denied: looking again",
    ]


@pytest.mark.parametrize("fault", [TransportError("no answer"), MissingManifestError("left behind")])
def test_a_fault_that_lasts_ends_it(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(type(fault)):  # at the first look it is likely to be a wrong address
        watch(look_at(fault), Seen(), 0)
    monkeypatch.setattr(watching, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(type(fault)):
        watch(look_at(HALF, fault), Seen(), 0)


def test_an_error_of_the_call_is_none_of_the_store() -> None:
    with pytest.raises(ArgumentError):
        watch(look_at(HALF, ArgumentError("part")), Seen(), 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_the_status_that_was_seen(number: signal.Signals, after_a_look: AfterALook) -> None:
    before = signal.getsignal(number)
    seen = Seen()
    after_a_look(lambda: os.kill(os.getpid(), number))
    assert watch(lambda: HALF, seen, INTERVAL) is HALF
    assert seen.statuses == [HALF]
    assert signal.getsignal(number) is before


def test_a_store_that_is_being_completed(site: Site, capsys: Captured, after_a_look: AfterALook) -> None:
    """Its last chunks come while it is watched; a line for people each time, an object for programs."""
    for form in ([], ["--json"]):
        shutil.rmtree(site.store, ignore_errors=True)
        assert site.run("run", "--quiet", "--part", "0/2") == 0
        capsys.readouterr()
        rest = threading.Thread(target=lambda: Job.from_toml(site.job).run((1, 2)))
        after_a_look(rest.start)
        assert site.run("status", *WATCH, *form) == 0
        rest.join()
        lines = capsys.readouterr().out.splitlines()
        if form:
            states = [json.loads(line) for line in lines]
            assert (states[0]["done"], states[-1]["complete"]) == (8, True)
        else:
            assert lines[0][8:].startswith(" 8 of 16 chunks, ")
            assert f"{site.store}: complete" in lines


def test_a_stopped_watch_says_that_work_is_left(site: Site) -> None:
    assert site.run("run", "--quiet", "--part", "0/2") == 0
    with (site.folder / "out").open("w") as out:
        process = site.start("status", site.store, *WATCH, stderr=out)
        assert process.stdout is not None
        assert " 8 of 16 chunks" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 75
    assert f"{site.store}: unfinished" in rest
    assert (site.folder / "out").read_text() == ""


def test_of_a_part(site: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert site.run("run", "--quiet", "--part", "1/4") == 0
    capsys.readouterr()
    for part, done in (("1/4", 4), ("0/4", 0), ("0/2", 4)):
        assert site.run("status", "--part", part, "--json") == 0
        content = json.loads(capsys.readouterr().out)
        assert (content["done"], content["part"], content["differences"]) == (done, [*map(int, part.split("/"))], [])
        assert content["complete"] is (content["missing"] == 0)
    monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", "1")
    monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_SIZE", "4")
    assert site.run("status", "--part", "auto") == 0
    assert "part 1/4 complete\nchunks: 4 of 4 (100.0%), 0 missing" in capsys.readouterr().out
    assert site.run("status", "--part", "auto", *WATCH) == 0
    assert site.run("status", "--part", "4/4") == 2


def test_of_another_specification(site: Site, capsys: Captured) -> None:
    assert site.run("run", "--quiet") == 0
    capsys.readouterr()
    assert site.run("status", "--set", "sample.seed=8") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[-1] == "another specification: `samples[0].entropy` is '7' in the store, '8' here"
    assert site.run("status", "--set", "sample.seed=8", "--json") == 0
    assert json.loads(capsys.readouterr().out)["differences"] == ["`samples[0].entropy` is '7' in the store, '8' here"]
    assert run(["status", str(site.store), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differences"] is None


def test_a_job_whose_files_are_elsewhere_is_not_compared(site: Site, capsys: Captured) -> None:
    assert site.run("run", "--quiet") == 0
    capsys.readouterr()
    assert site.run("status", "--set", "distribution.mean=missing.npy", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["differences"] is None
    assert err.startswith("mvn-dask: warning: the store was not compared with the job: ")
    assert "missing.npy" in err


def test_what_is_no_store(tmp_path: Path) -> None:
    assert run(["status", str(tmp_path)]) == 4


@pytest.mark.parametrize("store", ["job.toml", "store.zarr"])
def test_a_store_that_is_begun_later(
    store: str, site: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch, after_a_look: AfterALook
) -> None:
    monkeypatch.chdir(site.folder)
    later = threading.Thread(target=lambda: Job.from_toml(site.job).run())
    after_a_look(later.start)
    assert run(["status", store, *WATCH, "--json"]) == 0
    later.join()
    out, err = capsys.readouterr()
    assert err == f"mvn-dask: there is no store at {site.store}: waiting for one\n"
    last = json.loads(out.splitlines()[-1])
    assert (last["complete"], last["differences"]) == (True, [] if store == "job.toml" else None)


@pytest.mark.parametrize(("begun", "lines"), [(True, 1), (False, 0)])
def test_a_signal_prints_nothing_twice(
    begun: bool, lines: int, site: Site, capsys: Captured, after_a_look: AfterALook
) -> None:
    if begun:
        assert site.run("run", "--quiet", "--part", "0/2") == 0
        capsys.readouterr()
    after_a_look(lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert site.run("status", *WATCH, "--json") == 75
    assert len(capsys.readouterr().out.splitlines()) == lines


def test_a_store_that_is_replaced(site: Site, capsys: Captured, after_a_look: AfterALook) -> None:
    assert site.run("run", "--quiet", "--part", "0/2") == 0
    capsys.readouterr()
    changes = ("sample.seed=8", "output.overwrite=true")
    after_a_look(lambda: Job.from_toml(site.job, changes).run())
    assert run(["status", str(site.store), *WATCH]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0][8:].startswith(" 8 of 16 chunks, ")
    assert f"{site.store}: complete" in out
    assert err == ""


def test_the_interval_is_of_a_watch(site: Site, capsys: Captured) -> None:
    for arguments, message in (
        (["--interval", "5"], "--interval is the time between two looks of --watch, which was not given"),
        (["--watch", "--interval", "nan"], "--interval"),
        (["--watch", "--interval", "0"], "--interval"),
        (["--watch", "--interval", "soon"], "--interval"),
    ):
        assert site.run("status", *arguments) == 2
        assert message in capsys.readouterr().err


def test_slow_looks_are_made_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the time at most, but for a first look, which imports what it needs."""
    clock, pauses = [0.0], list[float]()
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", pauses.append)
    looks = iter([3.0, 0.01, 2.0, 1.0, 0.0])

    def look() -> Status:
        spent = next(looks)
        clock[0] += spent
        return replace(HALF, committed=True, done=4, missing=0) if spent == 0 else HALF

    watch(look, Seen(), 2.0)
    assert pauses == pytest.approx([2, 0, 2, 0, 2, 0, 2, 7])


def test_a_watch_that_saw_nothing_says_so(site: Site, capsys: Captured) -> None:
    """In a terminal its view is erased, and nothing would be left of it."""
    before = signal.getsignal(signal.SIGINT)

    def interrupt() -> None:
        while signal.getsignal(signal.SIGINT) == before:  # until the watch handles it
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    assert site.run("status", "--watch", "--quiet") == 75
    thread.join()
    assert capsys.readouterr() == ("", f"mvn-dask: warning: stopped before there was a store at {site.store}\n")
