"""A job in a folder, and the command on it: in this process, or in one of its own that a test can pause."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import IO

import psutil
import typer.main

from mvn_dask.cli.application import run
from tests.support.stores import tree

# A user's process reads the signatures of all commands once; so does this one, which runs hundreds of commands.
vars(typer.main).update(get_command=cache(typer.main.get_command))

DEADLINE = 90.0
"""Seconds that a test waits for anything."""

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

PAUSE = '''\
"""Imported by every Python that starts: pauses a process where a test says, until the test resumes it."""

import os
import sys
import time
from pathlib import Path

EVENT, _, PATH = os.environ["PAUSE_AT"].partition(":")
PASSED, FOLDER = int(os.environ["PAUSE_AFTER"]), Path(os.environ["PAUSE_FOLDER"])
seen = 0


def wait():
    global seen
    seen += 1
    if seen > PASSED and not (FOLDER / "gate").exists():
        (FOLDER / f"{os.getpid()}.paused").touch()
        while not (FOLDER / "gate").exists():
            time.sleep(0.01)


def hook(event, arguments):
    if event == EVENT and PATH in str(arguments[1 if event == "os.rename" else 0]):
        wait()


if os.environ["PAUSE_PROCESSES"] == "children" and "--multiprocessing-fork" not in sys.orig_argv:
    pass
elif EVENT == "atexit":
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
        """A command in a process of its own, until it ends."""
        command = self.command(*arguments)
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.folder, env=_environment(environment)
        )

    def start(
        self, *arguments: object, stderr: IO[str] | int = subprocess.PIPE, **environment: str
    ) -> "subprocess.Popen[str]":
        """A command that leads a group of processes."""
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=self.folder,
            env=_environment(environment),
            start_new_session=True,
        )

    def reference(self) -> dict[str, bytes]:
        """The store of a run without interruption."""
        store = self.folder / "reference.zarr"
        if not store.exists():
            assert self.run("run", "--quiet", "--set", "output.url=reference.zarr") == 0
        return tree(store)

    def chunk(self, number: int) -> Path:
        return self.store / "samples" / "c" / str(number) / "0"

    def chunks(self) -> int:
        return len(list((self.store / "samples" / "c").glob("*/0")))


def _environment(more: dict[str, str]) -> dict[str, str]:
    # Settings of the machine must not decide how output is buffered, or how terminals look.
    dropped = {"PYTHONUNBUFFERED", "NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    # Without numba a process starts in half of the time, and draws the same bits.
    return {**kept, "NUMBA_DISABLE_JIT": "1", **more}


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


class PausedCommand:
    """A command that is paused somewhere, in whatever process."""

    def __init__(self, site: Site, folder: Path, where: str, *arguments: object, after: int, children: bool) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(PAUSE)
        environment = {
            "PAUSE_AT": where,
            "PAUSE_AFTER": str(after),
            "PAUSE_PROCESSES": "children" if children else "all",
            "PAUSE_FOLDER": str(folder),
            "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
            "PYTHONSAFEPATH": "1",
        }
        self.folder = folder
        with (folder / "stderr").open("w") as stderr:
            self.process = site.start(*arguments, stderr=stderr, **environment)

    @property
    def stderr(self) -> str:
        """Its standard error so far."""
        return (self.folder / "stderr").read_text()

    def wait_until_paused(self, count: int = 1) -> None:
        """Wait until so many of its processes are paused."""

        def paused() -> bool:
            assert self.process.poll() is None, self.stderr
            return len(list(self.folder.glob("*.paused"))) >= count

        wait_for(paused, "a process that is paused")

    def resume(self) -> None:
        (self.folder / "gate").touch()

    def signal(self, number: signal.Signals, message: str | None = "stopping") -> None:
        """A signal to all processes, as a terminal or a queue sends it; wait until the message is on standard error."""
        os.killpg(self.process.pid, number)
        if message is not None:
            self.wait_for_message(message)

    def wait_for_message(self, message: str) -> None:
        wait_for(lambda: message in self.stderr or self.process.poll() is not None, f"the message {message!r}")
        assert message in self.stderr

    def end(self, code: int) -> tuple[str, str]:
        """Its output and its standard error, at its end; none of its processes is left."""
        out, _ = self.process.communicate(timeout=DEADLINE)
        assert self.process.returncode == code, self.stderr
        wait_for(lambda: not self.members(), "the end of all its processes")
        return out, self.stderr

    def members(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if _belongs(process, self.process.pid)]


StartPaused = Callable[..., PausedCommand]
"""The fixture `start_paused`."""


def _belongs(process: psutil.Process, session: int) -> bool:
    try:
        return os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False


def assert_one_line(err: str, *words: str) -> None:
    """Standard error is one line, which holds these words."""
    assert err.startswith("mvn-dask: error: ")
    assert err.count("\n") == 1, err
    assert err.endswith("\n")
    for word in words:
        assert word in err
