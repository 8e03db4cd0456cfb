"""Means and covariances of data, compared with numpy's and scikit-learn's."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.covariance import ledoit_wolf

from mvn_dask.errors import FactorTooLargeError, InvalidDistributionError
from mvn_dask.job.inputs import data_estimates
from mvn_dask.job.inputs.base import Origin
from mvn_dask.job.inputs.data_estimates import DataEstimate, estimate_of_data
from mvn_dask.job.inputs.data_rows import DataRows

ORIGIN = Origin("job", "data", "x.csv")
Array = np.ndarray[Any, Any]


def data(rows: Array, *cuts: int, names: tuple[str, ...] | None = None) -> DataRows:
    def blocks() -> Iterator[Array]:
        yield from np.split(rows, list(cuts))

    return DataRows(ORIGIN, names, rows.shape[1], blocks(), first=2)


def estimate(
    rows: Array, *cuts: int, missing: str = "raise", shrink: str = "none", of_ranks: bool = False
) -> DataEstimate:
    return estimate_of_data(data(rows, *cuts), missing=missing, shrink=shrink, of_ranks=of_ranks)


def test_it_is_numpys_in_the_same_bits_for_any_pieces() -> None:
    rows = np.random.default_rng(1).standard_normal((3000, 4)) * [1, 10, 1e-3, 1] + [0, 1e6, 5, -3]
    found = estimate(rows)
    np.testing.assert_allclose(found.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(
        found.cov, np.cov(rows.T), rtol=1e-9, atol=1e-9 * np.sqrt(np.outer(*[rows.var(0)] * 2)).min()
    )
    assert (found.rows, found.dropped, found.shrinkage) == (3000, 0, None)
    for cuts in ((1, 2), (1024,), (500, 1023, 1025, 2999), (0, 0)):
        other = estimate(rows, *cuts)
        assert found.mean.tobytes() == other.mean.tobytes()
        assert found.cov.tobytes() == other.cov.tobytes()
    assert np.array_equal(found.cov, found.cov.T)


@pytest.mark.parametrize("n", [20, 3000])
def test_shrinkage_is_scikit_learns(n: int) -> None:
    rows = np.random.default_rng(2).standard_normal((n, 30))
    found = estimate(rows, 7, shrink="ledoit-wolf")
    cov, shrinkage = ledoit_wolf(rows)
    np.testing.assert_allclose(found.cov, cov, rtol=1e-7, atol=1e-9)
    assert found.shrinkage == pytest.approx(shrinkage, abs=1e-9)
    assert np.linalg.eigvalsh(found.cov).min() > 0


def test_missing_values() -> None:
    rows = np.random.default_rng(3).standard_normal((100, 2))
    holes = rows.copy()
    holes[40, 1] = holes[99, 0] = np.nan
    with pytest.raises(
        InvalidDistributionError, match=r"must not be missing, unless missing = \"drop\" .*: row 42, column 1"
    ):
        estimate(holes, 10)
    found = estimate(holes, 10, missing="drop")
    assert (found.rows, found.dropped) == (98, 2)
    assert found.cov.tobytes() == estimate(np.delete(rows, [40, 99], axis=0)).cov.tobytes()
    holes[50, 0] = np.inf
    with pytest.raises(InvalidDistributionError, match="must be finite, not row 52, column 0 is inf"):
        estimate(holes, 45, missing="drop")


def test_too_few_rows_and_too_large_numbers() -> None:
    for rows in (np.ones((1, 2)), np.array([[1.0, np.nan], [1.0, 2.0]])):
        with pytest.raises(InvalidDistributionError, match="takes two rows at least, and there is 1 row"):
            estimate(rows, missing="drop")
    with pytest.raises(InvalidDistributionError, match="too large"):
        estimate(np.array([[1e200], [-1e200]]))


def test_fewer_rows_than_variables_are_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    rows = np.random.default_rng(4).standard_normal((5, 8))
    estimate(rows).log()
    estimate(rows, shrink="ledoit-wolf").log()
    first, warning, last = caplog.messages
    assert first.endswith("x.csv: mean and covariance of 5 rows of 8 variables")
    assert "give a singular covariance, of rank 4 at most" in warning
    assert ", shrunk by 0." in last


def test_scikit_learn_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.covariance", None)
    with pytest.raises(InvalidDistributionError, match="needs scikit-learn: pip install scikit-learn"):
        estimate(np.eye(3), shrink="ledoit-wolf")


def test_rows_that_do_not_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.memory_limit.memory_limit", lambda: 20_000)
    estimate(np.ones((1000, 2)))
    with pytest.raises(FactorTooLargeError, match='take shrink = "none"'):
        estimate(np.ones((1000, 2)), shrink="ledoit-wolf")
    assert data_estimates.DATA_LEAF_ROWS == 1024  # which decides the bits of every job's covariance


def test_correlations_of_ranks() -> None:
    """Those of the normal scores, whatever laws the variables have; with ones on the diagonal, and shrunk."""
    rows = np.random.default_rng(4).standard_normal((400, 3)) @ np.array([[1, 0.8, 0], [0, 1, 0.5], [0, 0, 1]])
    rows[7, 1] = np.nan
    whole = np.delete(rows, 7, axis=0)
    scores = stats.norm.ppf(stats.rankdata(whole, axis=0) / 400.0)
    for given in (rows, np.exp(rows), rows**3):
        found = estimate(given, 1, 100, missing="drop", of_ranks=True)
        np.testing.assert_allclose(found.cov, np.corrcoef(scores.T), atol=1e-12)
        assert (found.rows, found.dropped, found.mean.tolist()) == (399, 1, [0.0, 0.0, 0.0])
        assert (found.cov.diagonal() == 1.0).all()
    shrunk = estimate(rows, missing="drop", shrink="ledoit-wolf", of_ranks=True)
    cov, shrinkage = ledoit_wolf(scores)
    assert shrunk.shrinkage == pytest.approx(shrinkage, abs=1e-8)
    np.testing.assert_allclose(shrunk.cov, cov / np.sqrt(np.outer(cov.diagonal(), cov.diagonal())), atol=1e-8)


def test_columns_that_are_constant(caplog: pytest.LogCaptureFixture) -> None:
    rows = np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
    estimate_of_data(data(rows, names=("a", "b")), missing="raise", shrink="none").log()
    assert "1 column of data, 'b', constant: what is drawn of it is that number" in caplog.text
    with pytest.raises(InvalidDistributionError, match="column 1 is constant, and has no correlations: leave it out"):
        estimate(rows, of_ranks=True)
