import tracemalloc

import numpy as np
import pytest

from mvn_dask.covariance import row_product
from mvn_dask.covariance.low_rank_product import add_low_rank
from mvn_dask.covariance.ordered_product import ordered_product


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("packed", [0, 10**6])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 2), (8, 33, 40), (700, 200, 3), (0, 3, 2)])
def test_one_order_of_sums(
    shape: tuple[int, int, int], packed: int, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_product, "PACKED_NDIM", packed)
    n, d, k = shape
    rng = np.random.default_rng(shape)
    z = rng.standard_normal((n, k + d)).astype(dtype)
    loadings, scale = rng.standard_normal((d, k)).astype(dtype), rng.random(d).astype(dtype)
    expected = ordered_product(z[:, :k], loadings, np.empty((n, d), dtype))
    expected += z[:, k:] * scale
    for out in (np.empty((n, d), dtype), np.empty((n, d), dtype, "F")):
        assert add_low_rank(z, loadings, scale, out) is out
        np.testing.assert_array_equal(out, expected)
    wide = np.asfortranarray(z)
    np.testing.assert_array_equal(add_low_rank(wide, loadings, scale, np.empty((n, d), dtype)), expected)


def test_large_loadings_are_not_copied() -> None:
    d, k = 100_000, 50
    loadings, scale, z = np.ones((d, k)), np.ones(d), np.ones((8, k + d))
    out = np.empty((8, d))
    add_low_rank(z, loadings, scale, out)
    tracemalloc.start()
    add_low_rank(z, loadings, scale, out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20
    np.testing.assert_array_equal(out, np.full((8, d), k + 1.0))
