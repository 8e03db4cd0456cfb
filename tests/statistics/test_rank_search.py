import numpy as np

from mvn_dask.statistics.expected_shortfall import ExpectedShortfall
from mvn_dask.statistics.order_statistics import OrderedColumn
from mvn_dask.statistics.quantile import Quantile
from mvn_dask.statistics.rank_search import Search


def test_what_is_known_grows_and_the_search_before_is_as_it_was() -> None:
    begun = Search.begun(Quantile(0.5), 100, 1)
    # The interval's ranks are 39 and 60, the median's 49.
    upper = OrderedColumn(48.0, 70.0, (48, 1, 21, 1, 29, 0), np.arange(49.0, 70.0), np.zeros(3))
    search = begun.learned(lambda *_: upper)
    assert search.found[:, 0, 0].tolist() == [False, True, True]
    assert search.values[1:, 0, 0].tolist() == [49.0, 60.0]
    assert (search.limits[:, 0, 0, 0].tolist(), search.ranks[:, 0, 0, 0].tolist()) == ([-np.inf, 48.0], [0, 48])
    assert search.searched.all()
    assert not begun.found.any()
    lower = OrderedColumn(30.0, 39.0, (30, 1, 8, 1, 60, 0), np.arange(31.0, 39.0), np.zeros(3))
    done = search.learned(lambda *_: lower)
    assert done.found.all()
    assert done.passes == 2
    assert done.result().value.tolist() == [49.0]
    assert done.result().count.tolist() == [100]


def test_other_numbers_are_those_of_the_pass_that_finds_the_value() -> None:
    missed = OrderedColumn(10.0, 20.0, (10, 1, 9, 1, 79, 0), np.arange(11.0, 20.0), np.array([79.0, 4740.0, 0.0]))
    search = Search.begun(ExpectedShortfall(0.9), 100, 1).learned(lambda *_: missed)
    assert np.isnan(search.extras).all()
    found = OrderedColumn(80.0, 95.0, (80, 1, 14, 1, 4, 0), np.arange(81.0, 95.0), np.array([4.0, 390.0, 5.0]))
    assert search.learned(lambda *_: found).result().value.tolist() == [94.5]


def test_a_column_without_values_is_not_searched() -> None:
    nothing = OrderedColumn.of(np.full(5, np.nan))
    assert Search.begun(Quantile(0.5), 5, 1).learned(lambda *_: nothing).found.all()
