"""Any statistic over a store, and where chunks lie."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.scan import ChunkRange, ScanInput, chunk_range, scan
from mvn_dask.statistics.base import Rows, Statistic
from mvn_dask.store.format.layout import chunk_count, chunk_index, chunk_window
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.reading import Stored
from mvn_dask.store.storage.addressing import open_storage
from tests.reporting.samples import sample, selection_of
from tests.statistics.toy import LongestRun, longest_run


@dataclass(frozen=True, eq=False)
class StoredRows(ScanInput):
    """The rows as they are stored."""

    of_rows: Statistic[Any, Any]

    def statistic(self, part: int) -> Statistic[Any, Any]:  # noqa: ARG002 the same for all
        return self.of_rows

    def derive(self, chunk: ChunkRange, rows: Rows) -> Iterator[tuple[int, Rows]]:
        yield chunk.first, rows


@pytest.mark.parametrize(
    ("size", "chunks"), [(10, 3), ((4, 5), -1), ((4, 5), (2, 3)), ((4, 5), (3, 2)), ((2, 3, 4), (2, 2, 3)), ((), -1)]
)
def test_rows_are_numbered_in_the_order_in_which_they_lie(size: Any, chunks: Any) -> None:
    x = mvn_dask.MultivariateNormal([0.0] * 3, 1.0).sample(size, seed=1, chunks=chunks)
    manifest, seen = selection_of(x).manifest, 0
    for number in range(chunk_count(manifest)):
        chunk = chunk_range(manifest, number)
        window = chunk_window(manifest, chunk_index(manifest, number))
        assert (chunk.number, chunk.first) == (number, seen)
        assert chunk.rows == np.empty(x.shape)[window][..., 0].size
        assert (chunk.low, chunk.lengths) == (0, (3,))
        seen += chunk.rows
    assert seen == np.prod(size, dtype=int)


def test_chunks_that_split_the_variables() -> None:
    x = mvn_dask.MultivariateNormal([0.0] * 5, np.eye(5) + 0.5).sample(20, seed=1, chunks=(8, 2))
    chunks = [chunk_range(selection_of(x).manifest, number) for number in range(4)]
    assert [(c.first, c.rows, c.low, c.lengths) for c in chunks] == [
        (0, 8, 0, (2,)),
        (0, 8, 2, (2,)),
        (0, 8, 4, (1,)),
        (8, 8, 0, (2,)),
    ]


def opened(url: object) -> Stored:
    storage = open_storage(url)
    manifest = require_manifest(storage)
    return Stored(storage, manifest)


@pytest.mark.parametrize("chunks", [700, 2048, 3001, -1])
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_a_statistic_of_tests_over_a_store(tmp_path: Path, chunks: int, scheduler: str) -> None:
    x = sample(9_000, chunks=chunks) + 2.5
    url = tmp_path / "store"
    mvn_dask.to_zarr(x, url)
    inputs: list[ScanInput] = [StoredRows(9_000, leaf, LongestRun(2)) for leaf in (1000, 2048)]
    with dask.config.set(scheduler=scheduler):
        results = scan(opened(url), inputs, {})
    assert results == [{0: longest_run(x.compute(), 2)}] * 2


@pytest.mark.faults
def test_a_statistic_of_tests_on_a_cluster(tmp_path: Path, processes: Iterator[object]) -> None:
    x = sample(9_000, chunks=700)
    mvn_dask.to_zarr(x, tmp_path / "store")
    inputs = [StoredRows(9_000, 1000, LongestRun())]
    assert scan(opened(tmp_path / "store"), inputs, {}) == [{0: longest_run(x.compute(scheduler="threads"))}]


def test_chunks_of_other_columns_are_other_parts() -> None:
    x = mvn_dask.MultivariateNormal([0.0] * 5, np.eye(5) + 0.5).sample(200, seed=1, chunks=(80, 2))
    mvn_dask.to_zarr(x, "memory://scan-parts")
    (found,) = scan(opened("memory://scan-parts"), [StoredRows(200, 64, LongestRun())], {})
    assert found == {low: longest_run(x.compute(), low) for low in (0, 2, 4)}
