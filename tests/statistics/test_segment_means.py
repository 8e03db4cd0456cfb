from itertools import pairwise

import numpy as np
import pytest

from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.segment_means import SegmentMeans, Segments
from tests.statistics.contract import check_statistic


@pytest.mark.parametrize("starts", [[0, 120], [0, 50, 51, 99, 120], [0, 30, 30, 90, 120, 120], list(range(121))])
@pytest.mark.parametrize("columns", [[0, 1, 2], [1]])
def test_contract(starts: list[int], columns: list[int]) -> None:
    def check(result: Segments, rows: Rows) -> None:
        np.testing.assert_array_equal(result.counts, np.diff(starts))
        parts = [rows[start:stop, columns] for start, stop in pairwise(starts)]
        expected = [part.mean(axis=0) if len(part) else np.zeros(len(columns)) for part in parts]
        np.testing.assert_allclose(result.means, expected, rtol=1e-13, atol=1e-14)
        expected = [(part**2).mean(axis=0) if len(part) else np.zeros(len(columns)) for part in parts]
        np.testing.assert_allclose(result.mean_squares, expected, rtol=1e-13, atol=1e-14)

    statistic = SegmentMeans(np.array(columns), np.array(starts))
    check_statistic(statistic, np.random.default_rng(0).standard_normal((120, 3)), check)


def test_no_rows() -> None:
    statistic = SegmentMeans(np.arange(2), np.array([0, 0]))
    found = statistic.finalize(statistic.leaf(np.empty((0, 2)), 0))
    assert found.means.tolist() == [[0.0, 0.0]]
