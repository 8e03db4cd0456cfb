import numpy as np
import pytest

from mvn_dask.compiled.triangular_inversion import INVERSE_COLUMNS, invert
from tests.covariance.test_triangular_inverse import entry_by_entry, lower


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 7, INVERSE_COLUMNS, INVERSE_COLUMNS + 1])
def test_an_entry_is_what_its_definition_says(d: int) -> None:
    np.testing.assert_array_equal(invert(lower(d), 2), entry_by_entry(lower(d)))


@pytest.mark.parametrize("d", [INVERSE_COLUMNS - 1, 3 * INVERSE_COLUMNS + 2, 400])
def test_threads_change_no_bit(d: int) -> None:
    expected = invert(lower(d), 1)
    np.testing.assert_allclose(expected @ lower(d), np.eye(d), atol=1e-9)
    for threads in (2, 5):
        np.testing.assert_array_equal(invert(lower(d), threads), expected)
