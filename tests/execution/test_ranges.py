import numpy as np
import pytest

import mvn_dask
from mvn_dask.execution.cancellation import CancelToken, exit_if_cancelled
from mvn_dask.execution.pickling import PickledOnce
from mvn_dask.execution.ranges import MAX_RANGE_BLOCKS, range_size, run_range, split
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.layout import chunk_bytes
from tests.support.squares import Squares


@pytest.mark.parametrize(("count", "size"), [(0, 5), (1, 5), (1000, 10), (64, 16), (10**6, 1000)])
def test_ranges_get_shorter_towards_the_end(count: int, size: int) -> None:
    lengths = [len(block_range.numbers) for block_range in split(np.arange(count), size, threads=2)]
    assert sum(lengths) == count
    assert lengths == sorted(lengths, reverse=True)
    assert max(lengths, default=0) <= size
    assert count < 12 or lengths[-6:] == [1] * 6, "so that all threads end together"
    assert len(lengths) <= count / size + 8 * 6


@pytest.mark.parametrize(("rows", "expected"), [(1, MAX_RANGE_BLOCKS), (2**22, 15), (2**26, 1)])
def test_ranges_are_not_too_large(rows: int, expected: int) -> None:
    manifest, _ = manifest_of(mvn_dask.MultivariateNormal([0.0, 1.0], 1.0).sample(rows, seed=1, chunks=rows))
    assert range_size(chunk_bytes(manifest)) == expected


def cancellable_square(numbers: np.ndarray) -> list[int]:
    exit_if_cancelled()
    return Squares()(numbers)  # type: ignore[return-value]


def test_a_task_returns_results_or_none_if_its_job_was_cancelled() -> None:
    token, work = CancelToken(), PickledOnce(cancellable_square, {})
    assert run_range(work, np.array([3]), token.job_id) == [9]
    token.cancel()
    assert run_range(work, np.array([3]), token.job_id) is None
