"""The null space of a singular precision, and what is projected on its complement.

Input: vectors that span it. Output: an orthonormal basis, and as many variables that are pinned: a vector of the null
space that is 0 in these is 0. Cost: 4 d q flops a row, for q vectors in each group of variables; d q numbers.

Variables stand in groups that the precision does not connect, and each group has vectors of its own, of which at most q
are kept side by side: the constants of a thousand islands take one number a variable. Sums are taken in float64, in the
order of the variables, by compiled code or by numpy with the same bits.

References
----------
H. Rue and L. Held, Gaussian Markov Random Fields, 2005, doi:10.1201/9780203492024, chapter 3.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.array_likes import compute_together, real_array
from mvn_dask.compiled import compiled_module
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural

Indices = npt.NDArray[np.signedinteger[Any]]
DEPENDENT = 1e-9
"""Length of a vector, at most, that is a combination of others, relative to its length before these are subtracted."""


@dataclass(frozen=True, eq=False)
class NullSpace:
    """An orthonormal basis of a null space, by groups of variables, and pinned variables."""

    pins: Indices
    """Pinned variables, rising, as many as the space has dimensions; shape (r,)."""
    groups: Indices
    """Group of each variable, from 0 on; shape (d,)."""
    basis: FloatArray
    """Vectors that are orthonormal within each group, those that a group lacks 0; shape (d, q)."""

    @classmethod
    def spanned_by(cls, vectors: Float64Array, groups: Indices, units: Float64Array) -> Self:
        """The space that vectors span within each group, shape (d, q); those that are 0 in a group are not counted.

        Pins are chosen among vectors that are multiplied by `units`, shape (d,), so that they do not depend on those of
        the variables.
        """
        # Those that a group has come first.
        order = np.argsort(~_has_vectors(vectors, groups), axis=1, kind="stable")
        vectors = np.take_along_axis(vectors, order[groups], axis=1)
        vectors = vectors[:, vectors.any(axis=0)]
        pins = _independent_rows(orthonormal(vectors * units[:, None], groups), groups)
        return cls(pins, groups, orthonormal(vectors, groups))

    @property
    def ndim(self) -> int:
        """Number d of variables."""
        return len(self.groups)

    @cached_property
    def free(self) -> Indices:
        """Variables that are not pinned, rising; shape (d - r,)."""
        return np.delete(np.arange(self.ndim), self.pins)

    def astype(self, dtype: npt.DTypeLike) -> "NullSpace":
        """The same with a basis in another precision."""
        return NullSpace(self.pins, self.groups, self.basis.astype(dtype, copy=False))

    def project(self, rows: FloatArray, out: FloatArray) -> FloatArray:
        """Rows of the free variables, shape (n, d - r), with zeros for the pinned ones, projected on the complement.

        `out`, shape (n, d), must not share memory with `rows`.
        """
        code = compiled_module("projection")
        count = int(self.groups.max()) + 1
        if code is not None:
            memory = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
            sums = np.empty(count * self.basis.shape[1] * code.ROWS_OF_SUMS)
            basis = np.ascontiguousarray(self.basis)
            code.project(np.ascontiguousarray(rows), self.pins, self.groups, basis, sums, memory)
            if memory is not out:
                out[:] = memory
            return out
        vectors = self.basis.T.astype(np.float64)
        for row, found in zip(rows, out, strict=True):
            whole = np.zeros(self.ndim)
            whole[self.free] = row
            totals = [_sums(vector * whole, self.groups, count) for vector in vectors]
            for vector, total in zip(vectors, totals, strict=True):
                whole -= vector * total[self.groups]
            found[:] = whole
        return out

    def without(self, x: FloatArray) -> Float64Array:
        """Rows, shape (n, d), plus a vector of the null space that makes pinned variables 0: the free ones."""
        inverse = self._inverse_of_pins
        whole: Float64Array = x.astype(np.float64)
        # Of each group the numbers of its pinned variables, in the places of their vectors.
        places, ranks = self.groups[self.pins], _ranks(self.groups[self.pins])
        values = np.zeros((len(x), *inverse.shape[:2]))
        values[:, places, ranks] = whole[:, self.pins]
        weights = np.einsum("gkp,ngp->ngk", inverse, values)
        for k, vector in enumerate(self.basis.T.astype(np.float64)):
            whole -= weights[:, self.groups, k] * vector
        return np.asarray(whole[:, self.free], np.float64)

    @property
    def log_volume(self) -> float:
        """Logarithm of the absolute value of the determinant of the basis' pinned rows."""
        return float(np.linalg.slogdet(self._pinned_rows)[1].sum())

    @property
    def _pinned_rows(self) -> Float64Array:
        """Rows of the basis of pinned variables, by groups, filled up with those of an identity."""
        q = self.basis.shape[1]
        found = np.broadcast_to(np.eye(q), (int(self.groups.max()) + 1, q, q)).copy()
        places, ranks = self.groups[self.pins], _ranks(self.groups[self.pins])
        found[places, ranks] = self.basis[self.pins]
        return np.asarray(found)

    @cached_property
    def _inverse_of_pins(self) -> Float64Array:
        try:
            return np.asarray(np.linalg.inv(self._pinned_rows), np.float64)
        except np.linalg.LinAlgError as error:
            raise ArgumentError("a vector of `basis` is 0 in all variables that are pinned") from error

    def check(self) -> None:
        """Raise an `ArgumentError` unless all numbers lie in their ranges; they may come from a damaged file."""
        d, q = self.basis.shape
        count = len(self.pins)
        if not 0 < count < d or self.pins[0] < 0 or self.pins[-1] >= d or (np.diff(self.pins) <= 0).any():
            raise ArgumentError(f"`pins` are not rising places of some of {plural(d, 'variable')}, and not of all")
        if len(self.groups) != d or self.groups.min() < 0 or self.groups.max() >= d:
            raise ArgumentError(f"`groups` are not numbers of at most {plural(d, 'group')} of as many variables")
        if not 0 < q <= count or np.bincount(self.groups[self.pins]).max() > q:
            raise ArgumentError(f"there are {plural(q, 'vector')} in `basis`, and a group has more `pins`, or none has")


def orthonormal(vectors: Float64Array, groups: Indices) -> Float64Array:
    """Vectors made orthonormal within each group, one after the other; those that are 0 in a group stay so.

    Raises
    ------
    ArgumentError
        If one is a combination of those before it.

    Examples
    --------
    >>> orthonormal(np.array([[3.0], [4.0], [2.0]]), np.array([0, 0, 1])).ravel()
    array([0.6, 0.8, 1. ])
    """
    found = np.zeros_like(vectors)
    count = int(groups.max()) + 1
    for k, vector in enumerate(vectors.T):
        # By the largest entry first, so that no square is too large or too small.
        largest = np.zeros(count)
        np.maximum.at(largest, groups, np.abs(vector))
        left = vector / np.where(largest > 0.0, largest, 1.0)[groups]
        before = _sums(left * left, groups, count)
        # Twice is enough for all digits.
        for _ in range(2):
            for other in found.T[:k]:
                left = left - other * _sums(other * left, groups, count)[groups]
        squares = _sums(left * left, groups, count)
        if (squares[largest > 0.0] <= DEPENDENT**2 * before[largest > 0.0]).any():
            raise ArgumentError(f"column {k} of the null space is a combination of those before it")
        found[:, k] = left / np.sqrt(np.where(largest > 0.0, squares, 1.0))[groups]
    return found


def _independent_rows(basis: Float64Array, groups: Indices) -> Indices:
    """Rows of an orthonormal basis, rising, as many in each group as it has vectors, chosen by complete pivoting."""
    left, count = basis.copy(), int(groups.max()) + 1
    dimensions, order = _has_vectors(basis, groups).sum(axis=1), np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(count))
    chosen = []
    for k in range(basis.shape[1]):
        squares = np.zeros(len(left))
        for column in left.T:
            squares += column * column
        largest = np.maximum.reduceat(squares[order], starts)
        # The first of those that are as long, but for rounding.
        near = np.flatnonzero(squares[order] >= (1.0 - 1e-9) * largest[groups[order]])
        _, firsts = np.unique(groups[order][near], return_index=True)
        pins = order[near[firsts]]
        chosen.append(pins[dimensions > k])
        directions = left[pins] / np.sqrt(np.where(largest > 0.0, largest, 1.0))[:, None]
        along = np.zeros(len(left))
        for column, direction in zip(left.T, directions.T, strict=True):
            along += column * direction[groups]
        left -= along[:, None] * directions[groups]
    return np.sort(np.concatenate(chosen))


def _has_vectors(vectors: Float64Array, groups: Indices) -> npt.NDArray[np.bool_]:
    """Which of some vectors are not 0 in a group, shape (groups, vectors)."""
    found = np.zeros((int(groups.max()) + 1, vectors.shape[1]), np.bool_)
    np.logical_or.at(found, groups, vectors != 0.0)
    return found


def _ranks(groups: Indices) -> Indices:
    """How many of the same group stand before each entry."""
    order = np.argsort(groups, kind="stable")
    ranks = np.empty(len(groups), np.int64)
    ordered = groups[order]
    ranks[order] = np.arange(len(groups)) - np.searchsorted(ordered, ordered)
    return ranks


def _sums(numbers: Float64Array, groups: Indices, count: int) -> Float64Array:
    """Sums of each group, in the order of the variables."""
    return np.asarray(np.bincount(groups, weights=numbers, minlength=count), np.float64)


def given_null_space(vectors: Any, ndim: int) -> Float64Array:
    """Vectors that a user says to span a null space of d variables, as columns, read-only, shape (d, r)."""
    (vectors,) = compute_together(vectors)
    array = real_array("null_space", vectors)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or len(array) != ndim or not 0 < array.shape[1] < ndim:
        raise ArgumentError(
            f"`null_space` must have a row for each of {plural(ndim, 'variable')}, and fewer columns, at least one: "
            f"its shape is {array.shape}"
        )
    checks.finite("null_space", array)
    # A zero has two signs, which are one number, and must not give two digests.
    array = np.array(array + 0.0, order="C")
    array.setflags(write=False)
    return array
