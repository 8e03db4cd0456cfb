import numpy as np
import pytest

from mvn_dask.compiled.row_scaling import scale_rows


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", [(1000, 7), (3, 1), (0, 4)])
def test_the_bits_are_numpys(shape: tuple[int, int], dtype: str) -> None:
    rng = np.random.default_rng(0)
    rows, scales, location = (rng.standard_normal(n).astype(dtype) for n in (shape, shape[0], shape[1]))
    expected = rows * scales[:, None] + location
    scale_rows(rows, scales, location)
    np.testing.assert_array_equal(rows, expected)


def test_what_does_not_fit_is_refused() -> None:
    for rows, scales, location in ((3, 2, 4), (3, 3, 3), (2, 3, 4)):
        with pytest.raises(ValueError, match="do not fit"):
            scale_rows(np.zeros((rows, 4)), np.zeros(scales), np.zeros(location))
    with pytest.raises(ValueError, match="do not fit"):
        scale_rows(np.zeros((3, 4)), np.zeros(3, np.float32), np.zeros(4))
