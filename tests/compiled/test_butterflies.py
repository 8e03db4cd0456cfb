import numpy as np
import pytest

from mvn_dask.compiled.butterflies import RADICES, butterfly, rotate


@pytest.mark.parametrize("radix", RADICES)
def test_a_butterfly_is_a_fourier_transform(radix: int) -> None:
    numbers = np.random.default_rng(radix).standard_normal((2, radix, 50))
    found = butterfly(list(zip(*numbers, strict=True)))
    expected = np.fft.fft(numbers[0] + 1j * numbers[1], axis=0)
    np.testing.assert_allclose([real + 1j * imaginary for real, imaginary in found], expected, atol=1e-14)


@pytest.mark.parametrize("radix", RADICES)
def test_precision_is_kept(radix: int) -> None:
    numbers = np.ones((2, radix, 3), np.float32)
    assert {part.dtype.name for number in butterfly(list(zip(*numbers, strict=True))) for part in number} == {"float32"}


def test_a_rotation_is_clockwise() -> None:
    assert rotate((1.0, 0.0), 0.0, 1.0) == (0.0, -1.0)
