from typing import Any

import numpy as np
import pytest

from mvn_dask.compiled import table_lookup
from mvn_dask.distribution.quantile_tables import HALF_WIDTH, QuantileTables, cell_counts

DENSITIES = np.array([16, 0, 64])
TABLES = QuantileTables(
    DENSITIES,
    np.random.default_rng(1).standard_normal((int(cell_counts(DENSITIES).sum()), 6)),
    np.array([2, 0, 1, 0]),
    np.array([0.0, 1.0, 2.0, -0.5]),
    np.array([1.0, 3.0, 1.0, 1e-3]),
)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_bits_are_numpys(dtype: str) -> None:
    rows = 3.0 * np.random.default_rng(2).standard_normal((5000, 4)).astype(dtype)
    rows[:4] = [[0.0, -0.0, 8.5, -8.5], [9.0, -9.0, 1e30, -1e30], [8.4999, 1e-30, 1.0, -1.0], [0.5, 0.0625, 2.0, 3.0]]
    expected, whole = rows.copy(), rows.copy()
    TABLES._apply_numpy(expected)
    TABLES.apply(rows)
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(rows[:, 2], whole[:, 2], "a variable without a table keeps its numbers")


def test_what_does_not_fit_is_refused() -> None:
    rows = np.zeros((3, 2))
    density, first, numbers = np.array([16, 16]), np.array([0, 272]), np.ones(2)
    coefficients = np.zeros((544, 6))
    table_lookup.look_up(rows, density, first, coefficients, numbers, numbers, HALF_WIDTH)
    np.testing.assert_array_equal(rows, 1.0)
    wrongs: tuple[Any, ...] = (
        (np.zeros((3, 3)), density, first, coefficients, numbers, numbers),
        (rows, density, first, coefficients[1:], numbers, numbers),
        (rows, density, first - 1, coefficients, numbers, numbers),
        (rows, density, first, coefficients[:, 1:], numbers, numbers),
        (rows, density, first, coefficients, numbers[1:], numbers),
    )
    for wrong in wrongs:
        with pytest.raises(ValueError, match=r"do not fit|other cells"):
            table_lookup.look_up(*(*wrong, HALF_WIDTH))
