"""Scripts with and without a guard, run as users run them."""

import os
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest

import mvn_dask
from mvn_dask.execution.process_start import GUARD, StartSignal, exit_if_main_is_imported, observed_by, start_signal

SAMPLE = """
import dask, mvn_dask
x = mvn_dask.MultivariateNormal([0.0, 1.0], [4.0, 9.0]).sample(100_000, seed=1, chunks=20_000)
"""
WRITE = """with dask.config.set(scheduler="processes", num_workers=2):
    mvn_dask.to_zarr(x, "store", overwrite=True)
"""
WHOLE = """with dask.config.set(scheduler="processes", num_workers=2):
    mvn_dask.to_zarr(x - x.mean(axis=0), "store")
"""
JOB = """
import mvn_dask
job = mvn_dask.Job.from_mapping({
    "version": 1,
    "distribution": {"mean": [0.0, 1.0], "cov": [4.0, 9.0]},
    "sample": {"size": 100_000, "seed": 1, "chunks": 20_000},
    "output": {"url": "store"},
    "cluster": {"kind": "KIND", "workers": 2},
})
job.run()
"""
SCRIPTS = {
    "to_zarr": SAMPLE + WRITE,
    "to_zarr of a graph that shares work": SAMPLE + WHOLE,
    "a job on processes": JOB.replace("KIND", "processes"),
    "a job on a local cluster": JOB.replace("KIND", "local"),
}


def ran(folder: Path, script: str | None, standard_input: str | None = None) -> "subprocess.CompletedProcess[str]":
    path = folder / "script.py"
    path.write_text(script or "")
    # Where the package is, for an interpreter that was started in another folder.
    environment = {**os.environ, "PYTHONPATH": str(Path(mvn_dask.__file__).parents[1])}
    command = [sys.executable, "-" if script is None else str(path)]
    return subprocess.run(
        command, cwd=folder, env=environment, input=standard_input, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.faults if name == "to_zarr" else pytest.mark.slow) for name in SCRIPTS],
)
def test_a_script_without_a_guard_is_named(name: str, tmp_path: Path) -> None:
    end = ran(tmp_path, SCRIPTS[name])
    lines = end.stderr.splitlines()
    assert end.returncode == 1
    assert len(lines) < 80, end.stderr
    assert "WorkersLostError: the " in lines[-1]
    assert f"imports {tmp_path / 'script.py'} first, and runs all of it but what stands under `{GUARD}`" in lines[-1]
    own = [line for line in lines if line.startswith(f"mvn_dask: {tmp_path / 'script.py'}:")]
    assert 1 <= len(own) <= 2, "a line for each process, and no traceback"
    # The way out: the same script with its statements under the guard goes on.
    body = "".join(f"    {line}\n" for line in SCRIPTS[name].splitlines())
    end = ran(tmp_path, f"{GUARD}\n{body}")
    assert end.returncode == 0, end.stderr
    assert mvn_dask.verify(tmp_path / "store", level="checksum").ok


@pytest.mark.faults
def test_a_program_from_standard_input_has_no_file_to_import(tmp_path: Path) -> None:
    end = ran(tmp_path, None, SAMPLE + WRITE)
    assert end.returncode == 1
    assert "WorkersLostError: the processes ended before they began" in end.stderr.splitlines()[-1]
    assert "save the program as a file" in end.stderr.splitlines()[-1]


def test_the_signal_is_set_by_the_first_process_that_begins() -> None:
    context = get_context("spawn")
    signal = StartSignal(context)
    assert start_signal() is None
    with observed_by(signal):
        assert start_signal() is signal
    assert not signal.seen
    process = context.Process(target=signal.initializer(exit_if_main_is_imported))
    process.start()
    process.join()
    assert signal.seen
    assert process.exitcode == 0, "a process that has begun may start others"
