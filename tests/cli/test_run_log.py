"""The objects that begin and end the JSON log of a run."""

import json
import signal
from typing import Any

import pytest

import mvn_dask
from tests.support.command import Site, StartPaused

Captured = pytest.CaptureFixture[str]
JSON = ("--log-format", "json")


def events(err: str) -> list[dict[str, Any]]:
    return [each for each in map(json.loads, err.splitlines()) if "event" in each]


def test_a_run_begins_and_ends_with_an_object(site: Site, capsys: Captured) -> None:
    assert site.run("run", *JSON, "--part", "0/4") == 0
    first, last = events(capsys.readouterr().err)
    started = {"event": "started", "version": mvn_dask.__version__, "cluster": "threads", "level": "info"}
    assert started.items() <= first.items()
    assert len(first["fingerprint"]) == 64
    assert first["threads"] >= 1
    assert {"event": "finished", "exit_code": 0, "drawn": 4}.items() <= last.items()
    assert last["seconds"] > 0
    assert site.run("run", *JSON, "--set", "cluster.threads=3") == 0
    first, last = events(capsys.readouterr().err)
    assert (first["threads"], last["drawn"]) == (3, 12)
    assert site.run("run", *JSON) == 0
    first, last = events(capsys.readouterr().err)
    assert (first["threads"], last["drawn"], last["exit_code"]) == (0, 0, 0)


def test_a_run_that_fails_ends_with_an_object_after_its_error(site: Site, capsys: Captured) -> None:
    assert site.run("run", *JSON, "--set", "sample.seed=-1") == 2
    *_, error, last = map(json.loads, capsys.readouterr().err.splitlines())
    assert (error["level"], error["exit_code"]) == ("error", 2)
    assert (last["event"], last["exit_code"], last["drawn"]) == ("finished", 2, 0)


def test_text_and_quiet_logs_have_no_events(site: Site, capsys: Captured) -> None:
    assert site.run("run", *JSON, "--quiet", "--part", "0/4") == 0
    assert capsys.readouterr().err == ""
    assert site.run("run") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.faults
@pytest.mark.parametrize("signals", [1, 2])
def test_a_run_that_is_stopped_ends_with_an_object(signals: int, site: Site, start_paused: StartPaused) -> None:
    """By a signal after the chunk that is being drawn, or by a second one at once."""
    paused = start_paused("os.rename:/samples/c/", "run", site.job, *JSON, "--set", "cluster.threads=1", after=3)
    paused.wait_until_paused()
    paused.signal(signal.SIGTERM)
    if signals == 2:
        paused.signal(signal.SIGTERM, "stopped at once")
    else:
        paused.resume()
    _, err = paused.end(75)
    *_, last = events(err)
    assert (last["event"], last["exit_code"]) == ("finished", 75)
    # Reports come ten times a second, and at the end; a run that is ended at once makes no last one.
    assert last["drawn"] in ((1, 2, 3) if signals == 2 else (4,))
