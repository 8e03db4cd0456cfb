"""Statistics of samples against plain numpy."""

from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask._typing import FloatDType
from mvn_dask.reporting import measurements
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.measurements import fingerprint
from mvn_dask.reporting.reference import marginal_histogram
from mvn_dask.reporting.scan import ChunkRange
from mvn_dask.statistics.standardized import Standardized
from tests.reporting.samples import COV, MEAN, Block, estimate, sample


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("height", [2**16, 1000])
def test_against_numpy(dtype: FloatDType, height: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Standardized, "SLICE", height)
    monkeypatch.setattr(measurements, "LEAF_NUMBERS", height)
    monkeypatch.setattr(measurements, "WHITENED_NUMBERS", height)
    x = sample(30_001, chunks=7000, dtype=dtype)
    found, numbers = estimate(x).measured, x.compute().astype(np.float64)
    y = (numbers - MEAN) / np.sqrt(np.diag(COV))
    close: dict[str, Any] = {"rel": 1e-9, "abs": 1e-10} if dtype == "float64" else {"rel": 1e-4, "abs": 2e-6}
    assert found.mean == pytest.approx(y.mean(axis=0), **close)
    assert found.variance == pytest.approx(y.var(axis=0, ddof=1), **close)
    assert found.covariance == pytest.approx(np.cov(y.T), **close)
    weighted = found.segment_means * found.segment_rows[:, None]
    assert weighted.sum(axis=0) / 30_001 == pytest.approx(found.mean, abs=1e-12)
    # The fourth chunk of 7,000 rows is cut into twelve parts.
    part = y[21_000 + 5 * 7000 // 12 : 21_000 + 6 * 7000 // 12]
    assert found.segment_means[3 * 12 + 5] == pytest.approx(part.mean(axis=0), **close)
    assert found.segment_mean_squares[3 * 12 + 5] == pytest.approx((part**2).mean(axis=0), **close)
    if dtype == "float64":
        edges = [-np.inf, *marginal_histogram(np.arange(4)).edges, np.inf]
        counts = [np.histogram(column, edges)[0] for column in y.T]
        assert found.histograms.tolist() == np.array(counts).tolist()


def squared_sum(estimates: Estimates) -> float:
    squared = estimates.measured.squared_lengths
    return float(squared.counts @ squared.means[:, 0])


def test_distances_against_the_formula() -> None:
    x = sample()
    estimates, numbers = estimate(x), x.compute()
    law = estimates.reference.radial
    assert law is not None
    squares = np.einsum("ij,jk,ik->i", numbers - MEAN, np.linalg.inv(COV), numbers - MEAN)
    counts = np.histogram(np.sqrt(squares), [0, *law.histogram.edges, np.inf])[0]
    assert estimates.measured.lengths.tolist() == counts.tolist()
    assert squared_sum(estimates) == pytest.approx(squares.sum())
    assert estimates.measured.squared_lengths.counts.tolist() == estimates.measured.segment_rows.tolist()


def test_every_third_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.reporting.selection.WHITEN_BUDGET_NS", 3.5)
    monkeypatch.setattr("mvn_dask.reporting.selection.WHITEN_FREE_NS", 1.0)
    x = sample()
    estimates, numbers = estimate(x), x.compute()[::3]
    assert estimates.selection.stride == 3
    squares = np.einsum("ij,jk,ik->i", numbers - MEAN, np.linalg.inv(COV), numbers - MEAN)
    assert estimates.measured.squared_lengths.counts.sum() == len(numbers)
    assert squared_sum(estimates) == pytest.approx(squares.sum())
    assert estimate(sample(chunks=7777)).measured.lengths.tolist() == estimates.measured.lengths.tolist()


def test_chosen_variables_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.reporting.selection.MOST_COLUMNS", 3)
    monkeypatch.setattr("mvn_dask.reporting.selection.MOST_PAIRED", 2)
    monkeypatch.setattr("mvn_dask.reporting.selection.MOST_BINNED", 1)
    x = sample()
    estimates, numbers = estimate(x), x.compute()
    assert estimates.selection.columns.tolist() == [0, 1, 2]
    assert estimates.measured.mean == pytest.approx((numbers.mean(axis=0) - MEAN)[:3] / np.sqrt(np.diag(COV)[:3]))
    assert estimates.measured.covariance == pytest.approx(
        np.cov(numbers[:, [0, 1]].T) / np.sqrt(np.outer([1, 2], [1, 2]))
    )
    assert estimates.measured.histograms.shape[0] == 1


def test_chunks_cut_along_the_variables() -> None:
    normal = mvn_dask.MultivariateNormal(MEAN, COV)
    whole, cut = (estimate(normal.sample(10_000, seed=1, chunks=chunks)) for chunks in (1000, (1000, 3)))
    assert cut.measured.mean == pytest.approx(whole.measured.mean)
    assert cut.measured.variance == pytest.approx(whole.measured.variance)
    assert cut.measured.segment_means == pytest.approx(whole.measured.segment_means)
    assert cut.measured.histograms.tolist() == whole.measured.histograms.tolist()
    known = cut.tested_pairs > 0
    assert known.sum() == 10
    assert cut.correlation[known] == pytest.approx(whole.correlation[known])
    assert np.isnan(cut.correlation[~known]).all()
    assert cut.measured.squared_lengths.counts.sum() == 0


def test_what_is_no_number_is_counted_and_harms_nothing_else() -> None:
    def change(numbers: Block) -> Block:
        numbers[17, 1], numbers[18, 2], numbers[20_000, 3] = np.nan, np.inf, -np.inf
        return numbers

    found, plain = estimate(sample(), change), estimate(sample())
    assert (found.measured.nonfinite, found.measured.off_constant) == (3, 0)
    assert np.isfinite(found.measured.covariance).all()
    assert found.measured.variance == pytest.approx(plain.measured.variance, rel=0.01)
    assert found.measured.lengths.sum() == plain.measured.lengths.sum()


def chunk(seed: int, rows: int = 100, columns: int = 3, low: int = 0) -> int:
    numbers = np.random.default_rng(seed).standard_normal((rows, columns))
    return fingerprint(ChunkRange(0, 0, rows, low, (columns,)), numbers)


def test_fingerprints_of_chunks() -> None:
    assert chunk(1) == chunk(1)
    assert chunk(1) != chunk(2)
    assert chunk(1) != chunk(1, low=3), "variables of correlation 1 are equal"
    assert chunk(1, 2, 10**5) == chunk(1, 2, 10**5) != 0, "not all of a wide row is hashed"


def test_few_numbers_have_no_fingerprint() -> None:
    assert chunk(1, 1) == 0
    assert fingerprint(ChunkRange(0, 0, 100, 0, (100,)), np.ones((100, 100))) == 0
