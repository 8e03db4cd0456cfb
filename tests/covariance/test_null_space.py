from typing import Any

import numpy as np
import pytest

from mvn_dask.covariance.null_space import NullSpace, orthonormal
from mvn_dask.errors import ArgumentError

GROUPS = np.array([0, 1, 0, 0, 1, 2, 0], np.int32)
VECTORS = np.array([[1.0, 0.0], [2.0, 0.0], [1.0, 1.0], [1.0, 2.0], [2.0, 0.0], [0.0, 3.0], [1.0, 3.0]])


def space() -> NullSpace:
    return NullSpace.spanned_by(VECTORS, GROUPS, np.ones(7))


def dense_basis() -> Any:
    """One column for each vector of each group."""
    columns = [np.where(GROUPS == 0, VECTORS[:, 0], 0.0), np.where(GROUPS == 0, VECTORS[:, 1], 0.0)]
    columns += [(GROUPS == 1) * 1.0, (GROUPS == 2) * 1.0]
    return np.linalg.qr(np.column_stack(columns))[0]


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_projection(dtype: str) -> None:
    found = space().astype(dtype)
    rows = np.random.default_rng(0).standard_normal((5, 3)).astype(dtype)
    whole = np.zeros((5, 7))
    whole[:, found.free] = rows
    basis = dense_basis()
    for out in (np.empty((5, 7), dtype), np.empty((7, 5), dtype).T, np.empty((5, 14), dtype)[:, ::2]):
        assert found.project(rows, out) is out
        np.testing.assert_allclose(out, whole - whole @ basis @ basis.T, atol=1e-14 if dtype == "float64" else 1e-6)
    assert found.project(rows[:0], np.empty((0, 7), dtype)).shape == (0, 7)


def test_pins_are_independent_rows() -> None:
    found = space()
    assert found.basis.shape == (7, 2)
    assert np.bincount(GROUPS[found.pins]).tolist() == [2, 1, 1]
    # The ends of a line are further apart than any others.
    assert found.pins.tolist() == [0, 1, 5, 6]
    assert found.free.tolist() == [2, 3, 4]
    # In units in which another variable is the largest.
    units = np.array([1.0, 1.0, 1e6, 1.0, 5.0, 1.0, 1e6])
    assert NullSpace.spanned_by(VECTORS / units[:, None], GROUPS, units).pins.tolist() == [0, 1, 5, 6]


def test_what_differs_by_the_null_space_is_one() -> None:
    found = space()
    rows = np.random.default_rng(0).standard_normal((4, 7))
    moved = rows + np.random.default_rng(1).standard_normal((4, 4)) @ dense_basis().T
    np.testing.assert_allclose(found.without(moved), found.without(rows), atol=1e-12)
    whole = np.zeros((4, 7))
    whole[:, found.free] = np.random.default_rng(2).standard_normal((4, 3))
    np.testing.assert_allclose(found.without(whole), whole[:, found.free], atol=1e-14)


def test_volume() -> None:
    found, basis = space(), dense_basis()
    assert found.log_volume == pytest.approx(np.linalg.slogdet(basis[found.pins])[1])


@pytest.mark.parametrize("units", [1e-200, 1.0, 1e200])
def test_orthonormal_within_groups(units: float) -> None:
    basis = orthonormal(units * VECTORS, GROUPS)
    for group in range(3):
        part = basis[group == GROUPS]
        part = part[:, part.any(axis=0)]
        np.testing.assert_allclose(part.T @ part, np.eye(part.shape[1]), atol=1e-14)
    with pytest.raises(ArgumentError, match="column 1 of the null space is a combination"):
        orthonormal(units * np.ones((3, 2)), np.zeros(3, int))
