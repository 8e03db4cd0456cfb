import numpy as np

from mvn_dask.statistics.base import Scope
from mvn_dask.statistics.quantile import Quantile
from mvn_dask.statistics.rank_passes import AllValues


def test_prepared_takes_the_confidence_level_and_looks_at_first_rows() -> None:
    for rows, looked_at in ((10, 10), (2**16, 2**16), (2**16 + 1, 2**14)):
        prepared = Quantile(0.5).prepared(Scope(rows, 1, np.dtype(np.float64), 0.99))
        assert isinstance(prepared, AllValues)
        assert prepared.first_rows(rows) == looked_at
        assert prepared.goal == Quantile(0.5, confidence_level=0.99)


def test_unprepared_it_keeps_all_values() -> None:
    statistic, rows = Quantile(0.5), np.random.default_rng(0).standard_normal((2**17, 1))
    node = statistic.merge(statistic.leaf(rows[: 2**16], 0), statistic.leaf(rows[2**16 :], 2**16))
    assert statistic.finalize(node).value == np.sort(rows[:, 0])[2**16 - 1]
