import numpy as np
import pytest

from mvn_dask.compiled import projection


@pytest.mark.parametrize("pins", [[0], [5], [2, 3], [0, 1, 5], [0, 5]])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_less_their_projection(pins: list[int], dtype: str) -> None:
    rng = np.random.default_rng(0)
    groups, basis = np.array([0, 1, 0, 1, 1, 0], np.int32), rng.standard_normal((6, 2)).astype(dtype)
    rows = rng.standard_normal((11, 6 - len(pins))).astype(dtype)
    whole = np.zeros((11, 6))
    whole[:, np.delete(np.arange(6), pins)] = rows
    out, sums = np.full((11, 6), np.nan, dtype), np.full(2 * 2 * projection.ROWS_OF_SUMS, np.nan)
    projection.project(rows, np.array(pins), groups, basis, sums, out)
    expected = whole.copy()
    for group in (0, 1):
        for vector in basis.T.astype(np.float64):
            expected[:, groups == group] -= np.outer(whole @ (vector * (groups == group)), vector[groups == group])
    np.testing.assert_allclose(out, expected, rtol=1e-5 if dtype == "float32" else 1e-13, atol=1e-6)
