"""The contracts of covariances and of their factors.

A `Covariance` is what the user means, and stays on the client. A `Factor` is what the workers apply: a (d, k) matrix A
with ``A @ A.T == cov``, in its cheapest form. Input: arrays. Output: rows with the covariance. Cost: that of each.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance.shown_structures import ShownCovariance, ShownFactor
from mvn_dask.description import NO_DESCRIPTION, Description
from mvn_dask.errors import ArgumentError, UnsupportedOperationError
from mvn_dask.event import Event
from mvn_dask.kinds import Registered
from mvn_dask.labels import Axis, agreed_names
from mvn_dask.readable import short_repr

Application = Literal["fused", "product", "colorize"]
"""How a factor is applied to normals; see `Factor.application`."""


class Factor(ShownFactor, Registered, ABC, family="factor"):
    """A (d, k) matrix A with ``A @ A.T == cov``: it turns k independent normals into one row of d numbers.

    A subclass with a class attribute `kind` can be rebuilt from its `record` and `arrays`.

    See Also
    --------
    mvn_dask.covariance.Covariance : Gives it.
    mvn_dask.covariance.MatrixFactor : One that is a matrix, or a diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> from mvn_dask import covariance
    >>> factor = covariance.Dense([[4.0, 2.0], [2.0, 3.0]]).factorize()
    >>> factor.ndim, factor.noise_ndim, factor.rank, factor.variances()
    (2, 2, 2, array([4., 3.]))
    >>> factor.colorize(np.array([[1.0, 0.0]])), factor.whiten(np.array([[2.0, 1.0]])), factor.covariance_of([0], [1])
    (array([[2., 1.]]), array([[1., 0.]]), array([[2.]]))
    >>> factor.application, factor.operand[0], factor.flops, factor.nbytes, factor.packed_nbytes, factor.log_det > 2
    ('fused', array([2., 0.]), 6, 32, 24, True)
    >>> factor.rescaled(np.ones(2)).astype("float32").variances().round(6), factor.record(), list(factor.arrays())
    (array([4., 3.]), {'kind': 'triangular'}, ['matrix'])
    >>> type(factor).from_arrays(factor.arrays()).variances(), factor.from_record(factor.record(), factor.arrays()).rank
    (array([4., 3.]), 2)
    """

    @property
    @abstractmethod
    def ndim(self) -> int:
        """Dimension d of a row."""

    @property
    @abstractmethod
    def noise_ndim(self) -> int:
        """Number k of independent normals behind a row."""

    @property
    def nbytes(self) -> int:
        """Memory of the factor, in bytes."""
        return sum(array.nbytes for array in self.arrays().values())

    @property
    def packed_nbytes(self) -> int:
        """Memory of what compiled code keeps of the factor beside its arrays, in bytes: a matrix, less its zeros."""
        if self.application == "colorize" or self.operand.ndim == 1:
            return 0
        return self.flops // 2 * self.operand.itemsize

    @property
    @abstractmethod
    def flops(self) -> int:
        """Additions and multiplications that a row takes."""

    @property
    @abstractmethod
    def rank(self) -> int:
        """Dimension of the space that the rows fill; directions without variance do not count."""

    @property
    def application(self) -> Application:
        """How the kernel is to apply the factor.

        "colorize" calls `colorize`. "product" lets compiled code multiply with `operand`, and "fused" lets it do so
        while the normals are drawn, which takes a square matrix or a diagonal; where there is no compiled code,
        `colorize` is called in place of both.
        """
        return "colorize"

    @property
    def operand(self) -> FloatArray:
        """A, shape (d, k), or its diagonal, shape (d,), where the rest is zero: for "fused" and "product" alone.

        Raises
        ------
        UnsupportedOperationError
            If the factor is not kept in that form.
        """
        raise self._unsupported("is no operand of compiled code")

    @abstractmethod
    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """Rows of independent normals, shape (n, k), to rows with the covariance, shape (n, d).

        Each row must have the same bits whatever other rows are in `z`, on every processor: a fixed order of sums, no
        BLAS, no fused multiply-add. `out` must not be `z`.
        """

    def whiten(self, x: FloatArray) -> FloatArray:  # noqa: ARG002 subclasses that can be inverted use it
        """The shortest z with ``colorize(z) == x``: shape (n, d) to (n, k).

        Raises
        ------
        UnsupportedOperationError
            If that would be expensive.
        """
        raise self._unsupported("cannot be inverted cheaply")

    @property
    def log_det(self) -> float:
        """Logarithm of the determinant of the covariance; minus infinity if it is singular.

        Raises
        ------
        UnsupportedOperationError
            If that would be expensive.
        """
        raise self._unsupported("has no cheap determinant")

    @abstractmethod
    def variances(self) -> Float64Array:
        """Variances of the rows, shape (d,): the diagonal of ``A @ A.T``."""

    @abstractmethod
    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        """Covariances of some variables with others, shape (len(rows), len(columns)): a part of ``A @ A.T``."""

    def rescaled(self, scale: Float64Array) -> "Factor | None":  # noqa: ARG002 subclasses that can do it use it
        """A factor of the same form with the rows of this one times `scale`, shape (d,), not negative.

        None where there is none: then rows are multiplied after they are made.
        """
        return None

    @abstractmethod
    def astype(self, dtype: npt.DTypeLike) -> Self:
        """The same factor in another precision; arrays of integers stay as they are."""

    @abstractmethod
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Everything the factor consists of, by names; those of a factor inside begin with its name and a dot."""

    def record(self) -> dict[str, Any]:
        """What makes the factor of its arrays, JSON-able: its kind; of factors in a factor, their records as well."""
        return {"kind": self.kind}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], arrays: Arrays) -> Self:
        """The factor of this class that gave a record and arrays; `factor_of_record` finds the class.

        Raises
        ------
        ArgumentError
            If none did.
        """
        if record.keys() != {"kind"}:
            raise ArgumentError(f"a factor of kind {cls.kind!r} has other fields than {sorted(record)}")
        return cls.from_arrays(arrays)

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The factor that consists of these arrays; the inverse of `arrays`.

        Raises
        ------
        ArgumentError
            If they do not make one. They may come from a damaged file: indices are checked before they are used.
        """

    def _unsupported(self, what: str) -> UnsupportedOperationError:
        return UnsupportedOperationError(f"a factor of kind {self.kind!r} {what}")


def factor_of_record(record: object, arrays: Arrays) -> Factor:
    """The factor that gave a record and arrays, of the class that the record names; an `ArgumentError` if none did."""
    if not isinstance(record, Mapping):
        raise ArgumentError(f"{short_repr(record)} is no record of a factor")
    return Factor.of_kind(record.get("kind")).from_record(record, arrays)


def single_array(arrays: Arrays, name: str, axes: int) -> FloatArray:
    """The one array, of floating-point numbers with so many axes, not empty; an `ArgumentError` if it is another."""
    if arrays.keys() != {name}:
        raise ArgumentError(f"there must be the array {name!r} alone, and there are {sorted(arrays)}")
    array = arrays[name]
    if array.dtype.kind != "f" or array.ndim != axes or not array.size:
        raise ArgumentError(f"{name!r} has the shape {array.shape} and the dtype {array.dtype}")
    return array


def integer_array(arrays: Arrays, name: str) -> npt.NDArray[np.signedinteger[Any]]:
    """An array of integers with one axis, not empty; an `ArgumentError` if it is another, or holds what is no index."""
    array = arrays.get(name)
    if array is None or array.dtype.kind not in "iu" or array.ndim != 1 or not array.size:
        seen = "none" if array is None else f"one of the shape {array.shape} and the dtype {array.dtype}"
        raise ArgumentError(f"there must be an array of integers {name!r}, and there is {seen}")
    if array.dtype.kind == "u" and array.max() >= 2**63:
        raise ArgumentError(f"{name!r} holds {array.max()}, which is no index")
    # As they are made, whatever the processor that wrote them.
    kind = np.int32 if array.dtype.itemsize <= 4 and array.dtype != np.uint32 else np.int64
    return np.ascontiguousarray(array, kind)


class Covariance(ShownCovariance, ABC):
    """A covariance, in the form in which it is known.

    See Also
    --------
    mvn_dask.covariance.as_covariance : Makes one of a matrix, a vector or a number.
    mvn_dask.covariance.Factor : What it is factorised into.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from mvn_dask import covariance
    >>> cov = covariance.Toeplitz(0.5 ** np.arange(4))
    >>> isinstance(cov, covariance.Covariance), cov.ndim, cov.event_shape, cov.variances()
    (True, 4, (4,), array([1., 1., 1., 1.]))
    >>> cov.to_dense()[0], cov.factorize().rank, cov.record()["digest"] == cov.digest()
    (array([1.   , 0.5  , 0.25 , 0.125]), 4, True)
    """

    kind: ClassVar[str]
    """Name of the structure, as it stands in records."""
    names: tuple[str, ...] | None = None
    """Names of the d variables, if it was given any; they decide no number."""
    axes: tuple[Axis, ...] = ()
    """Labels that it was made of, with which those of a mean are compared: default ones, which are no names, too."""
    described: tuple[str | None, Description] = (None, NO_DESCRIPTION)
    """What a labelled array that it was made of says of the variables beside their names."""

    def __eq__(self, other: object) -> bool:
        """Whether both are the same numbers bit for bit, of one structure, factorised in one way."""
        return self is other or (isinstance(other, Covariance) and self.record() == other.record())

    def __hash__(self) -> int:
        return hash(self.digest())

    def label_axes(self) -> tuple[Axis, ...]:
        """The labels that it was made of; of a class that keeps none, its names."""
        if self.axes or self.names is None:
            return self.axes
        return (Axis("the `names` of `cov`", self.names, chosen=True),)

    def with_axes(self, axes: Iterable[Axis]) -> Self:
        """The same covariance with labels beside its own; an `ArgumentError` if they disagree."""
        found, whole = copy(self), (*self.label_axes(), *axes)
        # Subclasses are frozen.
        object.__setattr__(found, "names", agreed_names(whole))
        object.__setattr__(found, "axes", whole)
        return found

    @property
    def event(self) -> Event:
        """Shape of a draw, the d variables in C order, and labels along its axes: a vector, unless it has several."""
        return Event.of_variables(self.ndim, self.names, self.described)

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Shape of a draw."""
        return self.event.shape

    @abstractmethod
    def factorize(self) -> Factor:
        """Check the covariance and factorise it; the factor is kept, so that this is done once."""

    @abstractmethod
    def variances(self) -> Float64Array:
        """Variances, shape (d,): the diagonal."""

    @abstractmethod
    def to_dense(self) -> Float64Array:
        """The whole matrix, shape (d, d): for tests, and for small d only."""

    @abstractmethod
    def digest(self) -> str:
        """SHA-256 of the numbers that define it, where 0.0 and -0.0 are one."""

    def record(self) -> dict[str, object]:
        """What decides the factor, JSON-able."""
        return {"kind": self.kind, "digest": self.digest()}
