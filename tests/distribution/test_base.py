"""The contract of distributions, called once for each."""

import numpy as np
import pytest
from scipy import stats

import mvn_dask
from tests.support.contracts import check_distribution
from tests.support.strategies import random_moments
from tests.toys.mixture import Mixture
from tests.toys.selection import selection


@pytest.mark.parametrize("method", ["svd", "cholesky"])
def test_the_normal_distribution(method: str) -> None:
    mean, cov = random_moments(4)
    check_distribution(mvn_dask.MultivariateNormal(mean, cov, method=method), mean, cov)  # type: ignore[arg-type]


def test_independent_and_rectangular_normals() -> None:
    mean = np.array([1.0, -2.0, 3.0])
    check_distribution(mvn_dask.MultivariateNormal(mean, [1.0, 4.0, 9.0]), mean, np.diag([1.0, 4.0, 9.0]))
    toy = selection(3, 5)
    check_distribution(mvn_dask.MultivariateNormal(mean, toy), mean, toy.to_dense())


@pytest.mark.parametrize("df", [0.7, 3.0, 1e8])
def test_the_t_distribution(df: float) -> None:
    mean, cov = random_moments(4)
    check_distribution(mvn_dask.MultivariateT(mean, cov, df), mean, cov)


@pytest.mark.parametrize("exact", [False, True])
def test_the_gaussian_copula(exact: bool) -> None:
    correlation = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, -0.3], [0.2, -0.3, 1.0]])
    marginals = [stats.lognorm(0.5, scale=2.0), stats.uniform(1.0, 2.0), stats.cauchy(3.0)]
    copula = mvn_dask.GaussianCopula(correlation, marginals, exact=exact)
    check_distribution(copula, np.array([each.median() for each in marginals]), correlation)


def test_the_mixture() -> None:
    mean, cov = random_moments(3)
    check_distribution(Mixture(mean, cov), mean, cov)
