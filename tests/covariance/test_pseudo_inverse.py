import numpy as np
import pytest

from mvn_dask.covariance import pseudo_inverse
from mvn_dask.covariance.pseudo_inverse import PseudoInverse, triangle_of

SHAPES = [(7, 3), (3, 7), (5, 5), (1, 4), (4, 1), (1, 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("parts", [False, True])
def test_against_numpy(shape: tuple[int, int], parts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if parts:
        monkeypatch.setattr(pseudo_inverse, "QR_NUMBERS", 1)
    rng = np.random.default_rng(shape)
    for rank in range(1, min(shape) + 1):
        matrix = rng.standard_normal((shape[0], rank)) @ rng.standard_normal((rank, shape[1]))
        inverse = PseudoInverse(matrix)
        assert inverse.rank == rank
        x = rng.standard_normal((4, rank)) @ rng.standard_normal((rank, shape[1])) @ matrix.T
        np.testing.assert_allclose(inverse.solve(matrix, x), x @ np.linalg.pinv(matrix).T, rtol=1e-8, atol=1e-8)
        free = inverse.null_space(matrix)
        assert free.shape == (shape[1], shape[1] - rank)
        np.testing.assert_allclose(free.T @ free, np.eye(free.shape[1]), atol=1e-12)
        np.testing.assert_allclose(matrix @ free, 0.0, atol=1e-10)
        expected = np.linalg.slogdet(matrix @ matrix.T)[1] / 2 if rank == shape[0] else -np.inf
        assert inverse.log_volume == pytest.approx(expected)


def test_columns_that_are_nearly_dependent() -> None:
    """To 1e-6, where the squares of singular values have 4 digits."""
    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((50, 1)) + 1e-6 * rng.standard_normal((50, 3))
    z = rng.standard_normal((5, 3))
    np.testing.assert_allclose(PseudoInverse(matrix).solve(matrix, z @ matrix.T), z, atol=1e-8)


def test_nothing_but_zeros() -> None:
    inverse = PseudoInverse(np.zeros((3, 2)))
    assert (inverse.rank, inverse.log_volume) == (0, -np.inf)
    np.testing.assert_array_equal(inverse.solve(np.zeros((3, 2)), np.zeros((1, 3))), np.zeros((1, 2)))
    assert inverse.null_space(np.zeros((3, 2))).shape == (2, 2)


def test_a_triangle_of_parts_has_their_products() -> None:
    rows = np.random.default_rng(1).standard_normal((9, 4))
    triangle = triangle_of([rows[:1], rows[1:7], rows[7:]])
    np.testing.assert_allclose(triangle.T @ triangle, rows.T @ rows, atol=1e-12)
