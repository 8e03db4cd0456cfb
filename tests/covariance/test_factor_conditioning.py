"""Conditional factor models, beside the formulas for whole matrices."""

import numpy as np
import pytest

from mvn_dask.covariance import Diagonal, Factored, LowRank
from mvn_dask.covariance.conditioning import conditional
from mvn_dask.covariance.observations import Observations
from mvn_dask.errors import NotPositiveDefiniteError
from tests.support.conditionals import check_conditional

LOADINGS = np.random.default_rng(3).standard_normal((9, 3))
OWN = np.linspace(0.5, 2.0, 9)
SOME = np.where([True, True, False, True, False, True, True, True, False], OWN, 0.0)
"""Variances of the variables' own, of which those of variables 2, 4 and 8 are 0."""
NOISES = [None, 0.5, [0.1, 2.0, 30.0]]


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("places", [[0, 5, 7], [7, 3, 2], [4, 0, 8]])
@pytest.mark.parametrize("own", [OWN, SOME])
def test_factor_models_stay_factor_models(own: np.ndarray, places: list[int], noise: object) -> None:
    left = check_conditional(LowRank(LOADINGS, own), LowRank, places, noise)
    assert isinstance(left, LowRank)
    exact = 0 if noise is not None else int((own[places] == 0).sum())
    assert left.loadings.shape[1] == 3 - exact


def test_more_observations_than_factors() -> None:
    check_conditional(LowRank(LOADINGS, OWN), LowRank, [8, 7, 6, 5, 4, 3, 2, 1])
    check_conditional(LowRank(LOADINGS, OWN), LowRank, list(range(9)), 0.25)
    check_conditional(LowRank(LOADINGS, SOME), LowRank, list(range(9)), 0.25)


def test_exact_values_of_all_factors_leave_independent_variables() -> None:
    check_conditional(LowRank(LOADINGS, SOME), Diagonal, [2, 4, 8])
    check_conditional(LowRank(LOADINGS, SOME), Diagonal, [2, 0, 4, 8, 1])


@pytest.mark.parametrize("noise", NOISES)
def test_factors_stay_factors(noise: object) -> None:
    square = np.random.default_rng(4).standard_normal((9, 9))
    check_conditional(Factored(square), Factored, [4, 0, 8], noise)
    check_conditional(Factored(np.tril(square)), Factored, [4, 0, 8], noise)
    check_conditional(Factored(square[:, :4]), Factored, [4, 0, 8], noise)
    check_conditional(Factored(square[:, :3]), Diagonal if noise is None else Factored, [4, 0, 8], noise)


def test_units_may_differ() -> None:
    units = 10.0 ** np.array([-100.0, 3.0, 0.0, 12.0, -6.0, 90.0, 1.0, 0.0, 5.0])
    places, values = np.array([0, 5, 2]), np.array([1.0, -1.0, 2.0])
    expected, left = conditional(LowRank(LOADINGS, SOME), Observations(places, values, None, None))
    scaled = LowRank(LOADINGS * units[:, None], SOME * units**2)
    shift, found = conditional(scaled, Observations(places, values * units[places], None, None))
    own = np.delete(units, places)
    np.testing.assert_allclose(shift / own, expected, rtol=1e-9)
    np.testing.assert_allclose(found.to_dense() / own[:, None] / own, left.to_dense(), rtol=1e-9, atol=1e-13)


def test_small_variances_of_the_own_lose_no_digits() -> None:
    # Given the first, whose own variance is 1e-20, the second is all but known; the Schur complement would be rounding.
    shift, left = conditional(
        LowRank([[1.0], [1.0]], [1e-20, 0.0]), Observations(np.array([0]), np.ones(1), None, None)
    )
    np.testing.assert_allclose(shift, [1.0])
    np.testing.assert_allclose(left.variances(), [1e-20], rtol=1e-6)


def test_what_the_values_determine_is_constant() -> None:
    # Variable 1 is three times variable 0, and variable 2 depends on another factor.
    covariance = LowRank([[0.1, 0.3], [0.3, 0.9], [1.0, 0.2]], 0.0)
    shift, left = conditional(covariance, Observations(np.array([0]), np.array([1.0]), None, None))
    np.testing.assert_allclose(shift[0], 3.0)
    assert left.variances()[0] == 0.0
    assert left.variances()[1] > 0.1


def test_observed_variables_must_not_determine_one_another() -> None:
    with pytest.raises(NotPositiveDefiniteError, match="the 4 variables in `which` without a variance of their own"):
        conditional(Factored(LOADINGS), Observations(np.arange(4), np.zeros(4), None, None))
    constant = Factored([[1.0], [0.0]])
    with pytest.raises(NotPositiveDefiniteError, match="rank of their covariance is 0"):
        conditional(constant, Observations(np.array([1]), np.zeros(1), None, None))
    check_conditional(Factored(LOADINGS), Factored, [0, 1, 2, 3], 0.5)


def test_large_models_are_quick() -> None:
    rng = np.random.default_rng(5)
    covariance = LowRank(rng.standard_normal((200_000, 5)), rng.uniform(0.5, 1.0, 200_000))
    places = np.arange(0, 200_000, 2)
    shift, left = conditional(covariance, Observations(places, rng.standard_normal(100_000), None, None))
    assert isinstance(left, LowRank)
    assert left.loadings.shape == (100_000, 5)
    assert shift.shape == (100_000,)
