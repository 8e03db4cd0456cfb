import numpy as np
import pytest

from mvn_dask.checks import Method
from mvn_dask.covariance import Dense
from mvn_dask.covariance.matrix_factors import OrthogonalFactor, ScaledOrthogonalFactor, TriangularFactor
from mvn_dask.errors import ArgumentError, UnsupportedOperationError
from tests.support.contracts import check_factor

METHODS: tuple[Method, ...] = ("auto", "svd", "eigh", "cholesky")


def test_directions_without_variance_whiten_to_zero() -> None:
    factor = Dense([[1.0, 1.0], [1.0, 1.0]], method="svd").factorize()
    white = factor.whiten(np.array([[2.0, 2.0]]))
    np.testing.assert_allclose(factor.colorize(white), [[2.0, 2.0]])
    assert factor.log_det < -30


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


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_correlations_that_are_scaled(rank: int) -> None:
    loadings = np.random.default_rng(rank).standard_normal((5, rank)) * [[1e-3], [1.0], [10.0], [0.5], [2.0]]
    cov = loadings @ loadings.T
    scale = np.sqrt(np.diagonal(cov))
    eigenvalues, u = np.linalg.eigh(cov / np.outer(scale, scale))
    eigenvalues[: 5 - rank] = 0.0
    check_factor(ScaledOrthogonalFactor(scale[:, None] * u * np.sqrt(eigenvalues), scale), cov)


@pytest.mark.parametrize("scale", [np.ones(3), np.ones((2, 1)), np.ones(2, "f4"), np.ones(2, int), np.ones(0)])
def test_a_scale_of_something_else_is_refused(scale: object) -> None:
    with pytest.raises(ArgumentError, match="scale"):
        ScaledOrthogonalFactor.from_arrays({"matrix": np.eye(2), "scale": np.asarray(scale)})


def test_a_triangular_factor_of_constants_is_whitened() -> None:
    cov = np.array([[2.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    factor = Dense(cov).factorize()
    check_factor(factor, cov)
    white = factor.whiten(np.array([[np.sqrt(2.0), 7.0, np.sqrt(0.5), 0.0]]))
    np.testing.assert_allclose(white, [[1.0, 0.0, 0.0, 0.0]], atol=1e-15)
    assert TriangularFactor(np.zeros((2, 2))).whiten(np.ones((1, 2))).tolist() == [[0.0, 0.0]]
    with pytest.raises(UnsupportedOperationError, match="noise of a constant"):
        TriangularFactor(np.array([[0.0, 0.0], [1.0, 1.0]])).whiten(np.ones((1, 2)))
