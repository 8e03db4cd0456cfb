import subprocess
import sys
from pathlib import Path

import pytest

from mvn_dask.errors import TargetBusyError
from mvn_dask.store.occupancy import occupy, occupy_alone

HOLD = """
import sys, pathlib
from mvn_dask.store.occupancy import occupy
with occupy(pathlib.Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / ".mvn_dask").mkdir()
    (tmp_path / ".mvn_dask" / "plan.json").touch()
    return tmp_path


def test_another_process_is_noticed_until_it_is_killed(store: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with occupy(store) as occupancy:
            assert not occupancy.alone()
        with pytest.raises(TargetBusyError, match="another job is writing"), occupy_alone(store):
            pass
        other.kill()
        other.wait()
        with occupy(store) as occupancy:
            assert occupancy.alone()
        with occupy_alone(store):
            pass
