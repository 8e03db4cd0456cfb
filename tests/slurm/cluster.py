"""A Slurm of our own: three daemons on the loopback, in a folder of their own, gone when the body ends.

Nothing of a Slurm or munge that the machine may have is read, written or talked to. No root is needed.
"""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import IO

import psutil

TEMPLATE = Path(__file__).with_name("slurm.conf.in")
DAEMONS = "munged", "slurmctld", "slurmd"
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/sbin"


class NoSlurmError(Exception):
    """Slurm cannot run here; the message says why."""


@dataclass(frozen=True)
class Slurm:
    """A running Slurm."""

    folder: Path
    """Where its daemons keep everything."""
    environment: dict[str, str]
    """What its commands, and those that they start, find in their environment."""
    prefix: tuple[str, ...]
    """What stands before each of its commands."""

    def command(self, *words: str | Path, cwd: Path | None = None) -> str:
        """Run `sbatch` and the like; what they print."""
        done = subprocess.run(
            [*self.prefix, *map(str, words)], check=False, capture_output=True, text=True, env=self.environment, cwd=cwd
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def logs(self) -> str:
        """The last lines of the daemons' logs."""
        tails = (f"{path.name}: {path.read_text()[-2000:]}" for path in sorted(self.folder.glob("*.log")))
        return "\n".join(tails)


@contextmanager
def running() -> Iterator[Slurm]:
    """A Slurm for the time of the body, with a node of 32 CPUs, whatever the machine has."""
    for daemon in DAEMONS:
        if shutil.which(daemon, path=PATH) is None:
            raise NoSlurmError(f"{daemon} is not installed (Debian: slurm-wlm and munge)")
    prefix, host, address = machine()
    # munge's socket has room for 107 characters.
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="mvn-slurm-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        environment = {**os.environ, "PATH": PATH, "SLURM_CONF": str(folder / "slurm.conf")}
        slurm = Slurm(folder, environment, prefix)
        stack.callback(kill_jobs, slurm)
        configure(slurm, host, address)
        start_munge(slurm, stack)
        start(slurm, stack, "slurmctld", "-D", "-c")
        start(slurm, stack, "slurmd", "-D", "-c")
        wait(slurm, lambda: "idle" in slurm.command("sinfo", "--noheader", "--format=%T"))
        try:
            yield slurm
        finally:
            with suppress(AssertionError):
                slurm.command("scancel", f"--user={getpass.getuser()}")
                wait(slurm, lambda: not slurm.command("squeue", "--noheader"))


def machine() -> tuple[tuple[str, ...], str, str]:
    """What stands before each command, the host's name, and the address that it resolves to, of the loopback.

    Slurm binds to the address of the host's name. Where that is none of the loopback, commands run
    under another name, which needs a right of root.
    """
    host = socket.gethostname().split(".")[0]
    for prefix, name in (
        ((), host),
        (("unshare", "--uts", "sh", "-c", 'hostname localhost; exec "$0" "$@"'), "localhost"),
    ):
        with suppress(OSError):
            address = socket.gethostbyname(name)
            if ip_address(address).is_loopback and not (
                prefix and subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode
            ):
                return prefix, name, address
    raise NoSlurmError(f"this machine's name, {host}, is none of 127.0.0.1: add it to that line of /etc/hosts")


def free_ports(number: int) -> list[int]:
    """Free ports of the loopback."""
    with ExitStack() as stack:
        found = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in found:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in found]


def configure(slurm: Slurm, host: str, address: str) -> None:
    """The folder, slurm.conf and cgroup.conf."""
    folder = slurm.folder
    folder.chmod(0o755)
    for name in "state", "spool":
        (folder / name).mkdir()
    controller, node = free_ports(2)
    text = TEMPLATE.read_text()
    for name, value in {
        "FOLDER": folder,
        "HOST": host,
        "ADDRESS": address,
        "USER": getpass.getuser(),
        "CONTROLLER_PORT": controller,
        "NODE_PORT": node,
    }.items():
        text = text.replace(f"@{name}@", str(value))
    (folder / "slurm.conf").write_text(text)
    (folder / "cgroup.conf").write_text(f"CgroupPlugin={cgroup_plugin(slurm)}\n")


def cgroup_plugin(slurm: Slurm) -> str:
    """The plugin that needs least of a container: slurmd loads one, though nothing here uses cgroups."""
    major, minor = slurm.command("slurmd", "-V").split()[-1].split(".")[:2]
    return "disabled" if (int(major), int(minor)) >= (23, 2) else "cgroup/v1"


def start_munge(slurm: Slurm, stack: ExitStack) -> None:
    """munged with a key of its own."""
    key, at = slurm.folder / "munge.key", slurm.folder / "munge.socket"
    key.touch(0o600)
    key.write_bytes(os.urandom(128))
    files = {"key-file": key, "socket": at, "pid-file": slurm.folder / "munge.pid", "seed-file": slurm.folder / "seed"}
    options = [f"--{name}={path}" for name, path in files.items()]
    start(slurm, stack, "munged", "--foreground", *options)
    wait(slurm, at.exists)


def start(slurm: Slurm, stack: ExitStack, *words: str) -> None:
    """A daemon in the foreground, that ends with the stack, and with us."""
    log: IO[bytes] = stack.enter_context((slurm.folder / f"{words[0]}.out.log").open("wb"))
    words = ("setpriv", "--pdeathsig", "TERM", *slurm.prefix, *words)
    daemon = subprocess.Popen(words, env=slurm.environment, stdout=log, stderr=log, cwd=slurm.folder)
    stack.callback(stop, daemon)


def stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(10)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def kill_jobs(slurm: Slurm) -> None:
    """End what jobs left: they outlive the daemon that started them."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("SLURM_CONF") == slurm.environment["SLURM_CONF"]:
                process.kill()


def wait(slurm: Slurm, condition: Callable[[], object], seconds: float = 30, pause: float = 0.2) -> None:
    """Return once the condition holds, looking again after a pause; commands that fail meanwhile do not count."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(AssertionError):
            if condition():
                return
        assert time.monotonic() < deadline, slurm.logs()
        time.sleep(pause)
