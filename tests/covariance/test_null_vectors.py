from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from mvn_dask.covariance.null_vectors import (
    connected_groups,
    eigenvectors,
    polynomials,
    residuals,
    roundings,
    scaled_matrix,
)
from tests.support.singular_precisions import islands, random_walk, rescaled
from tests.support.sparse_matrices import grid, random_graph


def found_in(matrix: Any) -> Any:
    return polynomials(scaled_matrix(matrix), connected_groups(matrix))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("units", [1e-30, 0.3, 1.0, 1e30])
def test_polynomials_of_walks(order: int, units: float) -> None:
    for d in (order + 1, 20, 300):
        vectors = found_in(sp.csc_array(units * random_walk(d, order)))
        assert vectors.shape == (d, order)
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(order), atol=1e-13)
        powers = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, d), order))[0]
        np.testing.assert_allclose(powers @ (powers.T @ vectors), vectors, atol=1e-12)


def test_polynomials_of_each_component() -> None:
    parts = [random_walk(8, 2), grid(3), random_walk(5, 1), sp.csc_array((1, 1))]
    vectors = found_in(sp.csc_array(sp.block_diag(parts)))
    assert vectors.shape == (23, 2)
    assert [bool(vectors[part, 0].any()) for part in (slice(0, 8), slice(8, 17), slice(17, 22), 22)] == [
        True, False, True, True,
    ]  # fmt: skip
    assert vectors[:8, 1].all()
    assert not vectors[8:, 1].any()


@pytest.mark.parametrize("ridge", [1e-12, 1e-3])
def test_what_is_regular_has_none(ridge: float) -> None:
    for matrix in (grid(5, ridge), random_graph(40, 3.0, 1, ridge), random_walk(30, 1) + ridge * sp.eye_array(30)):
        assert found_in(sp.csc_array(matrix)).shape[1] == 0
    assert found_in(rescaled(grid(4, 0.0), 10.0)).shape[1] == 0


def test_groups_are_counted_by_their_first_variables() -> None:
    matrix = islands()
    groups = connected_groups(matrix)
    assert groups.dtype == np.int32
    assert [int(np.flatnonzero(groups == number)[0]) for number in range(3)] == sorted(
        int(np.flatnonzero(groups == number)[0]) for number in range(3)
    )
    assert sorted(np.bincount(groups).tolist()) == [1, 7, 16]


def test_residuals_are_in_units_of_the_variables() -> None:
    for units in (1.0, 1e9):
        matrix = rescaled(random_walk(12, 1), units)
        precision, groups = scaled_matrix(matrix), np.zeros(12, np.int32)
        left, limits = residuals(precision, 1.0 / np.geomspace(1.0, units, 12), groups), roundings(precision)
        assert (left <= limits).all()
        assert limits.max() < 1e-14
        assert residuals(precision, np.arange(12.0), groups).max() > 0.05


def test_eigenvectors() -> None:
    for matrix, count in ((random_walk(20, 2), 2), (islands(), 3), (rescaled(grid(4, 0.0), 1e5), 1), (grid(4), 0)):
        smallest, vectors = eigenvectors(scaled_matrix(matrix))
        assert vectors.shape == (matrix.shape[0], count)
        assert abs(smallest) < 1e-14 or not count
        if count:
            left = residuals(scaled_matrix(matrix), vectors[:, 0], np.zeros(matrix.shape[0], int))
            assert left.max() < 1e-11
    assert eigenvectors(scaled_matrix(sp.csc_array([[1.0, 2.0], [2.0, 1.0]])))[0] == pytest.approx(-1.0)
