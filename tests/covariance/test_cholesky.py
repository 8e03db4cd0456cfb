from hashlib import sha256

import numpy as np
import pytest

from mvn_dask._typing import Float64Array
from mvn_dask.covariance import Dense
from mvn_dask.covariance.cholesky import COMPILED_NDIM, cholesky
from tests.support.other_processors import printed_under


def positive(d: int, seed: int = 0) -> Float64Array:
    """A positive definite matrix of small integers: exact, so that no library has a say in it."""
    rows = np.random.default_rng(seed).integers(-3, 4, size=(d, 2 * d))
    return np.asarray(rows @ rows.T, np.float64)


def entry_by_entry(matrix: Float64Array) -> Float64Array:
    """The definition: products in the order of the columns, each rounded by itself."""
    factor = np.zeros_like(matrix)
    for i, j in np.argwhere(np.tril(np.ones_like(matrix))):
        total = matrix[i, j]
        for k in range(j):
            total -= factor[i, k] * factor[j, k]
        factor[i, j] = np.sqrt(total) if i == j else total / factor[j, j]
    return factor


@pytest.mark.parametrize("d", [1, 2, 7, 24, 25, 49])
def test_an_entry_is_what_its_definition_says(d: int) -> None:
    matrix = positive(d)
    np.testing.assert_array_equal(cholesky(matrix), entry_by_entry(matrix))


@pytest.mark.parametrize("d", [30, COMPILED_NDIM + 30])
def test_only_the_lower_triangle_is_read(d: int) -> None:
    matrix = positive(d)
    expected = cholesky(matrix)
    matrix[np.triu_indices(d, 1)] = np.inf
    np.testing.assert_array_equal(cholesky(matrix), expected)


@pytest.mark.parametrize("d", [3, COMPILED_NDIM + 3])
@pytest.mark.parametrize("pivot", [0.0, -1.0, np.nan])
def test_a_pivot_that_is_not_positive(pivot: float, d: int) -> None:
    matrix = positive(d)
    matrix[d - 2, d - 2] = pivot
    with pytest.raises(np.linalg.LinAlgError, match="Matrix is not positive definite"):
        cholesky(matrix)


@pytest.mark.parametrize("d", [4, COMPILED_NDIM + 4])
def test_numbers_beyond_float64_are_not_positive_definite(d: int) -> None:
    matrix = np.eye(d)
    matrix[2:, :2] = 1e200
    with pytest.raises(np.linalg.LinAlgError):
        cholesky(matrix)


DIGEST = "2630a4b9ee3bde50e7ded5dcbaa6dd682f43a09fdc96821edbc06c2de70cd588"
FACTORIZE = """
from tests.covariance.test_cholesky import digest
print(digest())
"""


def digest() -> str:
    """Of the factor of a covariance of 600 variables, by the default method."""
    return sha256(Dense(positive(600)).factorize().arrays()["matrix"].tobytes()).hexdigest()


def test_the_bits_of_another_machine() -> None:
    assert digest() == DIGEST


@pytest.mark.faults
@pytest.mark.parametrize(
    "settings",
    [
        {"NUMBA_CPU_NAME": "generic"},
        {"NUMBA_DISABLE_JIT": "1"},
        {"OPENBLAS_CORETYPE": "Prescott"},
        {"OPENBLAS_NUM_THREADS": "1"},
        {"OPENBLAS_NUM_THREADS": "3"},
    ],
    ids=str,
)
def test_the_bits_under_other_settings(settings: dict[str, str]) -> None:
    assert printed_under(settings, FACTORIZE) == DIGEST
