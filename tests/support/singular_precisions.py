"""Singular precisions whose null space is known, exact: no library has a say in them."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from mvn_dask._typing import Float64Array
from mvn_dask.covariance import Banded, Precision
from tests.support.sparse_matrices import grid, star


def random_walk(d: int, order: int) -> Any:
    """The precision of a random walk, whose differences of some order are independent."""
    differences = sp.csc_array(np.diff(np.eye(d), n=order, axis=0))
    return sp.csc_array(differences.T @ differences)


def seasonal(d: int, period: int) -> Any:
    """The precision of a seasonal effect, whose sums over a period are independent."""
    sums = sp.csc_array(
        [[1.0 if first <= i < first + period else 0.0 for i in range(d)] for first in range(d - period)]
    )
    return sp.csc_array(sums.T @ sums)


def islands() -> Any:
    """An intrinsic autoregression on a graph of two components and a node that has no neighbours, in no order."""
    whole = sp.csc_array(sp.block_diag([grid(4, 0.0), star(7) - 0.25 * sp.eye_array(7), sp.csc_array((1, 1))]))
    order = np.random.default_rng(0).permutation(whole.shape[0])
    return sp.csc_array(whole[:, order][order])


def rescaled(matrix: Any, largest: float) -> Any:
    """The same field in other units, so that no polynomial is in its null space."""
    units = np.geomspace(1.0, largest, matrix.shape[0])
    return sp.csc_array(sp.diags_array(units) @ matrix @ sp.diags_array(units))


SINGULAR: dict[str, tuple[Any, int]] = {
    "walk": (random_walk(12, 1), 1),
    "second": (0.3 * random_walk(17, 2), 2),
    "third": (random_walk(11, 3), 3),
    "two": (random_walk(2, 1), 1),
    "islands": (islands(), 3),
    "grid": (grid(6, 0.0), 1),
    "seasonal": (seasonal(24, 4), 4),
    "rescaled": (rescaled(grid(4, 0.0), 100.0), 1),
    "constant": (sp.csc_array(np.diag([4.0, 0.0, 1.0])), 1),
}
"""Matrices, and the dimensions of their null spaces."""


def banded(matrix: Any) -> Banded:
    """A matrix as bands."""
    dense = matrix.toarray()
    width = int(max(np.subtract(*np.nonzero(dense)), default=0))
    bands = [np.r_[np.diagonal(dense, -k), np.zeros(k)] for k in range(width + 1)]
    return Banded(bands, lower=True)


def pseudo_inverse(matrix: Any) -> Float64Array:
    """By eigenvectors."""
    return np.asarray(np.linalg.pinv(matrix.toarray(), hermitian=True, rcond=1e-11), np.float64)


FORMS: dict[str, Any] = {"dense": lambda matrix: matrix.toarray(), "banded": banded, "sparse": lambda matrix: matrix}
"""How a precision is given."""


def projected(name: str, form: str, **options: Any) -> Precision:
    """The intrinsic field of a case in a form."""
    return Precision(FORMS[form](SINGULAR[name][0]), singular="project", **options)
