"""The contract of distributions, called once for each."""

import numpy as np
import pytest

import mvn_dask
from mvn_dask.distribution.normal import NormalSampler
from mvn_dask.errors import ArgumentError
from mvn_dask.sampling.sampler import SAMPLERS, sampler_from
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


def test_the_mixture() -> None:
    mean, cov = random_moments(3)
    check_distribution(Mixture(mean, cov), mean, cov)


def test_a_kind_names_one_class() -> None:
    assert SAMPLERS["multivariate_normal"] is NormalSampler
    with pytest.raises(ArgumentError, match="no distribution of kind 'another' is defined"):
        sampler_from({"kind": "another"}, {})
    with pytest.raises(ArgumentError, match="is taken by NormalSampler"):
        type("Another", (NormalSampler,), {"kind": "multivariate_normal"})
