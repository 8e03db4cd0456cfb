"""Sums and counts against plain numpy."""

from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting import scanning
from mvn_dask.reporting.expectation import edges
from tests.reporting.planting import COV, MEAN, Block, look, sample


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("height", [2**16, 1000])
def test_against_numpy(dtype: str, height: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "SLICE", height)
    monkeypatch.setattr(scanning, "BATCH", height)
    x = sample(30_001, chunks=7000, dtype=dtype)
    found, numbers = look(x).summary, x.compute().astype(np.float64)
    y = (numbers - MEAN) / np.sqrt(np.diag(COV))
    close: dict[str, Any] = {"rel": 1e-9, "abs": 1e-6} if dtype == "float64" else {"rel": 1e-4, "abs": 0.05}
    assert found.sums == pytest.approx(y.sum(axis=0), **close)
    assert found.squares == pytest.approx((y**2).sum(axis=0), **close)
    assert found.products == pytest.approx(y.T @ y, **close)
    assert found.segments.sum(axis=0) == pytest.approx(found.sums, abs=1e-8)
    assert found.segments[5] == pytest.approx(y[-(-5 * 30_001 // 128) : -(-6 * 30_001 // 128)].sum(axis=0), **close)
    if dtype == "float64":
        counts = [np.histogram(column, [-np.inf, *edges(), np.inf])[0] for column in y.T]
        assert found.counts.tolist() == np.array(counts).tolist()


def test_distances_against_the_formula() -> None:
    x = sample()
    findings, numbers = look(x), x.compute()
    lengths = findings.expectation.lengths
    assert lengths is not None
    squares = np.einsum("ij,jk,ik->i", numbers - MEAN, np.linalg.inv(COV), numbers - MEAN)
    counts = np.histogram(np.sqrt(squares), [0, *lengths.edges, np.inf])[0]
    assert findings.summary.lengths.tolist() == counts.tolist()
    assert findings.summary.distances.sum() == pytest.approx(squares.sum())
    assert findings.summary.whitened.tolist() == findings.segment_rows.tolist()


def test_every_third_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.reporting.selection.FAIR", 3.5)
    monkeypatch.setattr("mvn_dask.reporting.selection.SHORT", 1.0)
    x = sample()
    findings, numbers = look(x), x.compute()[::3]
    assert findings.selection.stride == 3
    squares = np.einsum("ij,jk,ik->i", numbers - MEAN, np.linalg.inv(COV), numbers - MEAN)
    assert findings.summary.whitened.sum() == len(numbers)
    assert findings.summary.distances.sum() == pytest.approx(squares.sum())
    assert look(sample(chunks=7777)).summary.lengths.tolist() == findings.summary.lengths.tolist()


def test_chosen_variables_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.reporting.selection.MOST_COLUMNS", 3)
    monkeypatch.setattr("mvn_dask.reporting.selection.MOST_PAIRED", 2)
    monkeypatch.setattr("mvn_dask.reporting.selection.MOST_BINNED", 1)
    x = sample()
    findings, numbers = look(x), x.compute()
    assert findings.selection.columns.tolist() == [0, 1, 2]
    assert findings.shift == pytest.approx((numbers.mean(axis=0) - MEAN)[:3] / np.sqrt(np.diag(COV)[:3]))
    assert findings.covariance == pytest.approx(np.cov(numbers[:, [0, 1]].T) / np.sqrt(np.outer([1, 2], [1, 2])))
    assert findings.summary.counts.shape[0] == 1


def test_chunks_cut_along_the_variables() -> None:
    normal = mvn_dask.MultivariateNormal(MEAN, COV)
    whole, cut = (look(normal.sample(10_000, seed=1, chunks=chunks)) for chunks in (1000, (1000, 3)))
    assert cut.summary.sums == pytest.approx(whole.summary.sums)
    assert cut.summary.squares == pytest.approx(whole.summary.squares)
    assert cut.summary.segments == pytest.approx(whole.summary.segments)
    assert cut.summary.counts.tolist() == whole.summary.counts.tolist()
    known = cut.known > 0
    assert known.sum() == 10
    assert cut.correlation[known] == pytest.approx(whole.correlation[known])
    assert np.isnan(cut.correlation[~known]).all()
    assert cut.summary.whitened.sum() == 0


def test_what_is_no_number_is_counted_and_harms_nothing_else() -> None:
    def change(numbers: Block) -> Block:
        numbers[17, 1], numbers[18, 2], numbers[20_000, 3] = np.nan, np.inf, -np.inf
        return numbers

    found, plain = look(sample(), change), look(sample())
    assert found.summary.broken.tolist() == [3, 0]
    assert np.isfinite(found.summary.products).all()
    assert found.ratio == pytest.approx(plain.ratio, rel=0.01)
    assert found.summary.lengths.sum() == plain.summary.lengths.sum()
