import json
import logging
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from mvn_dask.cli import console as module
from mvn_dask.cli.console import (
    FORMATTERS,
    ConsoleHandler,
    JsonFormatter,
    TextFormatter,
    is_own,
    open_closed_streams,
    print_result,
)
from mvn_dask.execution.progress import ProgressState
from mvn_dask.redaction import RedactSecrets
from tests.support.command import Site

HALF = ProgressState(done=5, total=10, unit="chunk", unit_bytes=2**20, seconds=4.0, rate=1.25, ended=False)
Captured = pytest.CaptureFixture[str]
package = logging.getLogger("mvn_dask")
log = logging.getLogger("mvn_dask.tests")


@contextmanager
def console(log_format: str = "text", *, quiet: bool = False) -> Iterator[ConsoleHandler]:
    """Inside the body, a handler of what this package logs."""
    level = package.level
    with ConsoleHandler(FORMATTERS[log_format](), quiet=quiet) as handler:
        package.addHandler(handler)
        package.setLevel(logging.DEBUG)
        try:
            yield handler
        finally:
            package.removeHandler(handler)
            package.setLevel(level)


def test_result_and_messages_on_different_streams(capsys: Captured) -> None:
    with console():
        log.info("one")
        log.warning("two", extra={"more": 3})
        log.error("three\nfour")
        print_result("text")
    assert capsys.readouterr() == (
        "text\n", "mvn-dask: one\nmvn-dask: warning: two\nmvn-dask: error: three\\nfour\n"
    )  # fmt: skip


def test_quiet(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRESS_INTERVAL", 0.0)
    with console(quiet=True) as handler:
        log.info("one")
        handler.show_progress(HALF)
        log.warning("two")
        print_result("text")
    assert capsys.readouterr() == ("text\n", "mvn-dask: warning: two\n")


def test_a_line_from_time_to_time(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    with console() as handler:
        handler.show_progress(HALF)
        assert capsys.readouterr().err == "", "not yet"
        monkeypatch.setattr(module, "PROGRESS_INTERVAL", 0.0)
        handler.show_progress(HALF)
        handler.show_progress(ProgressState(0, 10, "chunk", 2**20, 0.0, None, False))
    with console("json") as handler:
        handler.show_progress(HALF)
    first, second, third = capsys.readouterr().err.splitlines()
    assert first == "mvn-dask: 5 of 10 chunks, 5 MiB, 1.25 MiB/s, 4 s left"
    assert second == "mvn-dask: 0 of 10 chunks, 0 B"
    line = json.loads(third)
    assert {key: line[key] for key in ("done", "total", "unit", "seconds", "bytes_per_second")} == {
        "done": 5, "total": 10, "unit": "chunk", "seconds": 4.0, "bytes_per_second": 1310720
    }  # fmt: skip


def test_open_streams_stay(capfd: pytest.CaptureFixture[str]) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    open_closed_streams()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


PROCESS = """
import logging, sys, threading
from mvn_dask.cli.console import ConsoleHandler, print_result
from mvn_dask.cli.console import TextFormatter
from mvn_dask.execution.progress import ProgressState
log = logging.getLogger("mvn_dask")
log.setLevel("INFO")
handler = ConsoleHandler(TextFormatter())
log.addHandler(handler)
"""
BAR = (
    PROCESS
    + """
with handler:
    log.info("before")
    others = [threading.Thread(target=lambda: [log.warning("amid") for _ in range(20)]) for _ in range(3)]
    for other in others:
        other.start()
    for done in range(101):
        handler.show_progress(ProgressState(done, 100, "chunk", 8, 0.1, 50.0, done == 100))
    for other in others:
        other.join()
    log.error("[bold]after[/bold]")
    print_result("result")
"""
)


def in_terminal(command: list[str], cwd: Path, **environment: str) -> str:
    """What a command writes in a terminal."""
    terminal, child = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM", "FORCE_COLOR"}}
    given = {**kept, "TERM": "xterm", "NUMBA_DISABLE_JIT": "1", **environment}
    with subprocess.Popen(command, stdin=child, stdout=child, stderr=child, cwd=cwd, env=given) as process:
        os.close(child)
        written = b""
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            written += piece
    os.close(terminal)
    assert process.returncode == 0, written.decode()
    return written.decode()


def test_a_bar_in_a_terminal_with_messages_of_threads(tmp_path: Path) -> None:
    written = in_terminal([sys.executable, "-c", BAR], tmp_path)
    assert "100 of 100 chunks, 800 B, 400 B/s" in written
    assert "chunks" in written
    assert written.count("mvn-dask: warning: amid") == 60
    assert "mvn-dask: error: [bold]after[/bold]" in written
    assert "\x1b[33m" in written, "a warning is yellow"
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h"), "the cursor is there again"


def test_no_colours_where_they_are_not_wanted(tmp_path: Path) -> None:
    written = in_terminal([sys.executable, "-c", BAR], tmp_path, NO_COLOR="1")
    assert "100 of 100 chunks, 800 B, 400 B/s" in written
    assert not any(f"\x1b[{colour}m" in written for colour in (31, 32, 33, 35, 36))


def test_a_dumb_terminal(tmp_path: Path) -> None:
    """It cannot draw over a line, and shows how far the work is line by line, not at the end alone."""
    now = BAR.replace("with handler:", "import mvn_dask.cli.console as c\nc.PROGRESS_INTERVAL = 0.0\nwith handler:", 1)
    written = in_terminal([sys.executable, "-c", now], tmp_path, TERM="dumb")
    assert "mvn-dask: 50 of 100 chunks, 400 B, 400 B/s" in written
    assert "mvn-dask: error: [bold]after[/bold]" in written
    assert "\x1b" not in written


@pytest.mark.faults
def test_a_job_in_a_terminal(site: Site) -> None:
    written = in_terminal(site.command("run", "job.toml"), site.folder, COLUMNS="300")
    assert "16 of 16 chunks" in written
    assert "complete; 16 of 16 chunks drawn" in written
    written = in_terminal(site.command("run", "job.toml", "--quiet"), site.folder, COLUMNS="300")
    assert "\x1b" not in written
    assert len(written.splitlines()) == 1


def test_no_escape_sequences_without_a_terminal(site: Site, capsys: Captured) -> None:
    site.run("run", "--quiet")
    for command in (["plan"], ["run"], ["status"], ["info"], ["verify"], ["run", "--part", "9/8"]):
        site.run(*command)
        out, err = capsys.readouterr()
        assert out + err
        assert "\x1b" not in out + err


def test_a_reader_that_goes_away_stops_nothing() -> None:
    code = PROCESS + "sys.stdin.readline()\nfor _ in range(3): log.warning('x' * 100)\nprint_result('done')"
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


def test_messages_of_threads_do_not_mix(capsys: Captured) -> None:
    barrier = threading.Barrier(8)

    def write() -> None:
        barrier.wait()
        for _ in range(50):
            log.info("x" * 500)
            time.sleep(0)

    with console("json"):
        threads = [threading.Thread(target=write) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 400
    assert all(json.loads(line)["message"] == "x" * 500 for line in lines)


def record(level: int, message: str, name: str = "mvn_dask.cli", **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord({"name": name, "levelno": level, "msg": message, **fields})


def test_text() -> None:
    format = TextFormatter().format  # noqa: A001
    assert format(record(logging.INFO, "a", b=1)) == "mvn-dask: a"
    assert format(record(logging.WARNING, "a  b")) == "mvn-dask: warning: a  b"
    assert format(record(logging.ERROR, "a\nb")) == r"mvn-dask: error: a\nb"
    assert format(record(logging.CRITICAL, "")) == "mvn-dask: error: "
    assert format(record(logging.ERROR, "a\n  b", "distributed")) == "mvn-dask: error: a b"


def test_json() -> None:
    format = JsonFormatter().format  # noqa: A001
    line = json.loads(format(record(logging.INFO, "Größe", path=Path("/x"), number=1)))
    assert datetime.fromisoformat(line.pop("time")).utcoffset() is not None
    assert line == {"level": "info", "message": "Größe", "path": "/x", "number": 1}
    line = json.loads(format(record(logging.ERROR, "a\nb", exit_code=2)))
    assert (line["level"], line["message"], line["exit_code"]) == ("error", "a\nb", 2)
    assert json.loads(format(record(logging.WARNING, "a\nb", "other")))["logger"] == "other"


def test_tracebacks_of_debug_records_alone() -> None:
    try:
        raise ValueError("odd")
    except ValueError:
        exc_info = sys.exc_info()
    traced = [record(level, "raised", exc_info=exc_info) for level in (logging.DEBUG, logging.ERROR)]
    for each in traced:
        RedactSecrets().filter(each)
    text = TextFormatter().format(traced[0])
    assert text.startswith("Traceback (most recent call last):")
    assert text.endswith("ValueError: odd")
    assert TextFormatter().format(traced[1]) == "mvn-dask: error: raised"
    (line,) = JsonFormatter().format(traced[0]).splitlines()
    assert json.loads(line)["traceback"] == text


def test_records_of_the_package() -> None:
    assert is_own(record(logging.INFO, "", "mvn_dask.job.running"))
    assert not is_own(record(logging.INFO, "", "mvn_dask_other"))
