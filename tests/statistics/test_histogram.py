import numpy as np
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.statistics.base import NextPass, Rows, Scope
from mvn_dask.statistics.histogram import BinnedColumns, FullRange, Histogram, HistogramCounts
from tests.statistics.contract import check_statistic, forest_of, result_of

EDGES = np.array([-1.0, -0.25, 0.5, 1.0])


def test_contract() -> None:
    def check(result: HistogramCounts, rows: Rows) -> None:
        for column, values in enumerate(rows.T):
            assert result.counts[:, column].tolist() == np.histogram(values, EDGES)[0].tolist()
        assert result.below.tolist() == (rows < -1).sum(axis=0).tolist()
        assert result.above.tolist() == (rows > 1).sum(axis=0).tolist()

    rows = np.random.default_rng(0).standard_normal((117, 2))
    rows[:3] = [[1.0, 0.5], [-1.0, -np.inf], [np.inf, 1.0]]
    check_statistic(BinnedColumns(EDGES), rows, check)


def test_bins_over_the_full_range_are_numpys() -> None:
    def check(result: NextPass, rows: Rows) -> None:
        counted = result_of(result.statistic, rows, 10)
        for column, values in enumerate(rows.T):
            counts, edges = np.histogram(values, 5)
            np.testing.assert_allclose(counted.edges[:, column], edges)
            assert counted.counts[:, column].sum() == len(values)
            assert counted.counts[:, column].tolist() == np.histogram(values, counted.edges[:, column])[0].tolist()
            assert abs(counted.counts[:, column] - counts).sum() <= 2

    rows = np.random.default_rng(0).standard_normal((117, 2))
    rows[:, 1] = 3.0
    result = forest_of(FullRange(5), rows, 8).result()
    assert isinstance(result, NextPass)
    assert isinstance(result.statistic, BinnedColumns)
    check(result, rows)
    assert result.statistic.edges[:, 1].tolist() == np.histogram(rows[:, 1], 5)[1].tolist()


def test_one_column_gives_numbers_and_a_density() -> None:
    found = result_of(BinnedColumns(EDGES), np.random.default_rng(0).uniform(-1, 1, (4000, 1)), 512).squeezed()
    assert found.counts.shape == (3,)
    assert found.count == 4000
    assert abs(found.density - 0.5).max() < 0.05


@pytest.mark.parametrize("bins", [0, 1.5, [1.0], [2.0, 1.0], [0.0, np.nan], 2**17])
def test_bad_bins(bins: object) -> None:
    with pytest.raises((ArgumentError, TypeError), match="`bins` must"):
        Histogram(bins)  # type: ignore[arg-type]


def test_infinite_numbers_have_no_full_range() -> None:
    with pytest.raises(ArgumentError, match="`bins` must be edges where numbers are infinite"):
        result_of(FullRange(5), np.array([[1.0], [np.inf]]), 1)


def test_what_is_asked_for_is_prepared() -> None:
    scope = Scope(10, 1, np.dtype(np.float64))
    assert Histogram(5).prepared(scope) == FullRange(5)
    assert repr(Histogram(EDGES)) == "Histogram(bins=3)"


@pytest.mark.parametrize("numbers", [[-1e308, 1e308], [1.0, np.nextafter(1.0, 2.0)], [1e300, 1e300]])
def test_a_range_without_so_many_bins_is_refused(numbers: list[float]) -> None:
    with pytest.raises(ArgumentError, match="float64 has no 5 bins of equal width from "):
        result_of(FullRange(5), np.column_stack([[0.0, 1.0], numbers]), 8)
