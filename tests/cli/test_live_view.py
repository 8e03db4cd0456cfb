"""The view of a watch, in real terminals."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mvn_dask.cli.live_view import LiveView, can_draw
from mvn_dask.store.part_progress import PartProgress
from tests.support.command import Site
from tests.support.statuses import HALF, status_of

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


class Terminal:
    """A command in a terminal of 80 columns."""

    def __init__(self, site: Site, *arguments: object, **environment: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        known = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "LINES"}}
        self.process = subprocess.Popen(
            site.command(*arguments),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=site.folder,
            env={**known, "TERM": "xterm-256color", "NUMBA_DISABLE_JIT": "1", **environment},
            start_new_session=True,
        )
        os.close(slave)
        self.text = ""

    def read_until(self, words: str) -> None:
        """Read until these words were shown."""
        deadline = time.monotonic() + 90
        while words not in ESCAPES.sub("", self.text):
            assert time.monotonic() < deadline, self.text
            self._read()

    def end(self, code: int) -> str:
        """All that it has shown, at its end."""
        while self._read():
            pass
        assert self.process.wait(timeout=90) == code, self.text
        os.close(self._master)
        return self.text

    def _read(self) -> bool:
        try:
            if select.select([self._master], [], [], 1.0)[0]:
                self.text += os.read(self._master, 4096).decode()
        except OSError:  # at the end, on Linux
            return False
        return True


@pytest.mark.parametrize("colours", [True, False])
def test_a_watch_that_is_stopped(colours: bool, site: Site) -> None:
    assert site.run("run", "--quiet", "--part", "0/2") == 0
    more = {} if colours else {"NO_COLOR": "1"}
    terminal = Terminal(site, "status", "store.zarr", "--watch", "--interval", "0.1", **more)
    terminal.read_until("50.0%  8 of 16 chunks")
    terminal.read_until("Ctrl-C ends it")
    shown = ESCAPES.sub("", terminal.text).splitlines()
    terminal.process.send_signal(signal.SIGINT)
    text = terminal.end(75)
    assert max(map(len, shown)) <= 80
    assert "8,000 of 16,000 rows, 125 KiB" in ESCAPES.sub("", text)
    # The cursor is back, and what stays is the result.
    assert text.rindex(SHOW) > text.rindex(HIDE)
    assert "Traceback" not in text
    assert "store.zarr: unfinished" in " ".join(text[text.rindex(SHOW) :].split())
    assert ("\x1b[38;5;" in text or "\x1b[3" in text.replace("\x1b[3m", "")) is colours


def test_a_watch_from_before_the_beginning_to_the_end(site: Site) -> None:
    terminal = Terminal(site, "status", "job.toml", "--watch", "--interval", "0.1")
    terminal.read_until("waiting for one")
    assert site.run("run", "--quiet") == 0
    text = terminal.end(0)
    assert "store.zarr: complete" in " ".join(text[text.rindex(SHOW) :].split())


def test_what_is_drawn(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("COLUMNS", "60"), ("FORCE_COLOR", "1"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    far = replace(HALF, url=f"/data/{'x' * 80}\x1b[31m", writers=2, last_written=time.time() - 3600)
    with LiveView() as view:
        view.wait("there is no store: waiting for one")
        for each in (status_of(0, 4), far, replace(far, fingerprint="0" * 64, writers=0, part=(1, 3))):
            view.show(each)
            assert not view.has_shown(each)
        view.wait("no answer: looking again")
    text = ESCAPES.sub("", capsys.readouterr().out)
    lines = [line.rstrip() for line in text.splitlines()]
    assert "0 of 4,000 rows, 0 B" in lines
    assert "no chunk yet" in lines
    assert "2,000 of 4,000 rows, 2 MiB, 1 MiB/s, 2 s left" in lines
    assert "2 processes of this machine at work, last chunk 1 h 0 min" in lines
    assert "nobody at work here, last chunk 1 h 0 min ago" in lines
    assert "it was replaced: this is the store of another sample" in lines
    assert "no answer: looking again" in lines
    assert any(line.startswith("/data/xxx") and line.endswith("…") for line in lines)
    assert max(map(len, lines)) <= 60


def test_parts_that_fit_into_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as there are lines; and who is at work on machines that are not seen, by the chunks that come."""
    for name, value in (("COLUMNS", "40"), ("LINES", "15"), ("FORCE_COLOR", "1"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    now = time.time()
    parts = tuple(PartProgress((i, 90), 3, 400, now - 5.0 * i) for i in range(90))
    far = replace(HALF, writers=0, last_written=now, parts=parts)
    with LiveView() as view:
        for done in (2, 3):
            view.show(replace(far, done=done))
        view.show(replace(far, done=3, writers=1))
    frames = ESCAPES.sub("", capsys.readouterr().out).split("x.zarr")[1:4]
    assert [("nobody at work here" in each, "at work elsewhere" in each) for each in frames] == [
        (True, False), (False, True), (False, False),
    ]  # fmt: skip
    for frame in frames:
        lines = frame.splitlines()
        assert len(lines) <= 15
        assert max(map(len, lines)) <= 40
        assert "0 of 90 parts complete, 12 active, 78 s…" in lines
        assert "  12/90  silent, 1 min 0 s ago: 3 of 40…" in lines


def test_where_nothing_can_be_drawn(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        assert not can_draw()
