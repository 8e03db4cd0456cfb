import numpy as np
import pytest

from mvn_dask.covariance import Banded, Dense, Sparse
from mvn_dask.covariance.precision_factors import FACTORIZATIONS, check_symmetric
from mvn_dask.errors import ArgumentError, NotPositiveDefiniteError
from tests.support.singular_precisions import banded
from tests.support.sparse_matrices import grid


def test_errors_carry_the_variable_whose_pivot_is_not_positive() -> None:
    for matrix in (banded(grid(3, 0.0)), Sparse(grid(3, 0.0), ordering="natural")):
        with pytest.raises(NotPositiveDefiniteError, match="singular='project' draws the intrinsic field") as caught:
            FACTORIZATIONS[type(matrix)](matrix, None)
        # Bands are eliminated from the last variable on, and a sparse matrix from the first.
        assert caught.value.variable == (0 if isinstance(matrix, Banded) else 8)
    with pytest.raises(NotPositiveDefiniteError, match="its smallest eigenvalue, scaled to a unit diagonal") as caught:
        FACTORIZATIONS[Dense](Dense([[1.0, 2.0], [2.0, 1.0]]), None)
    assert caught.value.variable is None


def test_symmetry_is_judged_in_units_of_the_diagonal() -> None:
    check_symmetric(np.array([[1e-12, 1e-9], [0.0, 1e12]]))
    with pytest.raises(ArgumentError, match=r"`precision` must be symmetric: precision\[0, 1\]"):
        check_symmetric(np.array([[1e-12, 0.1], [0.0, 1e12]]))
