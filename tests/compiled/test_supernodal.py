import numpy as np
from scipy.sparse import csc_array

from mvn_dask.compiled import supernodal
from mvn_dask.covariance.sparse_matrix import symmetric_columns
from mvn_dask.covariance.symbolic import analyse, inverse_of
from tests.support.sparse_matrices import grid


def test_columns_of_a_panel_follow_each_other_from_the_diagonal_down() -> None:
    """The numbers of a factor that is known: that of a matrix of integers, L @ L.T."""
    lower = np.tril(np.arange(1.0, 26.0).reshape(5, 5))
    columns = symmetric_columns("matrix", csc_array(lower @ lower.T))
    permutation, supernodes = analyse(columns.pattern, np.arange(5))
    assert supernodes.first.tolist() == [0, 5]
    entries = np.full(15, np.nan)
    inverse = inverse_of(permutation)
    assert supernodal.factorize(tuple(columns), permutation, inverse, supernodes, np.zeros(5), entries) == -1
    np.testing.assert_allclose(entries, lower.T[np.triu_indices(5)], rtol=1e-12)


def test_the_limit_of_a_pivot_is_that_of_its_column() -> None:
    columns = symmetric_columns("matrix", grid(8))
    permutation, supernodes = analyse(columns.pattern, np.arange(64))
    limits = np.zeros(64)
    for column in (0, 30, 63):
        limits[:], limits[column] = 0.0, 1e3
        entries = np.empty(supernodes.places[-1])
        arguments = tuple(columns), permutation, inverse_of(permutation), supernodes, limits, entries
        assert supernodal.factorize(*arguments) == column
