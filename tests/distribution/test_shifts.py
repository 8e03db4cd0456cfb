"""Shifted normal distributions: their weights are ratios of densities."""

from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest

import mvn_dask
from mvn_dask import covariance
from mvn_dask.distribution.shifts import MOST_SOLVED, linear_combination
from mvn_dask.errors import ArgumentError, ArgumentTypeError, UnsupportedOperationError
from tests.support.strategies import random_moments

MEAN, COV = random_moments(4)
LOADINGS = np.random.default_rng(4).standard_normal((4, 2))
DELTA = np.array([0.5, -1.0, 0.0, 2.0])


@pytest.mark.parametrize(
    "cov",
    [
        COV,
        covariance.Dense(COV, method="svd"),
        np.diagonal(COV),
        covariance.LowRank(LOADINGS, np.ones(4)),
        covariance.Precision(COV),
        covariance.Banded([[2.0, 2.0, 2.0, 2.0], [-1.0, -1.0, -1.0, 0.0]], lower=True),
        covariance.Scaled(np.eye(4), [1.0, 2.0, 3.0, 4.0]),
    ],
    ids=str,
)
def test_weights_are_ratios_of_densities(cov: Any) -> None:
    normal = mvn_dask.MultivariateNormal(MEAN, cov)
    shifted = normal.shifted(DELTA)
    np.testing.assert_array_equal(shifted.mean, MEAN + DELTA)
    assert shifted.covariance is normal.covariance
    x = shifted.sample(50, seed=1).compute()
    expected = normal.logpdf(x) - shifted.logpdf(x)
    np.testing.assert_allclose(shifted.log_weights(x), expected, rtol=1e-8, atol=1e-8)


def test_lazy_rows() -> None:
    shifted = mvn_dask.MultivariateNormal(MEAN, COV).shifted(DELTA)
    x = shifted.sample((10, 70), seed=1, chunks=(3, 50))
    weights = shifted.log_weights(x)
    assert isinstance(weights, da.Array)
    assert (weights.chunks, weights.dtype) == (x.chunks[:2], np.float64)
    assert weights.name == shifted.log_weights(x).name != weights[1:].name
    np.testing.assert_array_equal(weights.compute(), shifted.log_weights(x.compute()))
    other = mvn_dask.MultivariateNormal(MEAN, COV).shifted(2 * DELTA)
    assert other.log_weights(x).name != weights.name
    cut = x.rechunk((10, 70, 1))
    np.testing.assert_array_equal(shifted.log_weights(cut).compute(), weights.compute())


def test_a_rare_event() -> None:
    """P(x₁ + x₂ > 9.5) for a standard deviation of 2 is 1.017e-6; 100,000 rows give it to 1 % at 3 standard errors."""
    normal = mvn_dask.MultivariateNormal([0.0, 0.0], [[1.0, 1.0], [1.0, 1.0]])
    shifted = normal.shifted(4.75)
    x = shifted.sample(200_000, seed=1).compute()
    terms = (x.sum(axis=1) > 9.5) * np.exp(shifted.log_weights(x))
    error = terms.std() / np.sqrt(len(terms))
    assert error < 1e-8
    assert abs(terms.mean() - 1.0170832e-6) < 4 * error


def test_draws_with_several_axes() -> None:
    cov = covariance.Kronecker(COV[:2, :2], COV[2:, 2:])
    normal = mvn_dask.MultivariateNormal(0.0, cov, event_shape=(2, 2), dims=("lat", "lon"))
    shifted = normal.shifted([[1.0, 0.0], [0.0, 2.0]])
    assert shifted.dims == ("lat", "lon")
    x = shifted.sample(5, seed=1)
    assert shifted.log_weights(x).shape == (5,)
    one = x[0].compute()
    np.testing.assert_allclose(shifted.log_weights(one), normal.logpdf(one) - shifted.logpdf(one), rtol=1e-9)


def test_shifts_of_singular_distributions() -> None:
    normal = mvn_dask.MultivariateNormal([0.0, 0.0, 0.0], [1.0, 0.0, 2.0])
    assert normal.shifted([1.0, 0.0, 2.0]).log_weights([0.0, 0.0, 0.0]) == 1.5
    for refused in (
        normal.shifted([0.0, 1.0, 0.0]),
        mvn_dask.MultivariateNormal([0.0, 0.0], np.ones((2, 2))).shifted([1, -1]),
    ):
        with pytest.raises(ArgumentError, match=r"`delta` leads out of the space that .* fills"):
            refused.log_weights(np.zeros(refused.ndim))


def test_a_row_has_its_bits_whatever_is_beside_it() -> None:
    x = np.random.default_rng(1).standard_normal((100, 7))
    weights = np.random.default_rng(2).standard_normal(7)
    whole = linear_combination(x, weights, 0.5, 1)
    np.testing.assert_allclose(whole, x @ weights + 0.5)
    np.testing.assert_array_equal(np.concatenate([linear_combination(row[None], weights, 0.5, 1) for row in x]), whole)


def test_refusals() -> None:
    normal = mvn_dask.MultivariateNormal(MEAN, COV)
    with pytest.raises(ArgumentError, match=r"call normal.shifted\(delta\) first"):
        normal.log_weights(MEAN)
    with pytest.raises(ArgumentError, match=r"`delta` must be a number, or have the shape \(4,\)"):
        normal.shifted([1.0, 2.0])
    with pytest.raises(ArgumentError, match="`delta` must be finite"):
        normal.shifted(np.inf)
    with pytest.raises(ArgumentTypeError, match="`delta`"):
        normal.shifted("far")  # type: ignore[arg-type]
    shifted = normal.shifted(1.0)
    with pytest.raises(ArgumentError, match=r"the last axes of `x` must be \(4,\)"):
        shifted.log_weights(np.zeros(3))
    with pytest.raises(ArgumentTypeError, match="real numbers"):
        shifted.log_weights(da.zeros((3, 4), dtype=complex))
    grid = covariance.StationaryGrid(covariance.exponential(length=2.0), shape=(5, 6))
    with pytest.raises(UnsupportedOperationError, match="needs a cheap inverse"):
        mvn_dask.MultivariateNormal(0.0, grid).shifted(1.0).log_weights(np.zeros((5, 6)))
    long = covariance.Banded(np.array([[2.0], [-1.0]]) * np.ones(MOST_SOLVED + 1), lower=True)
    with pytest.raises(UnsupportedOperationError, match="at most 5,000 variables"):
        mvn_dask.MultivariateNormal(0.0, long).shifted(1.0).log_weights(np.zeros(MOST_SOLVED + 1))
    # A diagonal one has no limit.
    wide = mvn_dask.MultivariateNormal(np.zeros(6000), 2.0).shifted(1.0)
    assert wide.log_weights(np.ones(6000)) == pytest.approx(-1500.0)


def test_labels_of_a_shift_are_those_of_the_variables() -> None:
    normal = mvn_dask.MultivariateNormal([0.0, 0.0], [[1.0, 0.5], [0.5, 1.0]], names=["oil", "gas"])
    with pytest.raises(ArgumentError, match="the index of `delta` and the names of the distribution must agree"):
        normal.shifted(pd.Series([1.0, 2.0], index=["gas", "oil"]))
    assert normal.shifted(pd.Series([1.0, 2.0], index=["oil", "gas"])).mean.tolist() == [1.0, 2.0]
    assert normal.shifted(pd.Series([1.0, 2.0])).mean.tolist() == [1.0, 2.0]
