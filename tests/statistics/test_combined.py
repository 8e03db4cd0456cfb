import numpy as np

from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.combined import Combined
from mvn_dask.statistics.histogram import Histogram
from tests.statistics.contract import check_statistic
from tests.statistics.toy import LongestRun, longest_run


def test_contract() -> None:
    def check(result: tuple[object, ...], rows: Rows) -> None:
        longest, counts = result
        assert longest == longest_run(rows)
        assert isinstance(counts, np.ndarray)
        assert counts.sum() == len(rows)

    statistics = (LongestRun(), Histogram(np.array([0]), -1.0, 2.0, 4))
    check_statistic(Combined(statistics), np.random.default_rng(0).standard_normal((100, 2)), check)
