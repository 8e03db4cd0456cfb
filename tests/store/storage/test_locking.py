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
from mvn_dask.store.storage.locking import session as folder_session
from mvn_dask.store.storage.locking import task_session

HOLD = """
import sys, pathlib
from mvn_dask.store.storage.locking import session as folder_session
with folder_session(pathlib.Path(sys.argv[1])):
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
        with folder_session(tmp_path) as session:
            assert not session.try_exclusive()
        other.kill()
        other.wait()
        with folder_session(tmp_path) as session:
            assert session.try_exclusive()


def test_whoever_failed_to_be_alone_and_shares_again_keeps_others_from_being_alone(tmp_path: Path) -> None:
    with folder_session(tmp_path) as one, folder_session(tmp_path) as other:
        assert not one.try_exclusive()
        one.acquire_shared()
        assert not other.try_exclusive()
        other.acquire_shared()
        with folder_session(tmp_path) as third:
            assert not third.try_exclusive()


def test_a_forked_child_keeps_no_lock(tmp_path: Path) -> None:
    with folder_session(tmp_path) as session:
        assert session.try_exclusive()
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
    try:
        with folder_session(tmp_path) as session:
            assert session.try_exclusive()
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
    for enter in (folder_session, task_session):
        with pytest.raises(StoreError, match="is a link, or no plain file"), enter(hidden.parent):
            pass
    assert not list(elsewhere.glob("*"))
    assert kind == "linked folder" or not elsewhere.exists()


def test_tasks_visit_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does this worker see it"), task_session(tmp_path / "x"):
        pass
    assert not (tmp_path / "x").exists()
    with folder_session(tmp_path) as job, task_session(tmp_path):
        assert not job.try_exclusive()
