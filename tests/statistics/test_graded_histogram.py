"""Counts against numpy's, in the bins that the statistic says it has."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mvn_dask.statistics.base import NextPass, Scope
from mvn_dask.statistics.graded_histogram import GradedBins, GradedCounts, GradedHistogram
from tests.statistics.contract import check_statistic, digest, result_of

RNG = np.random.default_rng(1)
COLUMNS: dict[str, npt.NDArray[Any]] = {
    "normal": RNG.standard_normal(700),
    "far from zero": 1e6 + RNG.standard_normal(700),
    "Cauchy": RNG.standard_cauchy(700),
    "lognormal": np.exp(3.0 * RNG.standard_normal(700)),
    "constant": np.full(700, 3.25),
    "mostly zeros": np.where(RNG.random(700) < 0.9, 0.0, RNG.exponential(size=700)),
    "huge": 1e308 * RNG.choice([-1.0, 0.3, 1.0], 700),
    "tiny": 1e-310 * RNG.standard_normal(700),
}


def bins_of(rows: npt.NDArray[Any]) -> GradedBins:
    found: Any = GradedHistogram().prepared(Scope(len(rows), rows.shape[1], rows.dtype)).finalize(rows)
    assert isinstance(found, NextPass)
    assert isinstance(found.statistic, GradedBins)
    return found.statistic


@pytest.mark.parametrize("name", COLUMNS)
def test_against_numpy(name: str) -> None:
    rows = COLUMNS[name][:, None]
    found: GradedCounts = result_of(bins_of(rows), rows, 64)
    edges, counts = found.edges[:, 0], found.counts[:, 0]
    assert counts.sum() == 700
    assert (edges[1:] >= edges[:-1]).all()
    assert (edges[0], edges[-1]) == (-np.inf, np.inf)
    # Distances are rounded, so that numbers at an edge may be to either side of it.
    for share in (0.1, 0.5, 0.9, 0.99):
        quantile = np.quantile(rows, share, method="inverted_cdf")
        place = int(np.searchsorted(np.cumsum(counts), np.ceil(share * 700)))
        assert edges[max(place - 1, 0)] <= quantile <= edges[min(place + 2, len(edges) - 1)]


def test_bins_are_fine_where_numbers_are() -> None:
    rows = 1e6 + np.random.default_rng(1).standard_normal((10_000, 1))
    found: GradedCounts = result_of(bins_of(rows), rows, 2048)
    assert np.count_nonzero(found.counts) > 200
    widths = np.diff(found.edges[:, 0])[found.counts[:, 0] > 0]
    assert widths.max() < 0.15


def test_contract() -> None:
    rows = np.column_stack([*COLUMNS.values()])[:50]
    statistic = bins_of(rows)

    def check(found: GradedCounts, rows: npt.NDArray[Any]) -> None:
        assert found.counts.sum(axis=0).tolist() == [len(rows)] * rows.shape[1]
        assert not found.infinite.any()

    check_statistic(statistic, rows, check)


def test_missing_and_infinite_numbers() -> None:
    rows = np.array([[np.nan, 1.0], [np.inf, 2.0], [-np.inf, np.nan], [4.0, np.inf], [5.0, np.inf]])
    found: GradedCounts = result_of(bins_of(rows), rows, 2)
    assert found.counts.sum(axis=0).tolist() == [2, 2]
    assert found.infinite.tolist() == [[1, 0], [1, 2]]
    nothing = np.full((3, 1), np.nan)
    assert result_of(bins_of(nothing), nothing, 2).counts.sum() == 0


def test_pickled_bins_have_the_same_bits() -> None:
    rows = COLUMNS["Cauchy"][:, None]
    assert digest(tuple(result_of(bins_of(rows), rows, 64, 1))) == digest(tuple(result_of(bins_of(rows), rows, 64, 2)))
