import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mvn_dask.errors import StoreError
from mvn_dask.store.targets.occupancy import occupy, visit

HOLD = """
import sys, pathlib
from mvn_dask.store.targets.occupancy import occupy
with occupy(pathlib.Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(store: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is in the store."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        yield other
        other.kill()


def test_another_process_is_noticed_until_it_is_killed(tmp_path: Path) -> None:
    with another_process(tmp_path) as other:
        with occupy(tmp_path) as occupancy:
            assert not occupancy.alone()
        other.kill()
        other.wait()
        with occupy(tmp_path) as occupancy:
            assert occupancy.alone()


def test_whoever_failed_to_be_alone_and_shares_again_keeps_others_from_being_alone(tmp_path: Path) -> None:
    with occupy(tmp_path) as one, occupy(tmp_path) as other:
        assert not one.alone()
        one.share()
        assert not other.alone()
        other.share()
        with occupy(tmp_path) as third:
            assert not third.alone()


def test_a_forked_child_keeps_no_lock(tmp_path: Path) -> None:
    with occupy(tmp_path) as occupancy:
        assert occupancy.alone()
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
    try:
        with occupy(tmp_path) as occupancy:
            assert occupancy.alone()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.parametrize("kind", ["link", "linked folder", "pipe"])
def test_a_lock_that_is_no_plain_file_is_not_followed(kind: str, tmp_path: Path) -> None:
    hidden = tmp_path / "store" / ".mvn_dask"
    elsewhere = tmp_path / "elsewhere"
    if kind == "linked folder":
        elsewhere.mkdir()
        hidden.parent.mkdir()
        hidden.symlink_to(elsewhere)
    else:
        hidden.mkdir(parents=True)
        os.mkfifo(hidden / "lock") if kind == "pipe" else (hidden / "lock").symlink_to(elsewhere)
    for enter in (occupy, visit):
        with pytest.raises(StoreError, match="is a link, or no plain file"), enter(hidden.parent):
            pass
    assert not list(elsewhere.glob("*"))
    assert kind == "linked folder" or not elsewhere.exists()


def test_tasks_visit_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does this worker see it"), visit(tmp_path / "x"):
        pass
    assert not (tmp_path / "x").exists()
    with occupy(tmp_path) as job, visit(tmp_path):
        assert not job.alone()
