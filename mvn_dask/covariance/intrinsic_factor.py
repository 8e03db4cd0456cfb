"""The factor of an intrinsic field: of a covariance whose inverse is singular, on the complement of its null space.

Input: a factor of the free variables' covariance, as if the pinned ones were 0, and the null space. Output: rows that
are orthogonal to the null space. Cost: that of the factor inside, and 4 d q flops a row; for the variances, q products
with the covariance inside as well.

With a precision P whose null space has the orthonormal basis N, and G the inverse of the free variables' precision,
with zeros for the pinned ones: ``P G P = P``, so that the projection ``Π = I - N N.T = P P⁺`` gives
``Π G Π = P⁺ P G P P⁺ = P⁺``. Rows with the covariance G, projected, have the covariance P⁺.

References
----------
H. Rue and L. Held, Gaussian Markov Random Fields, 2005, doi:10.1201/9780203492024, section 3.2. On generalised
inverses: A. Ben-Israel and T. N. E. Greville, Generalized Inverses, 2nd ed., 2003, doi:10.1007/b97366, section 1.2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance.base import Factor, integer_array, single_array
from mvn_dask.covariance.inner_factor import arrays_with_inner, inner_of_record
from mvn_dask.covariance.matrix_factors import ordered_variances
from mvn_dask.covariance.null_space import NullSpace
from mvn_dask.covariance.precision_forms import covariance_times, is_of_precision
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural


@dataclass(frozen=True, eq=False, repr=False)
class IntrinsicFactor(Factor):
    """Rows of a factor of some variables, filled up with zeros, and projected."""

    kind: ClassVar[str] = "intrinsic"

    inner: Factor
    """The factor of the free variables, of dimension d - r."""
    null_space: NullSpace
    """The null space of the precision, of dimension r."""

    @property
    def ndim(self) -> int:
        return self.null_space.ndim

    @property
    def noise_ndim(self) -> int:
        return self.inner.noise_ndim

    @property
    def packed_nbytes(self) -> int:
        return self.inner.packed_nbytes

    @property
    def flops(self) -> int:
        return self.inner.flops + 4 * self.null_space.basis.size

    @property
    def rank(self) -> int:
        return self.inner.rank

    @property
    def log_det(self) -> float:
        """Minus infinity: for the product of the eigenvalues that are not 0 see `log_pseudo_det`."""
        return -np.inf

    @property
    def log_pseudo_det(self) -> float:
        """Logarithm of the product of the eigenvalues of the covariance that are not 0.

        The precision's is the determinant of its free part, divided by the square of that of the basis' pinned rows.
        """
        return self.inner.log_det + 2.0 * self.null_space.log_volume

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """Rows of the free variables, projected: 4 d q flops more a row."""
        if out is None:
            out = np.empty((len(z), self.ndim), np.result_type(z, self.null_space.basis))
        return self.null_space.project(self.inner.colorize(z), out)

    def whiten(self, x: FloatArray) -> FloatArray:
        """The inner factor's, of the one row that differs from x by the null space and is 0 where it is pinned.

        What x has in the null space does not count: the sum of squares is ``x @ P @ x``.
        """
        return self.inner.whiten(self.null_space.without(x))

    def variances(self) -> Float64Array:
        """The inner factor's, and q products with its covariance."""
        space = self.null_space
        found = np.zeros(space.ndim)
        found[space.free] = ordered_variances(self.inner)
        basis, products, squares = self._products
        for k, vector in enumerate(basis):
            found -= 2.0 * vector * products[k]
            for other, square in zip(basis, squares[k], strict=True):
                found += vector * square[space.groups] * other
        # What the null space determines has rounding in the place of its variance.
        return np.maximum(found, 0.0)

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        """The inner factor's, less what is projected away."""
        space = self.null_space
        places = np.full(space.ndim, -1)
        places[space.free] = np.arange(len(space.free))
        one, other = np.asarray(rows, np.intp), np.asarray(columns, np.intp)
        found = np.zeros((len(one), len(other)))
        free, beside = places[one] >= 0, places[other] >= 0
        if free.any() and beside.any():
            part = self.inner.covariance_of(places[one[free]].tolist(), places[other[beside]].tolist())
            found[np.ix_(free, beside)] = part
        basis, products, squares = self._products
        together = np.zeros_like(found)
        for k, vector in enumerate(basis):
            together -= np.multiply.outer(vector[one], products[k, other])
            together -= np.multiply.outer(products[k, one], vector[other])
            for second, square in zip(basis, squares[k], strict=True):
                together += np.multiply.outer(vector[one] * square[space.groups[one]], second[other])
        return np.asarray(found + together * np.equal.outer(space.groups[one], space.groups[other]))

    @cached_property
    def _products(self) -> tuple[Float64Array, Float64Array, Float64Array]:
        """The basis N as lines, the inner covariance G times N as well, and N.T G N of each group."""
        space = self.null_space
        basis = np.ascontiguousarray(space.basis.T, np.float64)
        products = np.zeros_like(basis)
        products[:, space.free] = covariance_times(self.inner, np.ascontiguousarray(basis[:, space.free]))
        # Added in the order of the variables.
        squares = [[np.bincount(space.groups, one * other) for other in products] for one in basis]
        return basis, products, np.asarray(squares)

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(self.inner.astype(dtype), self.null_space.astype(dtype))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        own = {name: getattr(self.null_space, name) for name in ("pins", "groups", "basis")}
        return arrays_with_inner(own, "inner", self.inner)

    def record(self) -> dict[str, Any]:
        return {**super().record(), "null_space": len(self.null_space.pins), "inner": self.inner.record()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], arrays: Arrays) -> Self:
        inner, own = inner_of_record(cls.kind, record, arrays, "inner", ["null_space"])
        pins, groups = integer_array(own, "pins"), integer_array(own, "groups")
        basis = single_array({name: own[name] for name in own if name not in {"pins", "groups"}}, "basis", axes=2)
        space = NullSpace(pins.astype(np.int64), groups, basis)
        space.check()
        precisions = {array.dtype for array in inner.arrays().values() if array.dtype.kind == "f"}
        seen = (inner.ndim + len(pins), precisions, is_of_precision(inner))
        if record["null_space"] != len(pins) or seen != (space.ndim, {basis.dtype}, True):
            raise ArgumentError(
                f"a basis {basis.shape} of {basis.dtype} and {plural(len(pins), 'pin')} for a factor of kind "
                f"{inner.kind!r}, of {plural(inner.ndim, 'variable')} and {sorted(map(str, precisions))}"
            )
        return cls(inner, space)

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        raise ArgumentError(f"the arrays {sorted(arrays)} alone do not say what factor an {cls.kind!r} one has inside")
