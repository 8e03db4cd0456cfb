import numpy as np
import pytest

from mvn_dask.covariance.ordered_product import NUMBERS, ROWS, ordered_product


@pytest.mark.parametrize(("rows", "d", "k"), [(1, 1, 1), (7, 3, 5), (ROWS + 1, 2, 2), (3, NUMBERS + 2, 2), (9, 40, 40)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_products_are_added_one_by_one_in_the_order_of_the_normals(rows: int, d: int, k: int, dtype: str) -> None:
    rng = np.random.default_rng(d)
    z, matrix = rng.standard_normal((rows, k)).astype(dtype), rng.standard_normal((d, k)).astype(dtype)
    expected = np.zeros((rows, d), dtype)
    for number in range(k):
        expected += z[:, number, None] * matrix[:, number]
    np.testing.assert_array_equal(ordered_product(z, matrix, np.empty((rows, d), dtype)), expected)


def test_the_order_matters() -> None:
    z = np.array([[1.0, 1e16, -1e16]])
    assert ordered_product(z, np.ones((1, 3)), np.empty((1, 1))) == 0.0
    assert ordered_product(z[:, ::-1], np.ones((1, 3)), np.empty((1, 1))) == 1.0


def test_the_zeros_of_a_triangle_are_left_out() -> None:
    lower = np.tril(np.random.default_rng(1).standard_normal((300, 300)))
    z = np.random.default_rng(2).standard_normal((4, 300))
    np.testing.assert_allclose(ordered_product(z, lower, np.empty((4, 300))), z @ lower.T, rtol=1e-10, atol=1e-12)


def test_a_matrix_of_zeros() -> None:
    made = ordered_product(np.ones((2, 3)), np.zeros((3, 3)), np.full((2, 3), np.nan))
    np.testing.assert_array_equal(made, np.zeros((2, 3)))
