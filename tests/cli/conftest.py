"""A job in a folder, and the command that works on it: in this process, or in one of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest

from mvn_dask.cli.application import run
from tests.support.stores import tree

__all__ = ["Paused", "Site", "assert_one_line", "hold", "tree"]

DEADLINE = 90.0

JOB = """\
version = 1

[distribution]
mean = [0.5, 1.5]
cov = [[2.0, 0.5], [0.5, 1.0]]

[sample]
size = 16_000
seed = 7
chunks = 1000

[output]
url = "store.zarr"
"""

HOLDER = '''\
"""Imported by every Python that starts: holds a process where a test says, until the test lets it go."""

import os
import sys
import time
from pathlib import Path

WHAT, _, WHERE = os.environ["HOLD_AT"].partition(":")
FREE, FOLDER = int(os.environ["HOLD_AFTER"]), Path(os.environ["HOLD_FOLDER"])
seen = 0


def wait():
    global seen
    seen += 1
    if seen > FREE and not (FOLDER / "gate").exists():
        (FOLDER / f"{os.getpid()}.waits").touch()
        while not (FOLDER / "gate").exists():
            time.sleep(0.01)


def hook(event, arguments):
    if event == WHAT and WHERE in str(arguments[1 if event == "os.rename" else 0]):
        wait()


if os.environ["HOLD_WHOM"] == "children" and "--multiprocessing-fork" not in sys.orig_argv:
    pass
elif WHAT == "atexit":
    import atexit

    atexit.register(wait)
else:
    sys.addaudithook(hook)
'''


class Site:
    """A folder with a job in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.job = folder / "job.toml"
        self.store = folder / "store.zarr"
        self.job.write_text(JOB)

    def run(self, command: str, *arguments: object) -> int:
        """A command about the job, in this process."""
        return run([command, str(self.job), *map(str, arguments)])

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "mvn_dask", *map(str, arguments)]

    def call(self, *arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
        """A command in a process of its own, to its end."""
        command = self.command(*arguments)
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.folder, env=_environment(environment)
        )

    def start(
        self, *arguments: object, said_to: IO[str] | int = subprocess.PIPE, **environment: str
    ) -> "subprocess.Popen[str]":
        """A command that leads a group of processes."""
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=said_to,
            text=True,
            cwd=self.folder,
            env=_environment(environment),
            start_new_session=True,
        )

    def reference(self) -> dict[str, bytes]:
        """The store of a run that nobody disturbed."""
        place = self.folder / "reference.zarr"
        if not place.exists():
            assert self.run("run", "--quiet", "--set", "output.url=reference.zarr") == 0
        return tree(place)

    def chunks(self) -> int:
        return len(list((self.store / "samples" / "c").glob("*/0")))


def _environment(more: dict[str, str]) -> dict[str, str]:
    # What a site sets for itself must not decide how output is buffered, or how terminals look.
    dropped = {"PYTHONUNBUFFERED", "NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"}
    return {**{name: value for name, value in os.environ.items() if name not in dropped}, **more}


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


class Paused:
    """A command that is held somewhere, in whatever process."""

    def __init__(self, site: Site, process: "subprocess.Popen[str]", folder: Path) -> None:
        self.site, self.process, self.folder = site, process, folder

    @property
    def said(self) -> str:
        """What it said on standard error so far."""
        return (self.folder / "said").read_text()

    def held(self, count: int = 1) -> None:
        """Wait until so many processes stand still."""

        def there() -> bool:
            assert self.process.poll() is None, self.said
            return len(list(self.folder.glob("*.waits"))) >= count

        wait_for(there, "a process that stands still")

    def let_go(self) -> None:
        (self.folder / "gate").touch()

    def signal(self, number: signal.Signals, word: str | None = "stopping") -> None:
        """A signal for all processes, as a terminal or a queue sends it; wait until it was heard."""
        os.killpg(self.process.pid, number)
        if word is not None:
            self.hear(word)

    def hear(self, word: str) -> None:
        wait_for(lambda: word in self.said or self.process.poll() is not None, f"words about {word!r}")
        assert word in self.said

    def end(self, code: int) -> tuple[str, str]:
        """Its output and what it said, at its end; nothing of it is left."""
        out, _ = self.process.communicate(timeout=DEADLINE)
        assert self.process.returncode == code, self.said
        wait_for(lambda: not self.members(), "the end of all its processes")
        return out, self.said

    def members(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if _belongs(process, self.process.pid)]


def _belongs(process: psutil.Process, session: int) -> bool:
    try:
        return os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


Hold = Callable[..., Paused]


@pytest.fixture
def hold(site: Site) -> Iterator[Hold]:
    """Start a command that is held at an audit event, as "os.rename:/samples/c/", or at its very end."""
    started: list[Paused] = []

    def begin(where: str, *arguments: object, after: int = 0, children: bool = False) -> Paused:
        folder = site.folder / f"hold{len(started)}"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(HOLDER)
        environment = {
            "HOLD_AT": where,
            "HOLD_AFTER": str(after),
            "HOLD_WHOM": "children" if children else "all",
            "HOLD_FOLDER": str(folder),
            "PYTHONPATH": str(folder),
            "PYTHONSAFEPATH": "1",
        }
        with (folder / "said").open("w") as said:
            started.append(Paused(site, site.start(*arguments, said_to=said, **environment), folder))
        return started[-1]

    yield begin
    for paused in started:
        for process in paused.members():
            process.kill()
        paused.process.communicate()
        shutil.rmtree(paused.folder)


def assert_one_line(err: str, *words: str) -> None:
    """Standard error is one line, which says these words."""
    assert err.startswith("mvn-dask: error: ")
    assert err.count("\n") == 1, err
    assert err.endswith("\n")
    for word in words:
        assert word in err
