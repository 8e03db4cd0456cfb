"""Marginal and conditional distributions, with their names and means."""

from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest

import mvn_dask
from mvn_dask.covariance import Banded, LowRank, Precision, StationaryGrid, Toeplitz, exponential
from mvn_dask.errors import ArgumentError, ArgumentTypeError, NotPositiveDefiniteError, UnsupportedOperationError
from tests.support.conditionals import conditional_of_matrix
from tests.support.strategies import random_moments

NAMES = ["oil", "gas", "coal", "wood"]
MEAN, COV = random_moments(4)


def normal(**options: Any) -> mvn_dask.MultivariateNormal:
    return mvn_dask.MultivariateNormal(MEAN, COV, names=NAMES, **options)


def test_marginals_keep_the_order_that_is_asked_for() -> None:
    part = normal().marginal(["wood", "gas"])
    assert type(part) is mvn_dask.MultivariateNormal
    assert part.names == ("wood", "gas")
    np.testing.assert_array_equal(part.mean, MEAN[[3, 1]])
    np.testing.assert_array_equal(part.covariance.to_dense(), COV[np.ix_([3, 1], [3, 1])])
    assert part == normal().marginal([-1, 1])
    assert normal().marginal(range(4)) == normal()
    assert mvn_dask.MultivariateNormal(MEAN, COV).marginal(2).names is None


def test_exact_values_leave_the_others() -> None:
    given = normal().condition(["wood", "gas"], [1.5, -0.5])
    assert given.names == ("oil", "coal")
    shift, left = conditional_of_matrix(COV, np.array([3, 1]), np.array([1.5, -0.5]) - MEAN[[3, 1]], None)
    np.testing.assert_allclose(given.mean, MEAN[[0, 2]] + shift, rtol=1e-10)
    np.testing.assert_allclose(given.covariance.to_dense(), left, rtol=1e-10)
    assert given == normal().condition([3, 1], [1.5, -0.5], noise=0.0)


@pytest.mark.parametrize("noise", [0.5, [0.1, 3.0]])
def test_values_with_errors_leave_all(noise: Any) -> None:
    given = normal().condition(["wood", "gas"], [1.5, -0.5], noise=noise)
    assert given.names == tuple(NAMES)
    differences = np.array([1.5, -0.5]) - MEAN[[3, 1]]
    shift, left = conditional_of_matrix(COV, np.array([3, 1]), differences, np.broadcast_to(noise, 2))
    np.testing.assert_allclose(given.mean, MEAN + shift, rtol=1e-10)
    np.testing.assert_allclose(given.covariance.to_dense(), left, rtol=1e-10)


def test_rows_that_agree_with_the_values_have_the_conditional_law() -> None:
    # Regression of one variable on another over rows of the whole distribution gives the conditional mean.
    rows = normal().sample(200_000, seed=1).compute()
    near = rows[np.abs(rows[:, 1] - 1.0) < 0.05]
    given = normal().condition("gas", 1.0)
    deviations = np.sqrt(given.covariance.variances())
    errors = (near[:, [0, 2, 3]].mean(axis=0) - given.mean) / deviations * np.sqrt(len(near))
    assert np.abs(errors).max() < 4.5
    ratios = near[:, [0, 2, 3]].std(axis=0) / deviations
    assert np.abs(ratios - 1.0).max() < 4.5 / np.sqrt(2 * len(near)) + 0.01


def test_it_draws() -> None:
    given = normal().condition("gas", 1.0)
    rows = given.sample(1000, seed=1, dtype=np.float32)
    assert rows.shape == (1000, 3)
    assert np.isfinite(rows.compute()).all()


def test_a_distribution_conditioned_with_labels() -> None:
    values = pd.Series([1.5, -0.5], index=["wood", "gas"])
    assert normal().condition(values.index, values) == normal().condition(["wood", "gas"], values.to_numpy())
    with pytest.raises(ArgumentError, match="the index of `values` and `which` must agree"):
        normal().condition(["gas", "wood"], values)
    assert normal().condition("gas", da.from_array(np.array([1.5]))) == normal().condition("gas", 1.5)


def test_large_structures_are_not_made_dense() -> None:
    d = 200_000
    chain = Precision(Banded([np.full(d, 2.0), np.full(d, -0.9)], lower=True))
    process = mvn_dask.MultivariateNormal(0.0, chain)
    given = process.condition(np.arange(0, d, 1000), np.ones(d // 1000), noise=0.1)
    assert repr(given) == f"MultivariateNormal(ndim={d}, covariance=Precision(Banded(ndim={d}, bandwidth=1)))"
    # Nothing changes far from the first observation, and the next one is far away.
    assert given.mean[0] > 0.7
    assert abs(given.mean[500]) < 1e-12
    factors = mvn_dask.MultivariateNormal(0.0, LowRank(np.ones((d, 2)), 1.0))
    assert factors.condition(np.arange(5), np.ones(5)).ndim == d - 5
    assert factors.marginal(np.arange(0, d, 2)).ndim == d // 2


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((["gas", "steam"], [1.0, 2.0]), ArgumentError, "no variable is called 'steam'"),
        ((["gas", "gas"], [1.0, 2.0]), ArgumentError, "each variable once"),
        ((4, 1.0), ArgumentError, r"which\[0\] is 4"),
        ((["gas", "oil"], 1.0), ArgumentError, r"`values` must have the shape \(2,\), one number for each of 2"),
        (("gas", [1.0, 2.0]), ArgumentError, r"`values` must have the shape \(1,\)"),
        (("gas", np.nan), ArgumentError, r"`values` must be finite: values\[0\] is nan"),
        (("gas", "much"), ArgumentTypeError, "`values` must be an array of real numbers"),
        ((NAMES, np.ones(4)), ArgumentError, "given exact values of all variables, none is left"),
    ],
)
def test_bad_conditions(arguments: tuple[Any, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        normal().condition(*arguments)


def test_all_variables_may_be_observed_with_errors() -> None:
    assert normal().condition(NAMES, np.ones(4), noise=1.0).ndim == 4


def test_errors_of_structures_name_variables() -> None:
    constant = mvn_dask.MultivariateNormal([0.0, 0.0], [1.0, 0.0], names=["oil", "gas"])
    with pytest.raises(NotPositiveDefiniteError, match=r"variable 1 \(gas\) has no variance"):
        constant.condition("gas", 0.0)
    line = mvn_dask.MultivariateNormal(0.0, Toeplitz([1.0, 0.5, 0.25]))
    with pytest.raises(UnsupportedOperationError, match="`condition` takes Dense"):
        line.condition(0, 1.0)
    grid = mvn_dask.MultivariateNormal(0.0, StationaryGrid(exponential(2.0), (3, 3)))
    assert grid.marginal([4, 0]).covariance.to_dense()[0, 1] == pytest.approx(np.exp(-np.sqrt(2.0) / 2.0))
