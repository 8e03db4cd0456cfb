"""What the contract of samplers says of any of them; `check_distribution` compares each with its rows."""

import numpy as np
import pytest

import mvn_dask
from mvn_dask.distribution import Distribution
from tests.support.strategies import random_moments
from tests.toys.mixture import Mixture

MEAN, COV = random_moments(3)


@pytest.mark.parametrize("distribution", [mvn_dask.MultivariateNormal(MEAN, COV), Mixture(MEAN, COV)])
def test_laws_are_distribution_functions(distribution: Distribution) -> None:
    sampler = distribution.sampler(np.dtype("f4"))
    assert sampler.nbytes == (3 + 9) * 4 + 3 * 8
    laws, x = sampler.laws(), np.linspace(-80.0, 80.0, 1601)
    assert laws.radial_cdf is not None
    for cdf in (laws.marginal_cdf, laws.radial_cdf):
        chances = cdf(x)
        assert (chances[0], chances[-1]) == (0.0, 1.0)
        assert (np.diff(chances) >= 0).all()
    np.testing.assert_allclose(laws.marginal_cdf(x) + laws.marginal_cdf(-x), 1.0, rtol=1e-14)
    assert (laws.radial_cdf(x[x <= 0]) == 0).all(), "no length is negative"
