from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
from distributed import Client

import mvn_dask
from mvn_dask.errors import TransportError, WorkersLostError
from mvn_dask.execution.engine import run
from mvn_dask.execution.ranges import RANGE_BLOCKS, range_size, split
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.layout import chunk_bytes
from tests.conftest import local_cluster
from tests.execution.test_engine import Counted, Failing, Squares, squares


def test_an_object_store_that_does_not_answer_is_asked_again(processes: Client, tmp_path: Path) -> None:
    assert squares(Failing(tmp_path, TransportError, times=2)) == [number**2 for number in range(100)]


def test_an_object_store_that_never_answers(processes: Client, tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="number 50"):
        squares(Failing(tmp_path, TransportError, times=99))


def test_workers_that_die_again_and_again(tmp_path: Path) -> None:
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "scheduler": "distributed"}),
        local_cluster() as cluster,
        Client(cluster),
        pytest.raises(WorkersLostError, match=r"could take \d+ bytes; a number takes 8 bytes. Use smaller `chunks`"),
    ):
        squares(Failing(tmp_path, SystemExit, times=99))


def test_a_range_is_done_again_whose_worker_died(tmp_path: Path) -> None:
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "scheduler": "distributed"}),
        local_cluster() as cluster,
        Client(cluster),
    ):
        assert squares(Failing(tmp_path, SystemExit, times=2)) == [number**2 for number in range(100)]


def test_only_a_window_of_ranges_is_on_its_way(processes: Client, tmp_path: Path) -> None:
    """What waits on the scheduler does not grow with the number of blocks."""
    told = run(Squares(tmp_path), np.arange(5000, dtype=np.int64), 1, Counted(5000, "numbers"))
    next(told)

    def waiting(dask_scheduler: Any) -> int:
        return len(dask_scheduler.tasks)

    assert processes.run_on_scheduler(waiting) < 150
    told.close()
    assert len(list(tmp_path.iterdir())) < 1000, "what was not submitted is not begun after the end"


@pytest.mark.parametrize(("count", "size"), [(0, 5), (1, 5), (1000, 10), (64, 16), (10**6, 1000)])
def test_ranges_get_shorter_towards_the_end(count: int, size: int) -> None:
    lengths = [len(piece.numbers) for piece in split(np.arange(count), size, threads=2)]
    assert sum(lengths) == count
    assert lengths == sorted(lengths, reverse=True)
    assert max(lengths, default=0) <= size
    assert count < 12 or lengths[-6:] == [1] * 6, "so that all threads end together"
    assert len(lengths) <= count / size + 8 * 6


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(1, RANGE_BLOCKS), (2**22, 15), (2**26, 1)],
)
def test_ranges_are_not_too_large(rows: int, expected: int) -> None:
    manifest, _ = manifest_of(mvn_dask.MultivariateNormal([0.0, 1.0], 1.0).sample(rows, seed=1, chunks=rows))
    assert range_size(chunk_bytes(manifest)) == expected
