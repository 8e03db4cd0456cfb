import numpy as np
import pytest
from scipy.stats import chi2

import mvn_dask
from mvn_dask.checks import Method
from mvn_dask.reporting.expectation import COARSE, Lengths, edges
from tests.reporting.planting import COV, MEAN, sample, scan_of


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_moments(dtype: str) -> None:
    found = scan_of(sample(dtype=dtype)).expectation
    close = 1e-12 if dtype == "float64" else 1e-6
    assert found.mean == pytest.approx(MEAN, abs=close)
    assert found.deviation == pytest.approx(np.sqrt(np.diag(COV)), rel=close)
    deviation = np.sqrt(np.diag(COV))
    assert found.correlation == pytest.approx(COV / np.outer(deviation, deviation), abs=close)
    assert found.lengths is not None
    assert found.lengths.rank == 4
    assert 0 < found.lengths.blur < 1e8 * np.finfo(dtype).eps
    assert found.testable.all()


@pytest.mark.parametrize("method", ["svd", "eigh"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_singular_covariance_has_a_smaller_rank(method: Method, dtype: str) -> None:
    a = np.random.default_rng(0).standard_normal((6, 2))
    normal = mvn_dask.MultivariateNormal(np.zeros(6), a @ a.T, method=method)
    lengths = scan_of(normal.sample(10, seed=1, dtype=dtype)).expectation.lengths
    assert lengths is not None
    assert lengths.rank == 2
    assert lengths.blur < COARSE


def test_variables_without_variance() -> None:
    found = scan_of(mvn_dask.MultivariateNormal([1.0, 2.0], [0.0, 4.0]).sample(10, seed=1)).expectation
    assert found.constant.tolist() == [True, False]
    assert found.inverse.tolist() == [0.0, 0.5]
    assert found.testable.tolist() == [False, True]
    assert found.lengths is not None
    assert found.lengths.rank == 1
    nothing = scan_of(mvn_dask.MultivariateNormal([1.0, 2.0], 0.0).sample(10, seed=1)).expectation
    assert nothing.lengths is None


def test_rounding_hides_a_small_variance_on_a_large_mean() -> None:
    normal = mvn_dask.MultivariateNormal([0.0, 1e6], [1.0, 0.01])
    found = scan_of(normal.sample(10, seed=1, dtype="float32")).expectation
    assert found.testable.tolist() == [True, False]
    assert found.lengths is not None
    assert found.lengths.blur > COARSE
    assert scan_of(normal.sample(10, seed=1)).expectation.testable.all()


@pytest.mark.parametrize("rank", [1, 2, 30, 1000, 10**6])
def test_bins_of_lengths(rank: int) -> None:
    lengths = Lengths(rank, 0.0)
    assert len(lengths.edges) == lengths.bins - 1
    assert lengths.below(lengths.edges) == pytest.approx(chi2.cdf(lengths.edges**2, rank), abs=1e-12)
    assert lengths.below(lengths.edges[-1:])[0] > 1 - 1e-12
    assert lengths.edges[0] < max(1.0, np.sqrt(rank) - 7)


def test_edges_are_symmetric() -> None:
    assert edges() == pytest.approx(-edges()[::-1])
