from itertools import combinations

import numpy as np
import pytest

from mvn_dask.statistics.base import Counts, Rows
from mvn_dask.statistics.pair_counts import PairCounts
from tests.statistics.contract import check_statistic


@pytest.mark.parametrize("columns", [1, 2, 4])
def test_contract(columns: int) -> None:
    def check(result: Counts, rows: Rows) -> None:
        expected = np.zeros((columns * (columns - 1) // 2, 5, 5), np.int64)
        for pair, (i, j) in enumerate(combinations(range(columns), 2)):
            np.add.at(expected[pair], (rows[:, i], rows[:, j]), 1)
        np.testing.assert_array_equal(result, expected)

    rows = np.random.default_rng(0).integers(0, 5, (150, 4)).astype(np.uint8)
    check_statistic(PairCounts(columns, 5), rows, check)
