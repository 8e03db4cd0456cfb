from hashlib import sha256

import numpy as np
import pytest

from mvn_dask._typing import Float64Array
from mvn_dask.covariance.cholesky import COMPILED_NDIM
from mvn_dask.covariance.triangular_inverse import triangular_inverse
from tests.support.other_processors import printed_under


def lower(d: int) -> Float64Array:
    """A lower triangular matrix of sixteenths, whose inverse has entries of every size."""
    matrix = np.tril(np.random.default_rng(d).integers(-16, 17, (d, d)) / (16.0 * np.sqrt(d)))
    np.fill_diagonal(matrix, 1.0 + np.random.default_rng([d, 1]).integers(0, 8, d) / 8.0)
    return np.asarray(matrix)


def entry_by_entry(matrix: Float64Array) -> Float64Array:
    """The definition: products in the order of the lines, each rounded by itself."""
    inverse = np.zeros_like(matrix)
    for i, c in np.argwhere(np.tril(np.ones_like(matrix))):
        total = float(i == c)
        for j in range(c, i):
            total -= matrix[i, j] * inverse[j, c]
        inverse[i, c] = total / matrix[i, i]
    return inverse


@pytest.mark.parametrize("d", [1, 2, 7, 30, 65])
def test_an_entry_is_what_its_definition_says(d: int) -> None:
    np.testing.assert_array_equal(triangular_inverse(lower(d)), entry_by_entry(lower(d)))


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("d", [1, 100, COMPILED_NDIM - 1, COMPILED_NDIM, COMPILED_NDIM + 3])
def test_dense_numpy(d: int) -> None:
    matrix = lower(d)
    inverse = triangular_inverse(np.asfortranarray(matrix))
    np.testing.assert_allclose(inverse, np.linalg.inv(matrix), rtol=1e-9, atol=1e-10)
    np.testing.assert_array_equal(np.triu(inverse, 1), 0.0)


DIGEST = "af0bc1d7c65281b4bead11f4622d6d9b7bcb752019f430d331025a88911060d7"
INVERT = """
from tests.covariance.test_triangular_inverse import digest
print(digest())
"""


def digest() -> str:
    return sha256(triangular_inverse(lower(500)).tobytes()).hexdigest()


@pytest.mark.usefixtures("path")
def test_the_bits_of_another_machine() -> None:
    assert digest() == DIGEST


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{"NUMBA_CPU_NAME": "generic"}, {"NUMBA_DISABLE_JIT": "1"}, {"OPENBLAS_NUM_THREADS": "3"}], ids=str
)
def test_the_bits_under_other_settings(settings: dict[str, str]) -> None:
    assert printed_under(settings, INVERT) == DIGEST
