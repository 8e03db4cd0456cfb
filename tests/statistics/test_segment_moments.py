"""Segments against numpy, with the same bits for any cuts."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mvn_dask.statistics.base import NextPass, Scope
from mvn_dask.statistics.segment_moments import SegmentMoments, SegmentResult, SegmentsAbove
from tests.statistics.contract import digest, result_of

ROWS = np.random.default_rng(1).standard_normal((1000, 3))
HOLED = np.where(np.random.default_rng(2).random(ROWS.shape) < 0.1, np.nan, ROWS)
HOLED[:70, 1] = np.nan
THRESHOLDS = np.array([[-1.0, 0.0, 0.5], [1.0, 1.0, 1.0]])


@pytest.mark.parametrize("rows", [ROWS, HOLED], ids=["whole", "holed"])
@pytest.mark.parametrize(("leaf_rows", "segment_rows"), [(32, 8), (32, 32), (32, 128), (8, 512), (2048, 16)])
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:Degrees of freedom")
def test_against_numpy(rows: npt.NDArray[Any], leaf_rows: int, segment_rows: int) -> None:
    statistic = SegmentsAbove(len(rows), segment_rows, THRESHOLDS)
    found: SegmentResult = result_of(statistic, rows, leaf_rows)
    for seed in range(3):
        assert digest(tuple(result_of(statistic, rows, leaf_rows, seed))) == digest(tuple(found))
    parts = np.split(rows, range(segment_rows, len(rows), segment_rows))
    assert found.rows.tolist() == [len(part) for part in parts]
    assert found.counts.tolist() == [np.count_nonzero(~np.isnan(part), axis=0).tolist() for part in parts]
    np.testing.assert_allclose(found.means, [np.nanmean(part, axis=0) for part in parts], rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(found.variances, [np.nanvar(part, axis=0, ddof=1) for part in parts], rtol=1e-10)
    assert found.above.tolist() == [[(part > each).sum(axis=0).tolist() for each in THRESHOLDS] for part in parts]


@pytest.mark.parametrize(
    ("rows", "segments"), [(1, 1), (16, 1), (17, 2), (2048, 128), (2049, 65), (10**6, 123), (10**9, 120)]
)
def test_there_are_some_64_to_128_segments(rows: int, segments: int) -> None:
    prepared = SegmentMoments(2048).prepared(Scope(rows, 1, np.dtype(float)))
    found = prepared.finalize(np.arange(1000.0)[:, None])
    assert isinstance(found, NextPass)
    assert isinstance(found.statistic, SegmentsAbove)
    assert -(-rows // found.statistic.segment_rows) == segments
    assert found.statistic.thresholds[:, 0].tolist() == [9.0, 99.0, 249.0, 499.0, 749.0, 899.0, 989.0]


def test_thresholds_are_of_finite_numbers() -> None:
    first = np.array([[np.nan, np.nan], [np.inf, np.nan], [3.0, np.inf]])
    found: Any = SegmentMoments(2048).prepared(Scope(3, 2, np.dtype(float))).finalize(first)
    assert found.statistic.thresholds[:, 0].tolist() == [3.0] * 7
    assert found.statistic.thresholds[:, 1].tolist() == [0.0] * 7


def test_no_rows() -> None:
    found: SegmentResult = result_of(SegmentsAbove(0, 16, THRESHOLDS), ROWS[:0], 32)
    assert found.rows.tolist() == [0]
    assert np.isnan(found.means).all()
