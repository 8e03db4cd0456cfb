import numpy as np

import mvn_dask
from mvn_dask.reporting.selection import MOST_COLUMNS, MOST_PAIRED, evenly
from tests.reporting.samples import sample, selection_of


def test_chunks_cut_along_the_variables() -> None:
    x = mvn_dask.MultivariateNormal([0.0] * 5, np.eye(5) + 0.5).sample(20, seed=1, chunks=(8, 2))
    selection = selection_of(x)
    assert selection.stride == 0
    assert selection.together.tolist() == np.kron(np.eye(3, dtype=bool), np.ones((2, 2), bool))[:5, :5].tolist()
    assert "no chunk holds whole rows" in selection.left_out()[-1]


def test_segments_cover_all_rows() -> None:
    for rows in (1, 3, 127, 128, 1000, 12345):
        selection = selection_of(mvn_dask.MultivariateNormal([0.0], 1.0).sample(rows, seed=1))
        expected = np.arange(rows) * selection.segments // rows
        assert np.repeat(np.arange(selection.segments), np.diff(selection.starts)).tolist() == expected.tolist()


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
    assert selection.row_range(0) == "rows 0 to 312"
    assert selection.row_range(127) == "rows 39,688 to 39,999"
    assert selection_of(sample(1)).row_range(0) == "row 0"
