from typing import Any

import numpy as np
import pytest

from mvn_dask.covariance import Dense, Factor, LowRank, Precision, Sparse
from mvn_dask.covariance.precision_forms import as_csc, covariance_times, is_of_precision, part, product, with_diagonal
from tests.support.singular_precisions import banded
from tests.support.sparse_matrices import grid

MATRIX = grid(4)
FORMS: dict[str, Any] = {"dense": Dense(MATRIX.toarray()), "banded": banded(MATRIX), "sparse": Sparse(MATRIX)}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str) -> None:
    matrix, dense = FORMS[form], MATRIX.toarray()
    vector, places = np.arange(16.0), np.array([1, 2, 5, 6, 15])
    np.testing.assert_allclose(product(matrix, vector), dense @ vector)
    np.testing.assert_array_equal(as_csc(matrix).toarray(), dense)
    assert as_csc(matrix).nnz == MATRIX.nnz
    assert type(part(matrix, places)) is type(with_diagonal(matrix, vector)) is type(matrix)
    np.testing.assert_array_equal(part(matrix, places).to_dense(), dense[np.ix_(places, places)])
    np.testing.assert_array_equal(with_diagonal(matrix, vector).to_dense(), dense + np.diag(vector))


def test_rounding_across_the_diagonal_is_evened() -> None:
    np.testing.assert_array_equal(as_csc(Dense([[1.0, 0.5], [0.0, 1.0]])).toarray(), [[1.0, 0.25], [0.25, 1.0]])


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("form", [*FORMS, "diagonal"])
def test_products_with_the_covariance(form: str) -> None:
    cov = Precision(np.diag(np.arange(1.0, 17.0)) if form == "diagonal" else FORMS[form])
    factor, rows = cov.factorize(), np.random.default_rng(0).standard_normal((3, 16))
    assert is_of_precision(factor)
    np.testing.assert_allclose(covariance_times(factor, rows), rows @ cov.to_dense(), rtol=1e-12)


def test_other_factors() -> None:
    others: list[Factor] = [LowRank(np.ones((3, 1)), 1.0).factorize(), Sparse(MATRIX).factorize()]
    assert not any(map(is_of_precision, others))
