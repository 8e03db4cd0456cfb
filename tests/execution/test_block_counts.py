"""Blocks are counted one by one, while the range that holds them is still at work, wherever that is."""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
from distributed import Client

from mvn_dask.execution import block_counts
from mvn_dask.execution.block_counts import blocks_counted, count_block, task_of_run
from mvn_dask.execution.engine import run
from mvn_dask.execution.progress import Progress, ProgressState, report_progress_to
from mvn_dask.execution.ranges import BlockNumbers
from mvn_dask.job.process_pool import process_pool
from tests.support.command import wait_for
from tests.support.squares import Squares


@dataclass(frozen=True)
class Gated(Squares):
    """Counts half of its blocks, then waits until the file "gate" is there."""

    def __call__(self, numbers: BlockNumbers) -> Sequence[Any]:
        assert self.folder is not None
        for place, _ in enumerate(numbers.tolist()):
            if place == len(numbers) // 2:
                wait_for((self.folder / "gate").exists, "the gate")
            count_block()
        return ()


@contextmanager
def scheduler(where: str, request: pytest.FixtureRequest) -> Iterator[None]:
    if where in {"threads", "processes"}:
        request.getfixturevalue({"threads": "threads", "processes": "processes"}[where])
        yield
    elif where == "pool":
        with process_pool(1):
            yield
    else:
        with dask.config.set(scheduler="threads", num_workers=1):
            yield


@pytest.mark.parametrize(
    "where",
    [
        "local threads",
        pytest.param("processes", marks=pytest.mark.faults),
        pytest.param("threads", marks=pytest.mark.slow),
        pytest.param("pool", marks=pytest.mark.slow),
    ],
)
def test_blocks_are_counted_while_their_range_runs(
    where: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block_counts, "MESSAGE_SECONDS", 0.0)  # of this process, not of workers
    seen: list[int] = []

    def look(state: ProgressState) -> None:
        seen.append(state.done)
        if state.done:
            (tmp_path / "gate").touch()

    # One range of 8 blocks, whose task ends only when the first of them was reported.
    with scheduler(where, request), report_progress_to(look), Progress(8, "block", 8) as progress:
        monkeypatch.setattr("mvn_dask.execution.ranges.RANGES_PER_THREAD", 0.1)
        list(run(Gated(tmp_path), np.arange(8), 8, progress))
    assert seen[0] == 0
    assert 0 < next(count for count in seen if count) < 8
    assert seen[-1] == 8
    assert seen == sorted(seen)
    assert not block_counts._listeners


def test_outside_of_tasks_nothing_is_counted() -> None:
    found: list[int] = []
    with blocks_counted("run", found.append, None):
        count_block()
        with task_of_run("another"):
            count_block()
        assert not found
        with task_of_run("run"):
            count_block()
    assert found == [1]
    assert not block_counts._unsent


def test_messages_of_a_worker_are_few(processes: Client, tmp_path: Path) -> None:
    """However many blocks it does: the first at once, then one a second, and the rest at the end of a task."""
    seen: list[int] = []

    def count_many(run: str, n: int) -> None:
        with task_of_run(run):
            for _ in range(n):
                count_block()

    with blocks_counted("many", seen.append, processes):
        processes.submit(count_many, "many", 10_000, pure=False).result()
        wait_for(lambda: sum(seen) == 10_000, "the counts")
    assert seen[0] == 1
    assert len(seen) < 100


def test_a_pool_counts_in_shared_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = multiprocessing.get_context("spawn").Value("q", 0)
    monkeypatch.setattr(block_counts, "_shared_counter", None)
    block_counts.count_in(counter)
    with task_of_run("elsewhere"):
        count_block()
        count_block()
    assert counter.value == 2
