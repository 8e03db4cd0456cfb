import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvn_dask.checks import Method
from mvn_dask.covariance import Dense
from mvn_dask.covariance.dense import OrthogonalFactor, TriangularFactor
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.errors import ArgumentError, NotPositiveDefiniteError
from tests.support.contracts import check_covariance
from tests.support.strategies import METHODS, Floats, covariances, random_moments


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("d", [1, 2, 5, 64, 65, 150])
def test_contract(d: int, method: Method) -> None:
    _, cov = random_moments(d)
    check_covariance(Dense(cov, method=method), cov)


@given(cov=covariances(st.integers(1, 6)), method=st.sampled_from(["svd", "eigh"]))
@settings(max_examples=60)
def test_singular_covariances_are_reproduced_without_a_warning(cov: Floats, method: Method) -> None:
    factor = Dense(cov, method=method).factorize()
    basis = factor.colorize(np.eye(len(cov))).T
    np.testing.assert_allclose(basis @ basis.T, cov, atol=1e-10 * np.abs(cov).max())


def test_directions_without_variance_whiten_to_zero() -> None:
    factor = Dense([[1.0, 1.0], [1.0, 1.0]]).factorize()
    white = factor.whiten(np.array([[2.0, 2.0]]))
    np.testing.assert_allclose(factor.colorize(white), [[2.0, 2.0]])
    assert factor.log_det < -30


@pytest.mark.parametrize("method", METHODS)
def test_a_diagonal_factor_is_recognised(method: Method) -> None:
    # eigh sorts the other way than svd.
    variances = [1.0, 4.0, 9.0] if method == "eigh" else [9.0, 4.0, 1.0]
    factor = Dense(np.diag(variances), method=method).factorize()
    assert isinstance(factor, ScaleFactor)
    np.testing.assert_array_equal(np.abs(factor.scale), np.sqrt(variances))
    z = np.random.default_rng(0).standard_normal((5, 3))
    np.testing.assert_allclose(factor.whiten(factor.colorize(z)), z, rtol=1e-14)
    assert factor.log_det == pytest.approx(np.log(36))


def test_numpys_permutation_of_a_diagonal_is_kept() -> None:
    cov = np.diag([1.0, 9.0, 4.0])
    drawn = Dense(cov).factorize().colorize(np.random.Generator(np.random.SFC64(3)).standard_normal((4, 3)))
    expected = np.random.Generator(np.random.SFC64(3)).multivariate_normal(np.zeros(3), cov, 4)
    np.testing.assert_allclose(drawn, expected, rtol=1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_asymmetric_is_noticed_and_named(method: Method) -> None:
    cov = Dense([[2.0, 0.5, 0.0], [0.5, 2.0, 0.25], [0.0, 0.75, 2.0]], method=method, check_valid="raise")
    with pytest.raises(ArgumentError, match=r"symmetric: cov\[1, 2\] is 0.25, cov\[2, 1\] is 0.75"):
        cov.factorize()


@pytest.mark.parametrize("method", ["svd", "eigh"])
def test_indefinite_warns_with_the_smallest_eigenvalue(method: Method) -> None:
    with pytest.warns(RuntimeWarning, match=r"^covariance is not symmetric positive-semidefinite\. .*-1 "):
        factor = Dense([[1.0, 2.0], [2.0, 1.0]], method=method).factorize()
    # numpy samples from the matrix with the absolute values of the eigenvalues; so do we.
    basis = factor.colorize(np.eye(2)).T
    np.testing.assert_allclose(basis @ basis.T, [[2.0, 1.0], [1.0, 2.0]], atol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Dense([[1.0, 2.0], [2.0, 1.0]], method=method, check_valid="ignore").factorize()


def test_cholesky_of_an_indefinite_matrix() -> None:
    with pytest.raises(NotPositiveDefiniteError, match="smallest eigenvalue of `cov` is -1"):
        Dense([[1.0, 2.0], [2.0, 1.0]], method="cholesky").factorize()


@pytest.mark.parametrize("scale", [1e-200, 1e-12, 1.0, 1e12, 1e200])
def test_eigh_judges_relative_to_the_largest_eigenvalue(scale: float) -> None:
    good = scale * np.diag([1.0, 0.5, -1e-9])
    Dense(good, method="eigh").factorize()
    bad = scale * np.diag([1.0, 0.5, -1e-7])
    with pytest.warns(RuntimeWarning, match="positive-semidefinite"):
        Dense(bad, method="eigh").factorize()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-300, 1e150, 1e300])
def test_extreme_scales(scale: float, method: Method) -> None:
    # A covariance of 1e300 has a factor of 1e150: nothing may overflow on the way.
    factor = Dense(scale * np.array([[4.0, 2.0], [2.0, 3.0]]), method=method).factorize()
    basis = factor.colorize(np.eye(2)).T / np.sqrt(scale)
    np.testing.assert_allclose(basis @ basis.T, [[4.0, 2.0], [2.0, 3.0]], rtol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("method", METHODS)
def test_numbers_that_are_not_finite_are_named_by_index(bad: float, method: Method) -> None:
    cov = np.eye(3)
    cov[1, 2] = bad
    with pytest.raises(ArgumentError, match=rf"cov\[1, 2\] is {bad}"):
        Dense(cov, method=method, check_valid="ignore")


def test_the_input_is_copied() -> None:
    matrix = np.eye(2)
    cov = Dense(matrix)
    matrix[0, 0] = 5.0
    assert cov.matrix[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        cov.matrix[0, 0] = 2.0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-60, 1.0, 1e60])
def test_float32_factors_whose_squares_float32_cannot_hold(scale: float, method: Method) -> None:
    cov = scale * np.array([[4.0, 2.0], [2.0, 3.0]])
    factor = Dense(cov, method=method).factorize().astype(np.float32)
    assert factor.rank == 2
    assert factor.log_det == pytest.approx(np.linalg.slogdet(cov)[1])
    z = np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32)
    np.testing.assert_allclose(factor.whiten(factor.colorize(z)), z, rtol=1e-5, atol=1e-5)


def test_the_determinant_of_a_singular_covariance_is_zero() -> None:
    tall = OrthogonalFactor(np.eye(3)[:, :2])
    assert (tall.rank, tall.log_det) == (2, -np.inf)
    assert Dense([[1.0, 1.0], [1.0, 1.0]]).factorize().log_det == -np.inf
    assert TriangularFactor(np.array([[1.0, 0.0], [1.0, 0.0]])).log_det == -np.inf
