from typing import Any

import numpy as np

import mvn_dask
from mvn_dask._typing import Size
from mvn_dask.reporting.selection import MOST_COLUMNS, MOST_PAIRED, MOST_SEGMENTS, evenly
from tests.reporting.samples import sample, selection_of


def test_chunks_cut_along_the_variables() -> None:
    x = mvn_dask.MultivariateNormal([0.0] * 5, np.eye(5) + 0.5).sample(20, seed=1, chunks=(8, 2))
    selection = selection_of(x)
    assert selection.stride == 0
    assert selection.together.tolist() == np.kron(np.eye(3, dtype=bool), np.ones((2, 2), bool))[:5, :5].tolist()
    assert "no chunk holds whole rows" in selection.left_out()[-1]


def starts_of(rows: Size, chunks: Any) -> list[int]:
    x = mvn_dask.MultivariateNormal([0.0] * 4, 1.0).sample(rows, seed=1, chunks=chunks)
    return [int(start) for start in selection_of(x).starts]


def test_segments_are_whole_chunks() -> None:
    for rows, chunks in ((20_000, 250), (12_345, 100), (6400, 100)):
        starts = starts_of(rows, chunks)
        assert starts[0] == 0
        assert starts[-1] == rows
        assert 32 < len(starts) - 1 <= MOST_SEGMENTS
        assert set(starts[:-1]) <= set(range(0, rows, chunks))
    assert starts_of(6400, 100) == [*range(0, 6400, 100), 6400]


def test_or_equal_parts_of_chunks() -> None:
    assert starts_of(3000, 1500) == [*np.arange(65) * 3000 // 64]
    assert starts_of(3000, (3000, 2)) == [*np.arange(65) * 3000 // 64], "the rows are those of any columns"
    # The last chunk has a single row, and no more parts than that.
    assert starts_of(2001, 1000)[-3:] == [1952, 2000, 2001]
    assert [starts_of(rows, -1) for rows in (0, 1, 31, 32)] == [[0, 0], [0, 1], [0, 31], [0, 16, 32]]


def test_chunks_of_rows_along_two_axes_follow_one_another() -> None:
    # Of 4 x 50 rows, in chunks of 2 x 30: 60 rows, 40, 60 and 40.
    starts = starts_of((4, 50), (2, 30))
    assert {0, 60, 100, 160, 200} <= set(starts)
    assert len(starts) - 1 == 12


def test_what_is_kept_has_a_bound() -> None:
    small = selection_of(mvn_dask.MultivariateNormal([0.0] * 3, 1.0).sample(10, seed=1))
    assert small.left_out() == []
    large = selection_of(mvn_dask.MultivariateNormal(np.zeros(10**6), 1.0).sample(10, seed=1))
    assert len(large.columns) == MOST_COLUMNS
    assert len(large.paired) == MOST_PAIRED
    assert len(large.left_out()) == 4
    assert "16,384 of 1,000,000" in large.left_out()[0]


def test_many_rows_of_many_variables_are_not_all_whitened() -> None:
    normal = mvn_dask.MultivariateNormal(np.zeros(300), np.eye(300) + 0.1, method="cholesky")
    few, many = (selection_of(normal.sample(rows, seed=1)) for rows in (1000, 10**7))
    assert (few.stride, many.stride) == (1, 8)
    assert "one row in 8" in many.left_out()[-1]
    diagonal = mvn_dask.MultivariateNormal(np.zeros(300), 1.0)
    assert selection_of(diagonal.sample(10**9, seed=1)).stride == 2


def test_evenly() -> None:
    for count, most in ((0, 5), (5, 5), (6, 5), (1000, 128)):
        chosen = evenly(count, most)
        assert len(np.unique(chosen)) == len(chosen) == min(count, most)
        assert chosen.max(initial=-1) < count


def test_rows_of_segments() -> None:
    selection = selection_of(sample(40_000))
    assert selection.row_range(0) == "rows 0 to 624"
    assert selection.row_range(63) == "rows 39,375 to 39,999"
    assert selection_of(sample(1)).row_range(0) == "row 0"
