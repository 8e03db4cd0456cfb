"""Variances from a sparse precision: the diagonal of its inverse, by selected inversion.

Input: a factor in panels. Output: the diagonal of the inverse of what was factorised, shape (d,). Cost: that of
`compiled.selected_inversion`, or, in numpy, a microsecond for each entry of the factor. Both add in one order.

References
----------
See `compiled.selected_inversion`. On precisions: H. Rue and L. Held, Gaussian Markov Random Fields, 2005, section 2.3.
"""

import numpy as np

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.compiled import compiled_module
from mvn_dask.covariance.panels import COMPILED_ENTRIES, columns_of, panels_of
from mvn_dask.covariance.symbolic import Indices, Supernodes, diagonal_places
from mvn_dask.errors import ArgumentError


def inverse_diagonal(supernodes: Supernodes, entries: FloatArray) -> Float64Array:
    """The diagonal of ``inv(L @ L.T)``, in the order of elimination; in float64, whatever the factor's precision.

    Raises
    ------
    ArgumentError
        If the rows of a supernode are not among those of the next one, as no factorisation gives them.
    """
    exact = entries.astype(np.float64, copy=False)
    inverse = np.empty(len(exact))
    code = compiled_module("selected_inversion") if len(entries) >= COMPILED_ENTRIES else None
    if not (_invert if code is None else code.invert)(supernodes, exact, inverse):
        raise ArgumentError("`rows` are those of no factor: some of a supernode are not among those of the next one")
    return np.asarray(inverse[diagonal_places(supernodes)])


def _invert(supernodes: Supernodes, entries: Float64Array, inverse: Float64Array) -> bool:
    for s, own, below, panel in panels_of(supernodes, entries, backward=True):
        gathered = _gather(supernodes, inverse, below)
        if gathered is None:
            return False
        width = len(own)
        quotient = panel[width:].T.copy()
        for c in range(width - 1, -1, -1):
            for k in range(c + 1, width):
                quotient[c] -= quotient[k] * panel[k, c]
            quotient[c] /= panel[c, c]
        square, products = _inverse_of_square(panel[:width]), np.zeros_like(quotient)
        for line, entry in zip(gathered, quotient.T, strict=True):
            products += line * entry[:, None]
        for one, other in zip(quotient.T, products.T, strict=True):
            square += other * one[:, None]
        for c, column in enumerate(columns_of(supernodes, inverse, s)):
            column[: width - c] = square[c:, c]
            column[width - c :] = -products[c]
    return True


def _gather(supernodes: Supernodes, inverse: Float64Array, below: Indices) -> Float64Array | None:
    """The inverse in some rows and columns, or None where it has no such entries."""
    gathered = np.empty((len(below), len(below)))
    for p, row in enumerate(below):
        t = supernodes.owner[row]
        others = supernodes.rows[supernodes.starts[t] : supernodes.starts[t + 1]]
        places = np.searchsorted(others, below[p:])
        if places[-1] >= len(others) or (others[places] != below[p:]).any():
            return None
        k = row - supernodes.first[t]
        gathered[p, p:] = gathered[p:, p] = columns_of(supernodes, inverse, t)[k][places - k]
    return gathered


def _inverse_of_square(triangle: FloatArray) -> FloatArray:
    """The inverse of a triangle times its transpose."""
    inverse, square = np.eye(len(triangle)), np.zeros_like(triangle)
    for k in range(len(triangle)):
        for i in range(k):
            inverse[k] -= inverse[i] * triangle[k, i]
        inverse[k] /= triangle[k, k]
        square += inverse[k] * inverse[k][:, None]
    return square
