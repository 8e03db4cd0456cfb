import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mvn_dask.advice import Advice
from mvn_dask.cli import watching
from mvn_dask.cli.application import run
from mvn_dask.cli.watching import status_line, watch
from mvn_dask.errors import MissingManifestError, NotAStoreError
from mvn_dask.job.job import Job
from mvn_dask.store.status import Status
from tests.support.command import Site

AfterALook = Callable[[Callable[[], object]], None]
Captured = pytest.CaptureFixture[str]
HALF = Status("x.zarr", None, 2, 2, 2**21, 2**20, False, (), ())


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "WATCH_SECONDS", 0.01)


@pytest.fixture
def after_a_look(monkeypatch: pytest.MonkeyPatch) -> AfterALook:
    """Call something once, when the next look of this thread has ended, however long it takes."""

    def arrange(action: Callable[[], object]) -> None:
        actions, sleep = [action], time.sleep

        def pause(seconds: float) -> None:
            if actions and seconds == watching.WATCH_SECONDS and threading.current_thread() is threading.main_thread():
                actions.pop()()
            sleep(seconds)

        monkeypatch.setattr(time, "sleep", pause)

    return arrange


def test_each_change_once_until_it_is_complete() -> None:
    steps = [Status("x", None, done, 4 - done, done, None, committed, (), ()) for done, committed in
             [(0, False), (0, False), (2, False), (2, False), (4, False), (4, True)]]  # fmt: skip
    looks = iter(steps)
    shown: list[Status] = []
    assert watch(lambda: next(looks), shown.append) is steps[-1]
    assert [each.done for each in shown] == [0, 2, 4]


def test_a_line() -> None:
    assert status_line(HALF)[8:] == " 2 of 4 chunks, 2 MiB, 1 MiB/s, 2 s left"
    assert status_line(Status("x", None, 0, 1, 0, None, False, (), ()))[8:] == " 0 of 1 chunk, 0 B"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_the_status_that_was_seen(number: signal.Signals, after_a_look: AfterALook) -> None:
    before = signal.getsignal(number)
    seen: list[Status] = []
    after_a_look(lambda: os.kill(os.getpid(), number))
    assert watch(lambda: HALF, seen.append) is HALF
    assert seen == [HALF]
    assert signal.getsignal(number) is before


def test_a_store_that_is_being_completed(site: Site, capsys: Captured, after_a_look: AfterALook) -> None:
    """Its last chunks come while it is watched; a line for people each time, an object for programs."""
    for form in ([], ["--json"]):
        shutil.rmtree(site.store, ignore_errors=True)
        assert site.run("run", "--quiet", "--part", "0/2") == 0
        capsys.readouterr()
        rest = threading.Thread(target=lambda: Job.from_toml(site.job).run((1, 2)))
        after_a_look(rest.start)
        assert site.run("status", "--watch", *form) == 0
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
        process = site.start("status", site.store, "--watch", stderr=out)
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
    assert site.run("status", "--part", "auto", "--watch") == 0
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
    assert run(["status", store, "--watch", "--json"]) == 0
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
    assert site.run("status", "--watch", "--json") == 75
    assert len(capsys.readouterr().out.splitlines()) == lines


def test_what_is_no_store_yet_is_no_other_fault() -> None:
    """A store that goes while it is watched, and a copy without its manifest, are errors."""
    looks = iter([HALF])

    def look() -> Status:
        for each in looks:
            return each
        raise NotAStoreError("there is no store", advice=Advice("{to_zarr} makes one"))

    with pytest.raises(NotAStoreError):
        watch(look, lambda _: None)
    with pytest.raises(NotAStoreError):
        watch(left_behind, lambda _: None)


def left_behind() -> Status:
    raise MissingManifestError("there is no store: its manifest was left behind")
