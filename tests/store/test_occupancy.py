import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mvn_dask.errors import StoreError, TargetBusyError
from mvn_dask.store.occupancy import occupy, occupy_alone

HOLD = """
import sys, pathlib
from mvn_dask.store.occupancy import occupy
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
        with pytest.raises(TargetBusyError, match="another job is writing"), occupy_alone(tmp_path):
            pass
        other.kill()
        other.wait()
        with occupy(tmp_path) as occupancy:
            assert occupancy.alone()
        with occupy_alone(tmp_path):
            pass


def test_whoever_failed_to_be_alone_and_shares_again_keeps_others_from_being_alone(tmp_path: Path) -> None:
    with occupy(tmp_path) as one, occupy(tmp_path) as other:
        assert not one.alone()
        one.share()
        assert not other.alone()
        other.share()
        with pytest.raises(TargetBusyError), occupy_alone(tmp_path):
            pass


def test_nobody_enters_beside_one_who_is_alone(tmp_path: Path) -> None:
    with occupy_alone(tmp_path), pytest.raises(TargetBusyError), occupy_alone(tmp_path):
        pass


def test_a_task_creates_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does this worker see it"), occupy(tmp_path / "x", create=False):
        pass
    assert not (tmp_path / "x").exists()
