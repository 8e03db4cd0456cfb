from hashlib import sha256

import numpy as np
import pytest

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.covariance.band_triangle import (
    VARIABLES,
    PivotError,
    factorize_band,
    inverse_variances,
    multiply_band,
    reversed_band,
    solve_band,
)
from mvn_dask.errors import ArgumentError
from tests.support.other_processors import PROCESSORS, printed_under

SHAPES = [(1, 0), (2, 0), (2, 1), (3, 2), (7, 2), (8, 1), (40, 3), (40, 39), (300, 70), (1200, 4), (5000, 1)]


def triangle(d: int, u: int, seed: int = 0) -> Float64Array:
    """Bands of a lower triangular matrix, with NaN in the corner that nothing may read."""
    rng = np.random.default_rng([d, u, seed])
    bands = rng.integers(-8, 9, (u + 1, d)) / 16.0
    bands[0] = 1.0 + rng.integers(1, 8, d) / 8.0 + u / 8.0
    for k in range(1, u + 1):
        bands[k, d - k :] = np.nan
    return bands


def dense(bands: Float64Array) -> Float64Array:
    d = bands.shape[1]
    matrix = np.zeros((d, d))
    for k, band in enumerate(bands):
        matrix[range(k, d), range(d - k)] = band[: d - k]
    return matrix


def gram(d: int, u: int) -> Float64Array:
    """Bands of a positive definite matrix."""
    bands = triangle(d, u)
    products = np.zeros_like(bands)
    for k in range(u + 1):
        for j in range(u + 1 - k):
            # L[i + k, m] L[i, m] for m = i - j.
            products[k, j : d - k] += bands[j, : d - j - k] * bands[j + k, : d - j - k]
    return products


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(("d", "u"), SHAPES[:-1])
def test_dense_numpy(d: int, u: int) -> None:
    bands, z = triangle(d, u), np.random.default_rng(1).standard_normal((11, d))
    matrix = dense(bands)
    np.testing.assert_allclose(multiply_band(bands, z), z @ matrix.T, atol=1e-12)
    np.testing.assert_allclose(solve_band(bands, z) @ matrix.T, z, atol=1e-10)
    np.testing.assert_allclose(dense(factorize_band(gram(d, u))), matrix, atol=1e-10)
    inverse = np.linalg.inv(matrix)
    np.testing.assert_allclose(inverse_variances(bands), np.square(inverse).sum(axis=1), rtol=1e-10)
    np.testing.assert_array_equal(dense(reversed_band(bands)), matrix[::-1, ::-1].T)


def number_by_number(bands: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The definitions: each operation rounded by itself."""
    d, product, solution = bands.shape[1], np.empty_like(z), np.empty_like(z)
    for row in range(len(z)):
        for i in range(d):
            near = range(max(0, i - len(bands) + 1), i)
            total = bands[0, i] * z[row, i]
            for m in reversed(near):
                total += bands[i - m, m] * z[row, m]
            product[row, i] = total
            rest = z[row, i]
            for m in near:
                rest -= bands[i - m, m] * solution[row, m]
            solution[row, i] = rest * (bands.dtype.type(1.0) / bands[0, i])
    return product, solution


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("d", "u"), SHAPES[:8])
def test_numbers_are_what_their_definitions_say(d: int, u: int, dtype: str) -> None:
    bands = triangle(d, u).astype(dtype)
    z = np.random.default_rng(2).standard_normal((9, d)).astype(dtype)
    product, solution = number_by_number(bands, z)
    np.testing.assert_array_equal(multiply_band(bands, z), product)
    np.testing.assert_array_equal(solve_band(bands, z), solution)


def entry_by_entry(bands: Float64Array) -> Float64Array:
    """Cholesky's factor by its definition: products in the order of the columns."""
    matrix = dense(bands)
    factor = np.zeros_like(matrix)
    for i, j in np.argwhere(matrix != 0.0):
        total = matrix[i, j]
        for k in range(max(0, i - len(bands) + 1), j):
            total -= factor[i, k] * factor[j, k]
        factor[i, j] = np.sqrt(total) if i == j else total / factor[j, j]
    return factor


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(("d", "u"), [(1, 0), (3, 2), (9, 2), (30, 6)])
def test_a_factor_is_what_its_definition_says(d: int, u: int) -> None:
    bands = gram(d, u)
    np.testing.assert_array_equal(dense(factorize_band(bands)), entry_by_entry(bands))


@pytest.mark.usefixtures("path")
def test_units_of_any_size() -> None:
    """Powers of four as units of the variances change no bit but those of exponents."""
    bands = gram(30, 3)
    powers = np.random.default_rng(4).integers(-450, 450, 30)
    scaled = np.zeros_like(bands)
    for k, band in enumerate(bands):
        scaled[k, : 30 - k] = np.ldexp(band[: 30 - k], powers[: 30 - k] + powers[k:])
    expected = factorize_band(bands)
    for k, band in enumerate(factorize_band(scaled)):
        np.testing.assert_array_equal(band[: 30 - k], np.ldexp(expected[k, : 30 - k], powers[k:]))


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(
    ("bands", "variable"),
    [
        ([[1.0, 1.0, 1.0], [0.0, 1.0, 0.0]], 2),
        ([[1.0, 1.0, 1.0], [0.9, 0.9, 0.0]], 2),
        ([[1.0, 0.0, -1.0], [0.0, 0.0, 0.0]], 1),
        ([[1.0, 2.0, np.nan], [0.0, 0.0, 0.0]], 2),
        ([[0.5, 1.0, 2.0], [1e300, 0.0, 0.0]], 1),
        ([[1.0, 1.0, 1.0], [0.5, np.nextafter(np.sqrt(0.75), 0), 0.0]], 2),
        ([[0.0]], 0),
    ],
)
def test_the_first_pivot_that_is_not_positive(bands: list[list[float]], variable: int) -> None:
    with pytest.raises(PivotError, match=f"variable {variable} is not positive") as caught:
        factorize_band(np.array(bands))
    assert caught.value.variable == variable


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("height", [0, 1, 3, 8, 9, 17])
def test_a_row_has_the_same_bits_whatever_is_beside_it(height: int) -> None:
    bands = triangle(300, 5)
    z = np.random.default_rng(3).standard_normal((17, 300))
    for apply in (multiply_band, solve_band):
        whole = apply(bands, z)
        np.testing.assert_array_equal(apply(bands, z[17 - height :]), whole[17 - height :])
        out = np.full((height, 600), np.nan)
        assert apply(bands, z[:height], out[:, ::2]).base is out
        np.testing.assert_array_equal(out[:, ::2], whole[:height])
        assert np.isnan(out[:, 1::2]).all()
        np.testing.assert_array_equal(apply(bands, np.asfortranarray(z)), whole)
        np.testing.assert_array_equal(apply(bands[::-1].copy()[::-1], z), whole)
    own = z.copy()
    np.testing.assert_array_equal(solve_band(bands, own, own), whole)


@pytest.mark.usefixtures("path")
def test_precisions_of_both() -> None:
    bands, z = triangle(20, 2).astype(np.float32), np.ones((3, 20))
    for apply in (multiply_band, solve_band):
        assert apply(bands, z).dtype == np.float64
        assert apply(bands, z.astype(np.float32)).dtype == np.float32
        np.testing.assert_array_equal(apply(bands, z), apply(bands.astype(np.float64), z))


@pytest.mark.usefixtures("path")
def test_shapes_that_do_not_fit() -> None:
    bands, z = triangle(20, 2), np.ones((3, 20))
    for apply in (multiply_band, solve_band):
        for wrong in (np.ones((3, 19)), np.ones((3, 21)), np.ones(20), np.ones((1, 3, 20))):
            with pytest.raises(ArgumentError, match="`z` must be rows of 20 numbers"):
                apply(bands, wrong)
        with pytest.raises(ArgumentError, match="`out` must have the shape"):
            apply(bands, z, np.empty((2, 20)))


@pytest.mark.usefixtures("path")
def test_more_variables_than_are_worked_on_at_once() -> None:
    d = VARIABLES + 7
    bands, z = triangle(d, 2), np.random.default_rng(5).standard_normal((2, d))
    x = multiply_band(bands, z)
    np.testing.assert_allclose(
        x[:, 2:], z[:, 2:] * bands[0, 2:] + z[:, 1:-1] * bands[1, 1:-1] + z[:, :-2] * bands[2, :-2]
    )
    np.testing.assert_allclose(solve_band(bands, x), z, atol=1e-10)


DIGEST = "5ca319c4c4e8ca09e63b887111c852903286aa273f208005282793ef8f092e03"
DIGESTS = """
from tests.covariance.test_band_triangle import digest
print(digest())
"""


def digest() -> str:
    """Of all that is made of bands, in both precisions."""
    state = sha256()
    for d, u in ((5, 4), (700, 1), (2000, 5), (90, 30)):
        bands, z = gram(d, u), np.random.default_rng(d).integers(-64, 65, (11, d)) / 16.0
        factor = factorize_band(bands)
        state.update(factor.tobytes() + inverse_variances(factor).tobytes())
        for kind in (np.float64, np.float32):
            for apply in (multiply_band, solve_band):
                state.update(apply(factor.astype(kind), z.astype(kind)).tobytes())
    return state.hexdigest()


@pytest.mark.usefixtures("path")
def test_the_bits_of_another_machine() -> None:
    assert digest() == DIGEST


@pytest.mark.slow
@pytest.mark.parametrize("settings", PROCESSORS, ids=str)
def test_the_bits_under_other_settings(settings: dict[str, str]) -> None:
    assert printed_under(settings, DIGESTS) == DIGEST
