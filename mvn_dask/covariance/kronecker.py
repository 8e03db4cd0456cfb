"""The Kronecker product of covariances, as of a field that is separable in space and time.

Input: covariances A, B, … of dA, dB, … variables. Output: a factor of dA · dB · … variables, which applies those of the
members along one axis after the other. Cost: 2 d (dA + dB + …) flops a row in place of 2 d², half of that for
triangles; two copies of a row an axis; the members' factors in memory. Nothing of size d × d is ever built.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import ClassVar

import numpy as np

from mvn_dask import labels
from mvn_dask._typing import ArrayLike, Float64Array, FloatArray, Texts
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.composition import CompositeCovariance, CompositeFactor, members_of
from mvn_dask.covariance.shown_structures import Indices
from mvn_dask.description import Description, LabelArray
from mvn_dask.errors import ArgumentError
from mvn_dask.event import Event
from mvn_dask.signatures import short_signature

NUMBERS_TOGETHER = 2**16
"""Numbers of rows that members are applied to at once: they stay in the second cache."""
LINES = 8
"""Lines along an axis that a member is applied to at once, about, where there are as many."""


class KroneckerFactor(CompositeFactor):
    """The Kronecker product of factors.

    Numbers of a row, and its normals, are counted as those of an array of a shape with an axis for each member, in C
    order.
    """

    kind: ClassVar[str] = "kronecker"

    @property
    def ndim(self) -> int:
        return prod(member.ndim for member in self.members)

    @property
    def noise_ndim(self) -> int:
        return prod(member.noise_ndim for member in self.members)

    @property
    def _order(self) -> list[int]:
        """Axes in the order in which members are applied: a rule of their shapes, since it decides the bits.

        What makes fewer numbers of more comes first, so that no row has more numbers than at its beginning or its end.
        """
        axes = range(len(self.members))[::-1]
        return sorted(axes, key=lambda axis: self.members[axis].ndim >= self.members[axis].noise_ndim)

    @property
    def flops(self) -> int:
        lengths, total = [member.noise_ndim for member in self.members], 0
        for axis in self._order:
            member = self.members[axis]
            total += member.flops * (prod(lengths) // lengths[axis])
            lengths[axis] = member.ndim
        return total

    @property
    def rank(self) -> int:
        return prod(member.rank for member in self.members)

    @property
    def log_det(self) -> float:
        return sum(self.ndim // member.ndim * member.log_det for member in self.members)

    def _join(self, z: FloatArray, out: FloatArray, *, inverse: bool) -> None:
        width = max(self.ndim, self.noise_ndim)
        widest = max(max(member.ndim, member.noise_ndim) for member in self.members)
        # Few rows stay in the second cache; but a member is applied to some lines at once, since it may be large.
        height = max(1, NUMBERS_TOGETHER // width, LINES * widest // width)
        for top in range(0, len(z), height):
            self._join_part(z[top : top + height], out[top : top + height], inverse=inverse)

    def _join_part(self, z: FloatArray, out: FloatArray, *, inverse: bool) -> None:
        rows = z.reshape(len(z), *(member.ndim if inverse else member.noise_ndim for member in self.members))
        for axis in self._order[::-1] if inverse else self._order:
            member = self.members[axis]
            # Along the last axis, where the numbers of a sum lie side by side.
            last = np.ascontiguousarray(np.moveaxis(rows, axis + 1, -1))
            lines = last.reshape(-1, last.shape[-1])
            lines = member.whiten(lines) if inverse else member.colorize(lines)
            rows = np.moveaxis(lines.reshape(*last.shape[:-1], lines.shape[1]), -1, axis + 1)
        if out.flags.c_contiguous:
            out.reshape(rows.shape)[:] = rows
        else:
            out[:] = rows.reshape(out.shape)

    def variances(self) -> Float64Array:
        return _product(member.variances() for member in self.members)

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        shape = [member.ndim for member in self.members]
        found = np.ones((len(rows), len(columns)))
        places = zip(
            np.unravel_index(np.asarray(rows, np.intp), shape),
            np.unravel_index(np.asarray(columns, np.intp), shape),
            strict=True,
        )
        for member, (left, right) in zip(self.members, places, strict=True):
            found *= member.covariance_of(left.tolist(), right.tolist())
        return found


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Kronecker(CompositeCovariance):
    """The Kronecker product of covariances, in the order of ``numpy.kron(A, B)``.

    Parameters
    ----------
    *covariances : Covariance, or array_like of shape (d, d), (d,) or ()
        The members A, B, …: covariances of any kind, matrices, vectors of variances, or scalars.
    names : sequence of str, optional
        Names of all variables, which make a draw a vector; without them, those of the members label its axes.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no member, or one is no covariance: the error says which, and what `Dense` and `Diagonal` say.

    Warns
    -----
    RuntimeWarning
        From `factorize`, if a member is not positive semidefinite, or its factor misses a variance; see `Dense`.

    See Also
    --------
    mvn_dask.covariance.StationaryGrid : Fields on a grid, as one of the effects.
    mvn_dask.covariance.BlockDiagonal : Effects that do not meet.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Notes
    -----
    A draw has an axis for each member: an array X with ``cov(X[i, j], X[k, l]) = A[i, k] * B[j, l]``. It is made of an
    array Z of independent normals in C order, of which each axis has as many as the member's factor takes:
    ``X = F @ Z @ G.T`` with the factors F of A and G of B. Members with fewer variables than normals are applied first,
    then the others, both from the last to the first.

    References
    ----------
    M. G. Genton, Separable approximations of space-time covariance matrices, Environmetrics 18, 2007,
    doi:10.1002/env.854.

    Examples
    --------
    >>> time, space = [[1.0, 0.5], [0.5, 1.0]], [1.0, 2.0, 3.0]
    >>> cov = Kronecker(time, space)
    >>> cov
    Kronecker(Dense(ndim=2, method='auto'), Diagonal(ndim=3))
    >>> cov.event_shape
    (2, 3)
    >>> bool(np.all(cov.to_dense() == np.kron(time, np.diag(space))))
    True
    """

    kind: ClassVar[str] = "kronecker"

    members: tuple[Covariance, ...]
    """A, B, …, each a covariance."""
    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""

    def __init__(self, *covariances: ArrayLike | Covariance, names: Texts | None = None) -> None:
        object.__setattr__(self, "members", members_of("Kronecker", covariances))
        _check_range(self.members)
        given = labels.given_names(names, self.ndim, "the `names` of `cov`")
        object.__setattr__(self, "names", labels.agreed_names(given))

    @property
    def event(self) -> Event:
        """An axis for each member, or all of those that it has, with its labels; a vector of variables with names."""
        if self.names is not None:
            return super().event
        events = [member.event for member in self.members]
        shape = tuple(length for event in events for length in event.shape)
        own = [None if dim in Event.of_shape(event.shape).dims else dim for event in events for dim in event.dims]
        pairs = zip(own, Event.of_shape(shape).dims, strict=True)
        dims = tuple(dim if dim is not None and own.count(dim) == 1 else default for dim, default in pairs)
        coordinates = tuple(each for event in events for each in event.coordinates)
        return Event(shape, dims, coordinates, self._description(events, dims))

    def _description(self, events: Sequence[Event], dims: Sequence[str]) -> Description:
        """What the members say of their axes, but for coordinates of which several have one of the same name."""
        left, renamed = iter(dims), list[Description]()
        for event in events:
            renamed.append(event.description.renamed({dim: next(left) for dim in event.dims}))
        names = [name for each in renamed for name in each.coordinates]
        twice = {name for name in names if names.count(name) > 1}
        found: dict[str, LabelArray] = {}
        indexes: dict[str, tuple[str, ...]] = {}
        for each in renamed:
            found |= {name: labels for name, labels in each.coordinates.items() if name not in twice}
            indexes |= {dim: levels for dim, levels in each.indexes.items() if not twice.intersection(levels)}
        return Description(None, {}, found, indexes)

    @property
    def ndim(self) -> int:
        return prod(member.ndim for member in self.members)

    def _joined(self, factors: tuple[Factor, ...]) -> Factor:
        return KroneckerFactor(factors)

    def variances(self) -> Float64Array:
        return _product(member.variances() for member in self.members)

    def _entries(self, places: Indices) -> Float64Array | None:
        along = np.unravel_index(places, [member.ndim for member in self.members])
        parts = [member._entries(each) for member, each in zip(self.members, along, strict=True)]
        known = [part for part in parts if part is not None]
        return reduce(np.multiply, known) if len(known) == len(parts) else None

    def to_dense(self) -> Float64Array:
        return _product(member.to_dense() for member in self.members)


def _product(arrays: Iterable[Float64Array]) -> Float64Array:
    """The Kronecker product of vectors or of matrices."""
    return reduce(lambda one, other: np.asarray(np.kron(one, other), np.float64), arrays)


def _check_range(members: Sequence[Covariance]) -> None:
    """Raise an `ArgumentError` if a product of the members' variances is infinite, or 0 beside factors that are not."""
    variances = [np.abs(member.variances()) for member in members]
    with np.errstate(over="ignore", under="ignore"):
        largest = reduce(float.__mul__, (float(each.max()) for each in variances))
        smallest = reduce(float.__mul__, (float(each[each > 0].min(initial=np.inf)) for each in variances))
    if np.isinf(largest) or smallest == 0:
        what = "large" if np.isinf(largest) else "small"
        raise ArgumentError(f"products of the variances of the members are too {what} for float64: use other units")
