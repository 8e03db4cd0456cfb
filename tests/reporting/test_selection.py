from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.selection import MOST_COLUMNS, MOST_PAIRED, evenly
from mvn_dask.store.format.layout import chunk_count, chunk_index, chunk_window
from tests.reporting.planting import scan_of


@pytest.mark.parametrize(
    ("size", "chunks"),
    [(10, 3), ((4, 5), -1), ((4, 5), (2, 3)), ((4, 5), (3, 2)), ((2, 3, 4), (2, 2, 3)), ((), -1)],
)
def test_rows_are_numbered_in_the_order_in_which_they_lie(size: Any, chunks: Any) -> None:
    x = mvn_dask.MultivariateNormal([0.0] * 3, 1.0).sample(size, seed=1, chunks=chunks)
    selection = scan_of(x).selection
    seen = 0
    for number in range(chunk_count(selection.record)):
        place = selection.place(number)
        window = chunk_window(selection.record, chunk_index(selection.record, number))
        assert place.first == seen
        assert place.rows == np.empty(x.shape)[window][..., 0].size
        assert (place.low, place.high) == (0, 3)
        seen += place.rows
    assert seen == selection.rows == np.prod(size, dtype=int)


def test_chunks_cut_along_the_variables() -> None:
    x = mvn_dask.MultivariateNormal([0.0] * 5, np.eye(5) + 0.5).sample(20, seed=1, chunks=(8, 2))
    selection = scan_of(x).selection
    places = [selection.place(number) for number in range(9)]
    assert [(p.first, p.rows, p.low, p.high) for p in places[:4]] == [
        (0, 8, 0, 2),
        (0, 8, 2, 4),
        (0, 8, 4, 5),
        (8, 8, 0, 2),
    ]
    assert selection.stride == 0
    assert selection.together.tolist() == np.kron(np.eye(3, dtype=bool), np.ones((2, 2), bool))[:5, :5].tolist()
    assert "no chunk holds whole rows" in selection.left_out()[-1]


def test_stretches_cover_all_rows() -> None:
    for rows in (1, 3, 127, 128, 1000, 12345):
        selection = scan_of(mvn_dask.MultivariateNormal([0.0], 1.0).sample(rows, seed=1)).selection
        assert (
            selection.segment(np.arange(rows)).tolist()
            == np.repeat(np.arange(selection.segments), np.diff(selection.starts)).tolist()
        )


def test_what_is_kept_has_a_bound() -> None:
    small = scan_of(mvn_dask.MultivariateNormal([0.0] * 3, 1.0).sample(10, seed=1)).selection
    assert small.left_out() == []
    large = scan_of(mvn_dask.MultivariateNormal(np.zeros(10**6), 1.0).sample(10, seed=1)).selection
    assert len(large.columns) == MOST_COLUMNS
    assert len(large.paired) == MOST_PAIRED
    assert len(large.left_out()) == 4
    assert "16,384 of 1,000,000" in large.left_out()[0]


def test_many_rows_of_many_variables_are_not_all_whitened() -> None:
    normal = mvn_dask.MultivariateNormal(np.zeros(300), np.eye(300) + 0.1, method="cholesky")
    few, many = (scan_of(normal.sample(rows, seed=1)).selection for rows in (1000, 10**7))
    assert (few.stride, many.stride) == (1, 8)
    assert "one row in 8" in many.left_out()[-1]
    diagonal = mvn_dask.MultivariateNormal(np.zeros(300), 1.0)
    assert scan_of(diagonal.sample(10**9, seed=1)).selection.stride == 2


def test_evenly() -> None:
    for count, most in ((0, 5), (5, 5), (6, 5), (1000, 128)):
        chosen = evenly(count, most)
        assert len(np.unique(chosen)) == len(chosen) == min(count, most)
        assert chosen.max(initial=-1) < count
