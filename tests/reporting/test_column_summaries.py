"""Summaries of columns against numpy."""

import numpy as np
import pytest

from mvn_dask.reporting.column_summaries import CONVERGING, QUANTILES, SHORTFALLS, one_column
from mvn_dask.statistics import Moments
from tests.reporting.derived_stores import sound, summaries


def test_against_numpy() -> None:
    numbers = sound(20_000, 3)
    numbers[::7, 1] = np.nan
    numbers[11, 3] = np.inf
    found = summaries(numbers, (3000, 3))
    assert [column.number for column in found.columns] == [0, 1, 2, 3]
    assert [column.missing for column in found.columns] == [0, 2858, 0, 0]
    assert [column.infinite for column in found.columns] == [(0, 0), (0, 0), (0, 0), (0, 1)]
    for column in found.columns:
        known = numbers[~np.isnan(numbers[:, column.number]), column.number]
        assert column.count == len(known)
        assert column.quantiles.value.tolist() == np.quantile(known, QUANTILES, method="inverted_cdf").tolist()
        assert column.extremes.largest.tolist() == np.sort(known)[:-6:-1].tolist()
        assert column.counts.sum() == np.isfinite(known).sum()
        assert column.segments.counts.sum() == len(known)
        assert column.quantile_series.rows.tolist() == [2048, 4096, 8192, 16384, 20_000]
        if column.number < 3:
            assert column.moments.mean.value == pytest.approx(known.mean())
            assert column.mean_series.value[-1] == column.moments.mean.value
            for level, shortfall in zip(SHORTFALLS, column.shortfalls.value, strict=True):
                worst = np.sort(known)[-round(len(known) * (1 - level)) :]
                assert shortfall == pytest.approx(worst.mean(), rel=0.02)
    first = numbers[:8192, 0]
    assert found.columns[0].quantile_series.value[2] == np.quantile(first, CONVERGING, method="inverted_cdf")
    assert found.columns[0].mean_series.value[2] == pytest.approx(first.mean())


def test_one_column_of_a_result() -> None:
    rows = sound(100, 1)
    found = one_column(Moments().finalize(Moments().leaf(rows, 0)), 2)
    assert found.mean.value == pytest.approx(rows[:, 2].mean())
    assert found.variance.confidence_interval.level == 0.95


def test_warnings_are_those_of_the_column() -> None:
    numbers = sound(20_000, 1)
    warned = [column.moments.variance.warning is not None for column in summaries(numbers, (20_000, 4)).columns]
    alone = [summaries(numbers[:, i], 20_000).columns[0].moments.variance.warning is not None for i in range(4)]
    assert warned == alone
    assert set(warned) == {True, False}


def test_no_rows_and_no_numbers() -> None:
    for numbers in (np.empty((0, 2)), np.full((40, 2), np.nan)):
        for column in summaries(numbers, (10, 2)).columns:
            assert column.count == 0
            assert np.isnan(column.quantiles.value).all()
            assert column.missing == len(numbers)
