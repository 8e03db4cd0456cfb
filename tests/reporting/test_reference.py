import numpy as np
import pytest
from scipy.stats import chi2

import mvn_dask
from mvn_dask._typing import FloatDType
from mvn_dask.checks import Method
from mvn_dask.reporting.reference import MAX_ROUNDING, RadialLaw, marginal_histogram
from tests.reporting.samples import COV, MEAN, MISSED, reference_for, sample


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_moments(dtype: FloatDType) -> None:
    found = reference_for(sample(dtype=dtype))
    close = 1e-12 if dtype == "float64" else 1e-6
    assert found.mean == pytest.approx(MEAN, abs=close)
    assert found.deviation == pytest.approx(np.sqrt(np.diag(COV)), rel=close)
    deviation = np.sqrt(np.diag(COV))
    assert found.correlation == pytest.approx(COV / np.outer(deviation, deviation), abs=close)
    assert found.radial is not None
    assert found.radial.rank == 4
    assert 0 < found.radial.rounding < 1e8 * np.finfo(dtype).eps
    assert found.testable.all()


@pytest.mark.parametrize(("cov", "method"), MISSED, ids=str)
def test_correlations_are_the_factors(cov: list[list[float]], method: Method) -> None:
    normal = mvn_dask.MultivariateNormal(np.zeros(len(cov)), cov, method=method, check_valid="ignore")
    found = reference_for(normal.sample(10, seed=1))
    drawn = normal.covariance.factorize().covariance_of(range(len(cov)), range(len(cov)))
    deviation = np.sqrt(np.diag(drawn))
    assert found.correlation == pytest.approx(drawn / np.outer(deviation, deviation), abs=1e-14)
    assert np.abs(found.correlation).max() <= 1
    asked_for = np.sqrt(np.maximum(np.diag(cov), 0))
    assert found.deviation.tolist() == asked_for.tolist()
    positive = asked_for > 0
    assert found.deviation_ratio[positive] == pytest.approx(deviation[positive] / asked_for[positive])
    assert (found.deviation_ratio[~positive] == 1).all()


@pytest.mark.parametrize("method", ["svd", "eigh"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_singular_covariance_has_a_smaller_rank(method: Method, dtype: FloatDType) -> None:
    a = np.random.default_rng(0).standard_normal((6, 2))
    normal = mvn_dask.MultivariateNormal(np.zeros(6), a @ a.T, method=method)
    lengths = reference_for(normal.sample(10, seed=1, dtype=dtype)).radial
    assert lengths is not None
    assert lengths.rank == 2
    assert lengths.rounding < MAX_ROUNDING


def test_variables_without_variance() -> None:
    found = reference_for(mvn_dask.MultivariateNormal([1.0, 2.0], [0.0, 4.0]).sample(10, seed=1))
    assert found.constant.tolist() == [True, False]
    assert found.deviation.tolist() == [0.0, 2.0]
    assert found.testable.tolist() == [False, True]
    assert found.radial is not None
    assert found.radial.rank == 1
    nothing = reference_for(mvn_dask.MultivariateNormal([1.0, 2.0], 0.0).sample(10, seed=1))
    assert nothing.radial is None


def test_rounding_hides_a_small_variance_on_a_large_mean() -> None:
    normal = mvn_dask.MultivariateNormal([0.0, 1e6], [1.0, 1.1])
    found = reference_for(normal.sample(10, seed=1, dtype="float32"))
    assert found.testable.tolist() == [True, False]
    assert found.radial is not None
    assert found.radial.rounding > MAX_ROUNDING
    assert reference_for(normal.sample(10, seed=1)).testable.all()


@pytest.mark.parametrize("rank", [1, 2, 30, 1000, 10**6])
def test_bins_of_lengths(rank: int) -> None:
    law = RadialLaw(rank, 0.0, lambda lengths: chi2.cdf(np.maximum(lengths, 0.0) ** 2, rank), 0.0)
    edges = law.histogram.edges
    assert len(edges) == law.histogram.bins - 1
    assert law.cdf(edges) == pytest.approx(chi2.cdf(edges**2, rank), abs=1e-12)
    assert law.cdf(edges[-1:])[0] > 1 - 1e-12
    assert edges[0] < max(1.0, np.sqrt(rank) - 7)
    p = np.array([1e-6, 0.1, 0.5, 0.999, 1 - 1e-9])
    assert law.quantile(p) ** 2 == pytest.approx(chi2.ppf(p, rank), rel=1e-6)


def test_edges_are_symmetric() -> None:
    edges = marginal_histogram(np.arange(3)).edges
    assert edges == pytest.approx(-edges[::-1])
