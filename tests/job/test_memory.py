import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mvn_dask.job.memory import run_memory, thread_bytes
from mvn_dask.job.preparation import prepare
from tests.support.jobs import job_in

MIB = 2**20
ROWS = 2**20
BLOCK = ROWS * 2 * 8


def memory(folder: Path, count: int | None, **cluster: Any) -> Any:
    job = job_in(folder, sample={"size": 8 * ROWS, "chunks": ROWS}, cluster=cluster)
    return run_memory(prepare(job), job.cluster, count)


def test_a_thread_takes_a_block_and_little_more(tmp_path: Path) -> None:
    whole = prepare(job_in(tmp_path, sample={"size": 8 * ROWS, "chunks": ROWS}))
    assert BLOCK < thread_bytes(whole) < 1.2 * BLOCK + 16 * MIB
    padded = prepare(job_in(tmp_path, sample={"size": 8 * ROWS - 1, "chunks": ROWS}))
    assert thread_bytes(padded) - thread_bytes(whole) == pytest.approx(BLOCK, rel=0.01)
    remote = prepare(job_in(tmp_path, sample={"size": 8 * ROWS, "chunks": ROWS}, output={"url": "memory://memory"}))
    assert thread_bytes(remote) == thread_bytes(padded)


def test_threads_share_a_process_and_processes_do_not(tmp_path: Path) -> None:
    threads = memory(tmp_path, 100, threads=100)
    # In a process that has taken more before, the plan names that.
    assert threads.total_bytes >= threads.process_bytes + 100 * threads.thread_bytes
    processes = memory(tmp_path, 100, kind="processes", workers=100)
    assert processes.total_bytes >= 101 * processes.process_bytes + 100 * processes.thread_bytes
    assert processes.total_bytes > threads.total_bytes


def test_of_workers_elsewhere_it_is_one_of_them(tmp_path: Path) -> None:
    worker = memory(tmp_path, 10, kind="slurm", workers=5, threads=2)
    assert worker.total_bytes == worker.process_bytes + 2 * worker.thread_bytes
    assert memory(tmp_path, None, kind="slurm", workers=5).total_bytes is None
    assert memory(tmp_path, None, kind="local", adaptive={"maximum": 4}).total_bytes is None


JOB = """\
version = 1
[distribution]
mean = 0.0
cov = [1.0, 2.0, 3.0, 4.0]
[sample]
size = 8_388_608
seed = 7
chunks = 1_048_576
[output]
url = "store.zarr"
[cluster]
threads = 3
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="reads what the system says of ended processes")
def test_as_much_as_the_system_says_a_run_takes(tmp_path: Path) -> None:
    """Each thread draws several chunks, one after the other: two at a time would take half as much again."""
    (tmp_path / "job.toml").write_text(JOB)
    command = [sys.executable, "-m", "mvn_dask"]
    planned = json.loads(
        subprocess.run(
            [*command, "plan", "job.toml", "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout
    )
    process = subprocess.Popen([*command, "run", "job.toml", "--quiet"], cwd=tmp_path, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    real = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert 0.8 * planned["memory_bytes"] < real < 1.1 * planned["memory_bytes"]
