from hashlib import sha256
from math import prod

import numpy as np
import pytest

from mvn_dask.covariance.fourier_tables import circle, columns_of, fast_length, fourier, radices_of


def test_a_length_is_the_product_of_its_radices() -> None:
    for length in range(1, 2000):
        radices = radices_of(length)
        assert prod(radices) == length
        assert all(radix == 4 or all(radix % other for other in range(2, radix)) for radix in radices)


def test_fast_lengths_are_the_least() -> None:
    fast = [length for length in range(2, 5000, 2) if max(radices_of(length)) <= 5]
    for least in range(1, 4000):
        assert fast_length(least) == next(length for length in fast if length >= least)
    assert fast_length(2**40 + 1) < 2**40 * 1.01


def test_columns_divide_a_length() -> None:
    for length in range(1, 300):
        columns = columns_of(length)
        assert length % columns == 0
        assert columns**2 <= length


@pytest.mark.parametrize("length", [1, 2, 3, 4, 7, 8, 12, 100, 8192, 10007])
def test_a_circle(length: int) -> None:
    angles = 2 * np.pi * np.arange(length) / length
    cosines, sines = circle(length)
    # numpy's angles are up to 4e-16 off.
    np.testing.assert_allclose(cosines, np.cos(angles), atol=2e-15, rtol=0)
    np.testing.assert_allclose(sines, np.sin(angles), atol=2e-15, rtol=0)
    np.testing.assert_allclose(cosines**2 + sines**2, 1.0, atol=4e-16, rtol=0)


def test_quarters_of_a_circle_are_exact() -> None:
    for length in (4, 8, 400):
        quarters = circle(length)[:, :: length // 4]
        np.testing.assert_array_equal(quarters, [[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0]])
        assert not np.signbit(quarters[quarters == 0.0]).any()


def test_the_bits_of_another_machine() -> None:
    found = sha256(circle(5000).tobytes()).hexdigest()
    assert found == "4addd7b48b33fda6d83cbd7c43b900b5dbe724a88b9874ebd7c5b44d0ccdb389"


@pytest.mark.parametrize("length", [1, 2, 3, 5, 6, 7, 16, 60, 121, 1000])
def test_transforms_are_numpys_to_rounding(length: int) -> None:
    real, imaginary = np.random.default_rng(length).standard_normal((2, length, 3))
    found = fourier(real, imaginary, circle(length))
    expected = np.fft.fft(real + 1j * imaginary, axis=0)
    np.testing.assert_allclose(found[0] + 1j * found[1], expected, atol=1e-14 * np.sqrt(length))
