import numpy as np

from mvn_dask.compiled import selected_inversion
from mvn_dask.covariance.symbolic import supernodes_of


def test_all_of_the_inverse_of_one_supernode() -> None:
    lower = np.tril(np.arange(1.0, 10.0).reshape(3, 3))
    one = supernodes_of(np.array([0, 3]), np.array([0, 3]), np.arange(3, dtype=np.int32))
    inverse = np.full(6, np.nan)
    assert selected_inversion.invert(one, lower.T[np.triu_indices(3)], inverse)
    np.testing.assert_allclose(inverse, np.linalg.inv(lower @ lower.T)[np.triu_indices(3)], rtol=1e-10)


def test_more_rows_than_are_worked_on_at_once() -> None:
    """One column with all others below it, then these."""
    d = selected_inversion.BLOCK_ROWS + 90
    lower = np.eye(d)
    lower[1:, 0] = np.linspace(-1.0, 1.0, d - 1)
    lower[np.tril_indices(d, -1)] += 1e-3
    rows = np.concatenate([np.arange(d), np.arange(1, d)]).astype(np.int32)
    two = supernodes_of(np.array([0, 1, d]), np.array([0, d, 2 * d - 1]), rows)
    entries = np.concatenate([column[j:] for j, column in enumerate(lower.T)])
    inverse = np.empty_like(entries)
    assert selected_inversion.invert(two, entries, inverse)
    expected = np.linalg.inv(lower @ lower.T)
    np.testing.assert_allclose(
        inverse, np.concatenate([row[j:] for j, row in enumerate(expected)]), rtol=1e-8, atol=1e-8
    )


def test_rows_that_are_not_there_are_not_read() -> None:
    # The row below the first column is 2, and the next supernode, of column 2 alone, has no more.
    rows = np.array([0, 2, 3, 1, 2, 3], np.int32)
    wrong = supernodes_of(np.arange(5), np.array([0, 3, 4, 5, 6]), rows)
    assert not selected_inversion.invert(wrong, np.ones(6), np.empty(6))
