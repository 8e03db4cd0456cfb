from decimal import Decimal

import numpy as np
import pytest
from scipy import special

from mvn_dask.random.inverse_normal import ATANH, CENTRAL_LIMIT, FAR_ORIGIN, minus_log, normal_quantiles, polynomial
from mvn_dask.random.sobol import BITS, CENTER

QUANTILES = {
    2: "0.6744897501960817432022",
    3: "1.150349380376008178297",
    4: "1.534120544352546311708",
    5: "1.862731867421651455488",
    7: "2.417559016236505061849",
    10: "3.097269078198784462365",
    15: "4.008772594168584962253",
    20: "4.763001034267813956989",
    25: "5.419983174916867988405",
    30: "6.009353565530743893181",
    34: "6.443934526538564215307",
    35: "6.548269367831730755388",
    36: "6.651035379893010546658",
    37: "6.752300431407014964608",
    40: "7.047700256664408725351",
    45: "7.515155294158907580401",
    50: "7.956038125481530962218",
    53: "8.209536151601386855631",
}
"""By k, what a standard normal exceeds with the probability 2**-k, to 22 digits, from erfc of 50 digits."""


def all_scales() -> np.ndarray:
    """Probabilities less ½ that points have, from the first to the last, most of them where they are few."""
    powers = (2.0 ** np.linspace(0, 50, 20_000)).astype(np.int64)
    edge = int((np.sqrt(CENTRAL_LIMIT) + 0.5) * 2.0**BITS) + np.arange(-50, 50)
    far = int(np.exp(-(FAR_ORIGIN**2)) * 2.0**BITS) + np.arange(-50, 50)
    below = np.concatenate([np.arange(100), powers, 2 ** (BITS - 1) - powers, far, np.arange(0, 2**51, 2**37)])
    numbers = np.concatenate([below, 2**BITS - 1 - below, edge])
    return numbers * 2.0**-BITS + CENTER


def test_scipys_quantiles() -> None:
    centered = all_scales()
    tail = 0.5 - np.abs(centered)
    assert tail.min() == 2.0**-53
    expected = np.copysign(special.ndtri(tail), centered)
    found = normal_quantiles(centered)
    assert np.abs(found / expected - 1.0).max() <= 1e-15
    assert found[centered == tail.min() - 0.5] == pytest.approx(-8.209536151601387, rel=1e-15)
    np.testing.assert_array_equal(normal_quantiles(-centered), -found)


def test_quantiles_to_more_digits() -> None:
    found = normal_quantiles(0.5 - 2.0 ** -np.array(list(QUANTILES), float))
    for value, right in zip(found.tolist(), map(Decimal, QUANTILES.values()), strict=True):
        assert abs(Decimal(value) - right) <= right * Decimal("8e-16")


def test_they_do_not_decrease() -> None:
    """Where other coefficients begin, and everywhere else but for rounding."""
    centered = np.sort(all_scales())
    found = normal_quantiles(centered)
    assert (np.diff(found) >= -4e-16 * np.abs(found[1:])).all()


def test_shapes_and_pieces() -> None:
    assert normal_quantiles(np.empty((0, 3))).shape == (0, 3)
    centered = np.random.default_rng(1).random((2**12, 10)) - 0.5
    found = normal_quantiles(centered)
    for row in (0, 1638, 4095):
        np.testing.assert_array_equal(found[row], normal_quantiles(centered[row]))


def test_polynomials_of_any_length() -> None:
    t = np.array([0.25, -2.0])
    for length in range(1, 12):
        numbers = list(range(1, length + 1))
        np.testing.assert_array_equal(polynomial(numbers, t), np.polynomial.polynomial.polyval(t, numbers))


def test_logarithms() -> None:
    p = np.concatenate([2.0 ** -np.linspace(4, 53, 5000), 2.0 ** -np.arange(4.0, 54.0)])
    np.testing.assert_allclose(minus_log(p), -np.log(p), rtol=4e-16)
    assert ATANH[-1] == 1 / 19
