"""Conditional covariances of matrices, variances and scaled covariances, beside the formulas for whole matrices."""

from typing import Any

import numpy as np
import pytest

from mvn_dask.covariance import Banded, Dense, Diagonal, LowRank, Precision, Scaled, Toeplitz
from mvn_dask.covariance.conditioning import conditional
from mvn_dask.covariance.observations import Observations
from mvn_dask.errors import NotPositiveDefiniteError, UnsupportedOperationError
from tests.support.conditionals import check_conditional, conditional_of_matrix

NOISES = [None, 0.5, [0.1, 2.0, 30.0]]


def dense(d: int = 7, **options: Any) -> Dense:
    square = np.random.default_rng(d).standard_normal((d, d + 2))
    return Dense(square @ square.T, **options)


def exact(places: list[int], values: list[float]) -> Observations:
    return Observations(np.array(places), np.array(values), None, None)


@pytest.mark.parametrize("noise", NOISES)
def test_matrices(noise: object) -> None:
    check_conditional(dense(), Dense, [4, 0, 5], noise)
    check_conditional(dense(500), Dense, [499, 0, 250], noise)
    if noise is None:
        check_conditional(dense(), Dense, [0, 1, 2, 3, 4, 5])


def test_units_may_differ() -> None:
    inner = dense()
    units = 10.0 ** np.array([-150.0, 3.0, 0.0, 12.0, -6.0, 140.0, 1.0])
    covariance = Dense(inner.matrix * units[:, None] * units)
    values = np.array([1.0, -2.0, 0.5])
    expected = conditional_of_matrix(inner.matrix, np.array([0, 5, 2]), values, None)
    shift, left = conditional(covariance, Observations(np.array([0, 5, 2]), values * units[[0, 5, 2]], None, None))
    own = units[[1, 3, 4, 6]]
    np.testing.assert_allclose(shift / own, expected[0], rtol=1e-10)
    np.testing.assert_allclose(left.to_dense() / own[:, None] / own, expected[1], rtol=1e-10)


def test_both_triangles_of_a_matrix_count() -> None:
    matrix = dense().matrix * (1.0 + 1e-9 * np.triu(np.ones((7, 7)), 1))
    _, left = conditional(Dense(matrix), exact([1, 2], [1.0, 1.0]))
    assert np.array_equal(left.to_dense(), left.to_dense().T)
    mean = 0.5 * (matrix + matrix.T)
    _, expected = conditional_of_matrix(mean, np.array([1, 2]), np.ones(2), None)
    np.testing.assert_allclose(left.to_dense(), expected, rtol=1e-12)


@pytest.mark.parametrize("method", ["auto", "svd", "eigh", "cholesky"])
def test_how_a_matrix_is_factorised_is_kept(method: Any) -> None:
    _, left = conditional(dense(method=method), exact([1], [1.0]))
    assert isinstance(left, Dense)
    assert left.method == method
    # Of what the values determine there is no Cholesky factor.
    matrix = np.array([[1.0, 1.0, 0.0], [1.0, 1.0 + 1e-16, 0.0], [0.0, 0.0, 2.0]])
    _, left = conditional(Dense(matrix, method=method), exact([0], [1.0]))
    np.testing.assert_array_equal(left.to_dense(), [[0.0, 0.0], [0.0, 2.0]])
    assert left.factorize().rank == 1


def test_what_the_values_determine_is_constant() -> None:
    # The third variable is the sum of the others.
    factor = np.array([[1.0, 0.0], [0.3, 2.0], [1.3, 2.0], [0.1, -0.7]])
    shift, left = conditional(Dense(factor @ factor.T), exact([0, 1], [1.0, 5.0]))
    np.testing.assert_allclose(shift[0], 6.0, rtol=1e-12)
    np.testing.assert_array_equal(left.to_dense(), np.zeros((2, 2)))
    assert left.factorize().rank == 0


def test_observed_variables_must_not_determine_one_another() -> None:
    factor = np.array([[1.0, 0.0], [0.3, 2.0], [1.3, 2.0], [0.1, -0.7]])
    singular = Dense(factor @ factor.T)
    with pytest.raises(NotPositiveDefiniteError, match="variable 2 has no variance, to rounding, given the variables"):
        conditional(singular, exact([0, 1, 2], [1.0, 5.0, 6.0]))
    with pytest.raises(NotPositiveDefiniteError, match="variable 2 has no variance: leave it out, or give"):
        conditional(Dense(np.diag([1.0, 2.0, 0.0])), exact([2, 0], [1.0, 5.0]))
    indefinite = Dense([[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    with pytest.raises(NotPositiveDefiniteError, match="variable 1 has no variance, to rounding"):
        conditional(indefinite, exact([0, 1], [1.0, 5.0]))
    with pytest.raises(NotPositiveDefiniteError, match="the variance of variable 1 is -1: only a covariance"):
        conditional(Dense(np.diag([1.0, -1.0, 1.0])), exact([0], [1.0]))
    # With errors, all can be observed.
    check_conditional(singular, Dense, [0, 1, 2], 0.5)


def test_observed_constants_with_errors_say_nothing() -> None:
    whole = dense(3).matrix.copy()
    whole[1] = whole[:, 1] = 0.0
    shift, left = conditional(Dense(whole), Observations(np.array([1]), np.array([9.0]), np.array([0.5]), None))
    np.testing.assert_array_equal(shift, np.zeros(3))
    np.testing.assert_allclose(left.to_dense(), whole)


@pytest.mark.parametrize("noise", NOISES)
def test_variances(noise: object) -> None:
    check_conditional(Diagonal([1.0, 2.0, 3.0, 4.0, 5.0]), Diagonal, [4, 0, 1], noise)


def test_variances_of_zero() -> None:
    constant = Diagonal([1.0, 0.0, 3.0])
    with pytest.raises(NotPositiveDefiniteError, match="variable 1 has no variance: leave it out of `which`"):
        conditional(constant, exact([1], [1.0]))
    check_conditional(constant, Diagonal, [1, 2], 0.5)


@pytest.mark.parametrize("noise", NOISES)
def test_scaled_covariances(noise: object) -> None:
    scale = [1.0, 2.0, 10.0, 0.1, 3.0, 0.0, 7.0]
    check_conditional(Scaled(dense(), scale), Scaled, [4, 0, 2], noise)
    check_conditional(Scaled(LowRank(np.ones((7, 1)), 1.0), scale), Scaled, [4, 0, 2], noise)
    with pytest.raises(NotPositiveDefiniteError, match="variable 5 has no variance: leave it out of `which`"):
        conditional(Scaled(dense(), scale), exact([5], [1.0]))


@pytest.mark.parametrize("covariance", [Toeplitz([1.0, 0.5, 0.25]), Banded([[2.0, 2.0], [0.5, 0.0]], lower=True)])
def test_other_structures_are_refused(covariance: Banded | Toeplitz) -> None:
    with pytest.raises(
        UnsupportedOperationError, match=r"`condition` takes Dense, .*, StationaryGrid; where there are few"
    ):
        conditional(covariance, exact([0], [1.0]))
    check_conditional(Dense(covariance.to_dense()), Dense, [0])


def test_one_after_the_other_is_both_at_once() -> None:
    for covariance in (dense(), Precision(dense().matrix), LowRank(dense().matrix[:, :3], 1.0)):
        shift, both = conditional(covariance, exact([1, 4], [1.0, 2.0]))
        first, left = conditional(covariance, exact([1], [1.0]))
        # Variable 4 is the fourth of those that are left, and its mean has changed.
        second, left = conditional(left, exact([3], [2.0 - first[3]]))
        np.testing.assert_allclose(np.delete(first, 3) + second, shift, rtol=1e-9)
        np.testing.assert_allclose(left.to_dense(), both.to_dense(), rtol=1e-9)
