"""Jobs in processes of their own that pause at a given chunk, to be killed there or to go on."""

import os
import sys
import time
from collections.abc import Callable
from functools import cache
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dask
import dask.array as da
import pytest

import mvn_dask
from mvn_dask.errors import UnfinishedStoreError
from tests.support.stores import assert_no_reader_opens, chunks_in, killable, tree

ROOT = Path(__file__).parents[2]
CHUNKS = 32
DEADLINE = 120.0


def rows() -> da.Array:
    return killable(2)


@cache
def reference() -> dict[str, bytes]:
    """The store of an uninterrupted run."""
    with TemporaryDirectory() as folder, dask.config.set(scheduler="threads"):
        mvn_dask.to_zarr(rows(), folder)
        return tree(Path(folder))


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.002)


def gate(folder: Path) -> Path:
    """A file for which paused jobs wait."""
    return folder.with_name(f"{folder.name}.gate")


def barrier(folder: Path, pid: int | None) -> Path:
    """A file that a paused process makes."""
    return folder.with_name(f"{folder.name}.{pid}.waits")


def pause_after(folder: Path, chunks: int) -> None:
    """In this process no chunk takes its name from now on where so many are there, until the gate is open."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename" and f"{folder}/samples/c/" in str(arguments[1]) and chunks_in(folder) >= chunks:
            barrier(folder, os.getpid()).touch()
            wait_for(gate(folder).exists, "the gate")

    sys.addaudithook(hook)


def write_paused(folder: Path, chunks: int, part: tuple[int, int] | None = None) -> None:
    pause_after(folder, chunks)
    mvn_dask.to_zarr(rows(), folder, part=part)


def start(what: Callable[..., None], *arguments: object) -> BaseProcess:
    context = get_context("forkserver")
    process = context.Process(target=what, args=arguments)
    process.start()
    return process


def start_paused(folder: Path, chunks: int, part: tuple[int, int] | None = None) -> BaseProcess:
    """A job that stands still, with a chunk on its way in every thread."""
    job = start(write_paused, folder, chunks, part)
    wait_for(barrier(folder, job.pid).exists, "a job")
    return job


def end(job: BaseProcess, code: int = 0) -> None:
    job.join(DEADLINE)
    assert job.exitcode == code


def kill(job: BaseProcess) -> None:
    assert job.is_alive(), "it is on its way"
    job.kill()
    end(job, -9)


def assert_midway(folder: Path, chunks: int = CHUNKS) -> None:
    """Something is there, something is missing, and nobody takes it for a store."""
    assert 0 < chunks_in(folder) < chunks
    assert not list(folder.rglob("zarr.json"))
    assert_no_reader_opens(folder)
    with pytest.raises(UnfinishedStoreError, match=r"chunks of .* (is|are) missing"):
        mvn_dask.from_zarr(folder)
    report = mvn_dask.status(folder)
    assert (report.done, report.committed) == (chunks_in(folder), False)


def partials(folder: Path) -> list[Path]:
    return list(folder.rglob("*.partial"))
