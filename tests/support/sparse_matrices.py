"""Sparse symmetric matrices of several shapes, exact: no library has a say in them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from mvn_dask._typing import Float64Array
from mvn_dask.covariance.symbolic import Pattern

Edges = npt.NDArray[np.int64]


def laplacian(d: int, edges: Edges, ridge: float) -> Any:
    """Minus one beside each edge, and on the diagonal the degree and a ridge."""
    i, j = edges[edges[:, 0] != edges[:, 1]].T
    weights = sp.coo_array((np.ones(2 * len(i)), (np.r_[i, j], np.r_[j, i])), shape=(d, d)).tocsr()
    weights.data[:] = 1.0
    return sp.csc_array(sp.diags_array(weights.sum(axis=1) + ridge) - weights)


def grid(n: int, ridge: float = 0.25) -> Any:
    """Each of n × n points with the four beside it."""
    places = np.arange(n * n).reshape(n, n)
    across = np.stack([places[:, 1:].ravel(), places[:, :-1].ravel()], axis=1)
    down = np.stack([places[1:].ravel(), places[:-1].ravel()], axis=1)
    return laplacian(n * n, np.concatenate([across, down]), ridge)


def random_graph(d: int, degree: float, seed: int, ridge: float = 0.25) -> Any:
    """Edges anywhere: several components where the degree is low."""
    edges = np.random.default_rng(seed).integers(0, d, (int(degree * d / 2), 2))
    return laplacian(d, edges, ridge)


def chain(d: int) -> Any:
    """A band of one beside the diagonal."""
    return laplacian(d, np.stack([np.arange(1, d), np.arange(d - 1)], axis=1), 0.25)


def star(d: int) -> Any:
    """All with the first."""
    return laplacian(d, np.stack([np.zeros(d - 1, np.int64), np.arange(1, d)], axis=1), 0.25)


CASES = {
    "one": sp.csc_array([[4.0]]),
    "two": sp.csc_array([[2.0, 1.0], [1.0, 2.0]]),
    "full": sp.csc_array(np.ones((9, 9)) + 3.0 * np.eye(9)),
    "alone": random_graph(12, 0.5, 3),
    "chain": chain(30),
    "star": star(20),
    "grid": grid(12),
    "wide": sp.csc_array(np.ones((90, 90)) + 5.0 * np.eye(90)),
    "random": random_graph(150, 3.0, 1),
    "denser": random_graph(60, 8.0, 2),
}
"""Names and matrices."""


def pattern_of(matrix: Any) -> Pattern:
    return Pattern(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64))


def lower_pattern_of_factor(dense: Float64Array) -> npt.NDArray[np.bool_]:
    """Where the factor of a matrix has entries, by elimination of one variable after the other."""
    there = dense != 0
    for k in range(len(there)):
        below = np.flatnonzero(there[k + 1 :, k]) + k + 1
        there[np.ix_(below, below)] = True
    return np.tril(there)
