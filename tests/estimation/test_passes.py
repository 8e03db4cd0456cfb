from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np

from mvn_dask.estimation import passes
from mvn_dask.estimation.passes import Part, forests_of, results_of
from mvn_dask.estimation.row_source import RowSource
from mvn_dask.statistics.base import NextPass, Rows, Statistic

SEEN: list[tuple[str, int]] = []


@dataclass(frozen=True)
class Above(Statistic[tuple[int, float], tuple[int, float]]):
    """Rows above the mean of the first `pilot` rows, in two passes."""

    pilot: int = 10
    bound: float | None = None

    def first_rows(self, rows: int) -> int:
        return self.pilot if self.bound is None else rows

    def leaf(self, rows: Rows, first: int) -> tuple[int, float]:  # noqa: ARG002 the contract's
        if self.bound is None:
            return len(rows), float(rows.sum())
        return int(np.count_nonzero(rows > self.bound)), 0.0

    def merge(self, left: tuple[int, float], right: tuple[int, float]) -> tuple[int, float]:
        return left[0] + right[0], left[1] + right[1]

    def finalize(self, node: tuple[int, float]) -> "int | NextPass":  # type: ignore[override]
        if self.bound is None:
            return NextPass(Above(self.pilot, node[1] / node[0]))
        return node[0]


def counted(array: da.Array) -> Any:
    def look(block: Rows, block_id: tuple[int, ...]) -> Rows:
        SEEN.append(("block", block_id[0]))
        return block

    return da.map_blocks(look, array, meta=array._meta)


def test_a_pilot_computes_only_the_blocks_that_it_needs() -> None:
    numbers = np.arange(100.0)
    SEEN.clear()
    source = RowSource(counted(da.from_array(numbers, chunks=5)))
    (found,) = results_of(source, [Part((Above(), Above(20)), 0, 100)], columns=None, leaf_rows=8, omit=False)
    assert found.inner == (95, 90)
    blocks = [number for _, number in SEEN]
    # Two blocks, four blocks, then all of them, once for both.
    assert sorted(blocks[:6]) == [0, 0, 1, 1, 2, 3]
    assert sorted(blocks[6:]) == list(range(20))


def test_ranges_of_rows_are_arrays_of_their_own() -> None:
    numbers = np.random.default_rng(0).standard_normal(100)
    source = RowSource(da.from_array(numbers, chunks=7))
    bounds = [(0, 100), (10, 55), (55, 55), (99, 100)]
    found = results_of(
        source, [Part((Above(1, 0.0),), *each) for each in bounds], columns=None, leaf_rows=4, omit=False
    )
    assert [each.inner[0] for each in found] == [int((numbers[a:b] > 0).sum()) for a, b in bounds]


def test_nodes_of_ranges_of_one_array_fit_together() -> None:
    numbers = np.random.default_rng(0).standard_normal(100)
    source = RowSource(da.from_array(numbers, chunks=7))
    statistic = Above(1, 0.0)
    parts = [Part((statistic,), 0, 40, rows=100), Part((statistic,), 40, 100, rows=100)]
    forests = forests_of(source, parts, columns=None, leaf_rows=8, omit=False)
    forests[0].merge(forests[1])
    assert forests[0].result().inner[0] == int((numbers > 0).sum())  # type: ignore[union-attr]


def test_large_blocks_are_converted_piece_by_piece(monkeypatch: object) -> None:
    heights = []

    class Heights(Above):
        def subtree(self, rows: Rows, first: int, leaf_rows: int) -> tuple[int, float]:
            heights.append(len(rows))
            return super().subtree(rows, first, leaf_rows)

    source = RowSource(da.from_array(np.zeros((2 * passes.CONVERTED_NUMBERS, 2), np.float32), chunks=(-1, 2)))
    results_of(source, [Part((Heights(1, 0.0),), 0, source.rows)], columns=None, leaf_rows=2048, omit=False)
    assert max(heights) * 2 <= passes.CONVERTED_NUMBERS
