import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mvn_dask.diagnosis import machine
from mvn_dask.diagnosis.base import Finding


def only(results: Iterator[Finding]) -> Finding:
    (found,) = results
    return found


def test_everything_is_found_here() -> None:
    found = [
        only(check()) for check in (machine.cores, machine.memory, machine.open_files, machine.blas, machine.clock)
    ]
    assert [each.name for each in found] == ["cores", "memory", "open files", "BLAS", "clock"]
    assert "thread" in found[3].value
    assert not [each for each in found if each.grade == "fault"]


def in_a_process(call: str, *, limit: str = "") -> str:
    """A finding of a process with its own limits."""
    code = f"{limit}\nfrom mvn_dask.diagnosis import machine\nprint(*{call})"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path.cwd()).stdout


def test_cores_of_a_process_that_may_use_one() -> None:
    if (os.cpu_count() or 1) > 1 and hasattr(os, "sched_setaffinity"):
        limit = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})"
        assert "1 core of " in in_a_process("machine.cores()", limit=limit)


def test_little_memory_and_few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.memory_limit.memory_limit", lambda: 2**29)
    found = only(machine.memory())
    assert (found.grade, found.value.startswith("512 MiB for this process, 512 MiB free now, of ")) == ("warning", True)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (machine.MIN_OPEN_FILES - 1, before[1]))
    try:
        found = only(machine.open_files())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert (found.grade, found.value, found.cure) == ("warning", "511 at most", "ulimit -n 4096")


def test_more_threads_than_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dask.system.CPU_COUNT", 0)
    found = only(machine.blas())
    assert found.grade == "warning"
    assert "OMP_NUM_THREADS=0" in str(found.cure)


@pytest.mark.parametrize(("shift", "grade", "words"), [(-4e9, "fault", "19"), (-100.0, "warning", "1 min 40 s ahead"),
                                                       (100.0, "warning", "behind"), (0.0, "ok", "20")])  # fmt: skip
def test_a_clock_that_is_wrong(shift: float, grade: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + shift)
    found = only(machine.clock())
    assert found.grade == grade
    assert words in found.value
