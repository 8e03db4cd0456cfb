import numpy as np
import pytest

from mvn_dask.covariance import row_product
from mvn_dask.covariance.ordered_product import ordered_product
from mvn_dask.covariance.row_product import multiply_rows


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("packed", [0, 10**6])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 50, 2), (8, 5, 7), (17, 33, 40), (300, 99, 4), (0, 300, 2)])
def test_bits_of_ordered_products(
    shape: tuple[int, int, int], packed: int, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_product, "PACKED_NDIM", packed)
    n, d, k = shape
    rng = np.random.default_rng(shape)
    z, matrix = rng.standard_normal((n, k)).astype(dtype), rng.standard_normal((d, k)).astype(dtype)
    expected = ordered_product(z, matrix, np.empty((n, d), dtype)) + np.zeros((), dtype)
    memory = np.full((n, 2 * d), np.nan, dtype)
    for out in (np.empty((n, d), dtype), memory[:, :d], np.empty((n, d), dtype, "F")):
        assert multiply_rows(z, matrix, out) is out
        assert out.tobytes() == expected.tobytes()
    assert np.isnan(memory[:, d:]).all()
    strided = np.empty((n, 2 * k), dtype)[:, ::2]
    strided[:] = z
    assert multiply_rows(strided, matrix, np.empty((n, d), dtype)).tobytes() == expected.tobytes()


@pytest.mark.usefixtures("path")
def test_no_zero_is_negative() -> None:
    z, matrix = np.array([[-1.0, 0.0], [0.0, -0.0]]), np.array([[0.0, 0.0], [1.0, 0.0]])
    assert not np.signbit(multiply_rows(z, matrix, np.empty((2, 2)))[[0, 1, 1], [0, 0, 1]]).any()


def test_precisions_that_differ() -> None:
    out = multiply_rows(np.ones((9, 2)), np.ones((3, 2), np.float32), np.empty((9, 3)))
    np.testing.assert_array_equal(out, np.full((9, 3), 2.0))
