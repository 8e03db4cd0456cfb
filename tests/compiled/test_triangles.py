import numpy as np
import pytest

from mvn_dask.compiled import triangles


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("count", [0, 1, 5, 16])
def test_lines_of_rows_and_back(dtype: str, count: int) -> None:
    height = triangles.ROWS_AT_ONCE[dtype]
    count = min(count, height)
    rows = np.arange(7.0 * count).reshape(count, 7).astype(dtype)
    positions = np.array([3, 0, 6, 5, 1, 2, 4], np.int32)
    for places in (None, positions):
        lines = np.full(7 * height, np.nan, dtype)
        triangles.gather_lines(rows, places, lines)
        table = lines.reshape(7, height)
        np.testing.assert_array_equal(table[slice(None) if places is None else places, :count], rows.T)
        # Rows that are not there take no part, and raise no exceptions of the processor.
        assert not table[:, count:].any()
        back = np.full_like(rows, np.nan)
        triangles.scatter_lines(lines, places, back)
        np.testing.assert_array_equal(back, rows)
