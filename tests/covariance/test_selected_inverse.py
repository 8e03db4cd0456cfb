from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from mvn_dask.covariance import selected_inverse
from mvn_dask.covariance.selected_inverse import inverse_diagonal
from mvn_dask.covariance.symbolic import supernodes_of
from mvn_dask.errors import ArgumentError
from tests.covariance.test_panels import factorized
from tests.support.sparse_matrices import CASES, grid


@pytest.mark.parametrize("name", CASES)
def test_the_diagonal_of_the_inverse_both_ways(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix: Any = CASES[name]
    permutation, supernodes, entries, _ = factorized(matrix)
    expected = np.diagonal(np.linalg.inv(matrix.toarray()))[permutation]
    found = []
    for size in (0, 2**62):
        monkeypatch.setattr(selected_inverse, "COMPILED_ENTRIES", size)
        found.append(inverse_diagonal(supernodes, entries))
        np.testing.assert_allclose(found[-1], expected, rtol=1e-11)
    np.testing.assert_array_equal(found[0].view(np.int64), found[1].view(np.int64))


@pytest.mark.slow
def test_rows_that_are_not_nested_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """They may come from a damaged store: compiled code must not follow them."""
    _, supernodes, entries, _ = factorized(grid(9))
    for size in (0, 2**62):
        monkeypatch.setattr(selected_inverse, "COMPILED_ENTRIES", size)
        refused = 0
        for s in range(len(supernodes.first) - 1):
            place = int(supernodes.starts[s + 1]) - 1
            rows = supernodes.rows.copy()
            if rows[place] < supernodes.first[s + 1] or rows[place] == 80:
                continue
            rows[place] = 80
            wrong = supernodes_of(supernodes.first, supernodes.starts, rows)
            # Where the row is one of the next supernode's as well, the numbers are wrong, and nothing else.
            with suppress(ArgumentError):
                inverse_diagonal(wrong, entries)
                refused -= 1
            refused += 1
        assert refused > 3
