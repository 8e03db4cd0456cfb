"""The command `doctor`, in environments as they are, and in odd ones."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mvn_dask
from mvn_dask.cli.application import run
from mvn_dask.diagnosis.base import Finding
from mvn_dask.diagnosis.diagnose import Diagnosis

ROOT = Path(mvn_dask.__file__).parents[1]
# In a namespace of its own: nothing can be written, but to /dev, and there are no semaphores.
READ_ONLY = """
mount -t tmpfs -o ro none "$HOME" && umount -l /dev/shm && mount -t tmpfs -o ro none /dev/shm || exit 99
for folder in /tmp /var/tmp "$PACKAGE"; do mount --bind "$folder" "$folder" && mount -o remount,ro,bind "$folder"; done
cd "$PACKAGE"
exec "$@"
"""


def grades(content: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["grade"] for each in content["results"]}


def test_text_json_and_exit_codes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for grade, code in (("warning", 0), ("fault", 1)):
        found = Diagnosis((Finding("clock", grade, "1970", "set it"),))  # type: ignore[arg-type]
        monkeypatch.setattr("mvn_dask.diagnosis.diagnose.diagnose", lambda found=found: found)
        assert run(["doctor"]) == code
        assert capsys.readouterr().out.splitlines()[0].split() == [grade, "clock", "1970"]
        assert run(["doctor", "--json"]) == code
        content = json.loads(capsys.readouterr().out)
        assert content == {
            "ok": code == 0,
            "results": [{"name": "clock", "grade": grade, "value": "1970", "cure": "set it"}],
        }


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A home, packages and a folder for temporary files that are read-only, and no shared memory."""
    command = [sys.executable, "-m", "mvn_dask", "doctor", "--json"]
    environment = {**os.environ, "HOME": str(tmp_path), "PACKAGE": str(ROOT), "NUMBA_CACHE_DIR": "/proc/none"}
    environment["PYTHONPATH"] = str(ROOT)
    namespace = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh"]
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    done = subprocess.run([*namespace, *command], capture_output=True, text=True, check=False, env=environment)
    if done.returncode == 99 or "unshare failed" in done.stderr:
        pytest.skip("nothing can be mounted here")
    assert done.stderr == ""
    assert done.returncode == 1
    found = grades(json.loads(done.stdout))
    for name in ("home", "shared memory", "working folder", "compiled code"):
        assert found[name] == "warning", name
    assert found["temporary files"] == "fault"
    assert found["clock"] == found["numpy"] == found["loopback"] == "ok"


def test_without_numba() -> None:
    code = "import sys; sys.modules['numba'] = None; from mvn_dask.cli import main; main()"
    command = [sys.executable, "-c", code, "doctor", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    found = grades(json.loads(done.stdout))
    assert (found["numba"], found["compiled code"]) == ("warning", "warning")
