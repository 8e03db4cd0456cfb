import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvn_dask.checks import Method
from mvn_dask.covariance import Dense
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.errors import ArgumentError, NotPositiveDefiniteError
from tests.support.contracts import check_covariance
from tests.support.strategies import Floats, covariances, random_moments

METHODS: tuple[Method, ...] = ("auto", "svd", "eigh", "cholesky")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("d", [1, 2, 5, 64, 65, 150])
def test_contract(d: int, method: Method) -> None:
    _, cov = random_moments(d)
    check_covariance(Dense(cov, method=method), cov)


@given(cov=covariances(st.integers(1, 6)), method=st.sampled_from(["auto", "svd", "eigh"]))
@settings(max_examples=60)
def test_singular_covariances_are_reproduced_without_a_warning(cov: Floats, method: Method) -> None:
    factor = Dense(cov, method=method).factorize()
    basis = factor.colorize(np.eye(len(cov))).T
    np.testing.assert_allclose(basis @ basis.T, cov, atol=1e-10 * np.abs(cov).max())


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
    drawn = (
        Dense(cov, method="svd").factorize().colorize(np.random.Generator(np.random.SFC64(3)).standard_normal((4, 3)))
    )
    expected = np.random.Generator(np.random.SFC64(3)).multivariate_normal(np.zeros(3), cov, 4)
    np.testing.assert_allclose(drawn, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("cov", "text"),
    [
        ([[1, 2], [2, 1]], "The smallest eigenvalue of `cov`, scaled to a unit diagonal, is -1 "),
        ([[1e-12, 2], [2, 1e12]], "The smallest eigenvalue of `cov`, scaled to a unit diagonal, is -1 "),
        ([[1, 1], [1, 1]], "The smallest eigenvalue of `cov`, scaled to a unit diagonal, is "),
        ([[0, 0], [0, 2]], "The variance cov[0, 0] is 0, and each must be positive."),
        ([[0, 1], [1, 1]], "The variance cov[0, 0] is 0, and each must be positive."),
        ([[-1, 0], [0, 1]], "The variance cov[0, 0] is -1, and each must be positive."),
        ([[2, 0, 0], [0, 0, 0], [0, 0, -1e-9]], "The variance cov[2, 2] is -1e-09, and each must be positive."),
        (np.zeros((2, 2)), "The variance cov[0, 0] is 0, and each must be positive."),
    ],
)
def test_why_a_matrix_has_no_cholesky_factor(cov: list[list[float]], text: str) -> None:
    with pytest.raises(NotPositiveDefiniteError) as caught:
        Dense(cov, method="cholesky", check_valid="ignore").factorize()
    assert str(caught.value).startswith(f"Matrix is not positive definite. {text}")
    assert "is 1 (tol" not in str(caught.value)
    assert ("For a singular covariance use" in str(caught.value)) == (np.diagonal(cov).min() >= 0)


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


def test_a_matrix_without_variables() -> None:
    with pytest.raises(ArgumentError, match="`cov` must not be empty"):
        Dense(np.zeros((0, 0)))
