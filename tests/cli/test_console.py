import json
import os
import pty
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest

from mvn_dask.cli import console as module
from mvn_dask.cli.console import Console, open_closed_streams, spelled
from mvn_dask.execution.progress import ProgressState
from tests.cli.conftest import Site

HALF = ProgressState(done=5, total=10, unit="chunks", seconds=4.0, ended=False)


def test_results_and_messages_go_different_ways(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.info("one")
    console.warning("two", more=3)
    console.error("three\nfour")
    console.result("text", {"a": 1})
    assert capsys.readouterr() == (
        "text\n", "mvn-dask: one\nmvn-dask: warning: two\nmvn-dask: error: three\nmvn-dask: error: four\n"
    )  # fmt: skip


def test_quiet(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.0)
    console = Console(quiet=True)
    console.info("one")
    console.progress(HALF)
    console.warning("two")
    console.result("text", {})
    assert capsys.readouterr() == ("text\n", "mvn-dask: warning: two\n")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(json_log=True, json_result=True)
    console.info("Größe", path=Path("/x"))
    console.error("a\nb", exit_code=2)
    console.result("text", {"a": [1, None]})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"a": [1, None]}
    lines = [json.loads(line) for line in err.splitlines()]
    assert [(line["level"], line["message"]) for line in lines] == [("info", "Größe"), ("error", "a"), ("error", "b")]
    assert lines[0]["path"] == "/x"
    assert lines[2]["exit_code"] == 2
    assert all(datetime.fromisoformat(line["time"]).utcoffset() is not None for line in lines)


def test_a_line_from_time_to_time(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console()
    console.progress(HALF)
    assert capsys.readouterr().err == "", "not yet"
    monkeypatch.setattr(module, "PAUSE", 0.0)
    console.progress(HALF)
    console.progress(ProgressState(0, 10, "chunks", 0.0, False))
    Console(json_log=True).progress(HALF)
    first, second, third = capsys.readouterr().err.splitlines()
    assert first == "mvn-dask: 5 of 10 chunks, 4 s to go at this rate"
    assert second == "mvn-dask: 0 of 10 chunks"
    told = json.loads(third)
    assert {key: told[key] for key in ("done", "total", "unit", "seconds")} == {
        "done": 5, "total": 10, "unit": "chunks", "seconds": 4.0
    }  # fmt: skip


def test_what_is_hidden_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.hide({"key": "hunter2", "more": [{"deep": "hunter22"}], "short": "eu", "number": 1})
    console.error("hunter2 and hunter22 in eu 1")
    try:
        raise ValueError("no hunter2") from KeyError("hunter22")
    except ValueError as error:
        console.trace(error)
    assert console.redact("--set a=hunter2") == "--set a=…"
    err = capsys.readouterr().err
    assert "hunter" not in err
    assert "… and … in eu 1" in err
    assert "ValueError: no …" in err


def test_a_trace_as_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(json_log=True)
    console.trace(ValueError("odd"))
    told = json.loads(capsys.readouterr().err)
    assert told["traceback"].endswith("ValueError: odd\n")


def test_lines() -> None:
    assert spelled("info", "a", {"b": 1}, json_log=False) == "mvn-dask: a\n"
    assert spelled("error", "a", {}, json_log=False) == "mvn-dask: error: a\n"
    assert json.loads(spelled("error", "a\nb", {"b": 1}, json_log=True))["message"] == "a\nb"


def test_streams_that_are_open_stay(capfd: pytest.CaptureFixture[str]) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    open_closed_streams()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


BAR = """
import sys, threading
from mvn_dask.cli.console import Console
from mvn_dask.execution.progress import ProgressState
with Console() as console:
    console.info("before")
    others = [threading.Thread(target=lambda: [console.warning("amid") for _ in range(20)]) for _ in range(3)]
    for other in others:
        other.start()
    for done in range(101):
        console.progress(ProgressState(done, 100, "chunks", 0.1, done == 100))
    for other in others:
        other.join()
    console.error("[bold]after[/bold]")
    console.result("result", {})
"""


def in_terminal(command: list[str], cwd: Path, **environment: str) -> str:
    """What a command shows in a terminal."""
    terminal, child = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM", "FORCE_COLOR"}}
    with subprocess.Popen(
        command, stdin=child, stdout=child, stderr=child, cwd=cwd, env={**kept, "TERM": "xterm", **environment}
    ) as process:
        os.close(child)
        shown = b""
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            shown += piece
    os.close(terminal)
    assert process.returncode == 0, shown.decode()
    return shown.decode()


def test_a_bar_in_a_terminal_whoever_speaks_meanwhile(tmp_path: Path) -> None:
    shown = in_terminal([sys.executable, "-c", BAR], tmp_path)
    assert "100/100" in shown
    assert "chunks" in shown
    assert shown.count("mvn-dask: warning: amid") == 60
    assert "mvn-dask: error: [bold]after[/bold]" in shown
    assert "\x1b[33m" in shown, "a warning is yellow"
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h"), "the cursor is there again"


def test_no_colours_where_they_are_not_wanted(tmp_path: Path) -> None:
    shown = in_terminal([sys.executable, "-c", BAR], tmp_path, NO_COLOR="1")
    assert "100/100" in shown
    assert not any(f"\x1b[{colour}m" in shown for colour in (31, 32, 33, 35, 36))


def test_a_terminal_that_can_do_nothing(tmp_path: Path) -> None:
    shown = in_terminal([sys.executable, "-c", BAR], tmp_path, TERM="dumb")
    assert "mvn-dask: error: [bold]after[/bold]" in shown
    assert "\x1b" not in shown


def test_a_job_in_a_terminal(site: Site) -> None:
    shown = in_terminal(site.command("run", "job.toml"), site.folder)
    assert "16/16" in shown
    assert "complete; 16 of 16 chunks drawn" in shown
    shown = in_terminal(site.command("run", "job.toml", "--quiet"), site.folder)
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 1


@pytest.mark.parametrize("command", [["plan"], ["run"], ["status"], ["info"], ["verify"], ["run", "--part", "9/8"]])
def test_no_escape_sequences_where_there_is_no_terminal(
    command: list[str], site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.run("run", "--quiet")
    site.run(*command)
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err


def test_a_listener_that_goes_away_stops_nothing() -> None:
    code = (
        "import sys, time\nfrom mvn_dask.cli.console import Console\nsys.stdin.readline()\n"
        "console = Console()\nfor _ in range(3): console.warning('x' * 100)\nconsole.result('done', {})"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stderr.close()
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.read() == b"done\n"
    assert process.returncode == 0


def test_messages_of_threads_do_not_mix(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(json_log=True)
    barrier = threading.Barrier(8)

    def speak() -> None:
        barrier.wait()
        for _ in range(50):
            console.info("x" * 500)
            time.sleep(0)

    threads = [threading.Thread(target=speak) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 400
    assert all(json.loads(line)["message"] == "x" * 500 for line in lines)


@pytest.mark.parametrize("json_log", [False, True])
def test_no_level_tells_what_is_to_be_hidden(json_log: bool, capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(json_log=json_log)
    console.hide({"key": "hunter2secret"})
    for say in (console.info, console.warning, console.error):
        say("it was hunter2secret", where="hunter2secret")
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 3
    assert "hunter2secret" not in err
