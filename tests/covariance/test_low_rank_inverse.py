import numpy as np
import pytest

from mvn_dask.covariance.low_rank_inverse import LowRankInverse


def whole(loadings: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.hstack([loadings, np.diag(scale)])


@pytest.mark.parametrize("zeros", range(8))
@pytest.mark.parametrize("count", [1, 3, 9])
def test_against_the_dense_pseudo_inverse(count: int, zeros: int) -> None:
    rng = np.random.default_rng([count, zeros])
    loadings, scale = rng.standard_normal((7, count)), rng.uniform(0.5, 2.0, 7)
    scale[rng.permutation(7)[:zeros]] = 0.0
    scale[0] = -scale[0]
    inverse, dense = LowRankInverse(loadings, scale), whole(loadings, scale)
    assert inverse.rank == np.linalg.matrix_rank(dense)
    x = rng.standard_normal((5, 7 + count)) @ dense.T
    expected = x @ np.linalg.pinv(dense).T
    np.testing.assert_allclose(inverse.solve(x), expected, rtol=1e-8, atol=1e-8)
    log_det = np.linalg.slogdet(dense @ dense.T)[1] if inverse.rank == 7 else -np.inf
    assert inverse.log_det == pytest.approx(log_det)


def test_variances_that_are_small_beside_the_factors() -> None:
    """Their squares are lost in those of the loadings: 1e-20 of them."""
    rng = np.random.default_rng(5)
    loadings, scale = rng.standard_normal((30, 2)), np.full(30, 1e-10)
    z = rng.standard_normal((4, 32))
    x = z @ whole(loadings, scale).T
    found = LowRankInverse(loadings, scale).solve(x)
    np.testing.assert_allclose(found @ whole(loadings, scale).T, x, rtol=1e-12)
    # The shortest z has no part in the null space: the determinant of 30 variables, 28 of which are of size 1e-20.
    singular = np.linalg.svd(loadings, compute_uv=False)
    expected = 2 * np.log(singular).sum() + 28 * np.log(1e-20)
    assert LowRankInverse(loadings, scale).log_det == pytest.approx(expected, rel=1e-12)
