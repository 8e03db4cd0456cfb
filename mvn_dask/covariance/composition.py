"""Covariances that consist of covariances, and factors that consist of factors.

Input: covariances or array-likes; or a record and arrays of factors. Output: the members. Cost: that of each member.
Arrays of member i of a factor are named ``member<i>.<name>``, and its record stands in that of the whole.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import ArrayLike, Arrays, FloatArray
from mvn_dask.array_likes import compute_together
from mvn_dask.covariance.base import Covariance, Factor, factor_of_record
from mvn_dask.covariance.conversion import as_covariance
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.hashing import fingerprint

NESTED_FACTORS = 6
"""Factors inside one another, at most: names of arrays become names of files."""


@dataclass(frozen=True, eq=False, repr=False)
class CompositeFactor(Factor):
    """A factor that consists of others; subclasses say how they are joined."""

    members: tuple[Factor, ...]
    """The factors, at least one."""

    @property
    def packed_nbytes(self) -> int:
        return sum(member.packed_nbytes for member in self.members)

    @abstractmethod
    def _join(self, z: FloatArray, out: FloatArray, *, inverse: bool) -> None:
        """Apply the members to some rows, or their inverses."""

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        if out is None:
            dtypes = [array.dtype for array in self.arrays().values() if array.dtype.kind == "f"]
            out = np.empty((z.shape[0], self.ndim), np.result_type(z, *dtypes))
        self._join(z, out, inverse=False)
        return out

    def whiten(self, x: FloatArray) -> FloatArray:
        """The inverse of each member."""
        z = np.empty((x.shape[0], self.noise_ndim))
        self._join(x, z, inverse=True)
        return z

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(tuple(member.astype(dtype) for member in self.members))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        members = enumerate(self.members)
        return {f"member{i}.{name}": array for i, member in members for name, array in member.arrays().items()}

    def record(self) -> dict[str, Any]:
        return {**super().record(), "members": [member.record() for member in self.members]}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], arrays: Arrays) -> Self:
        if record.keys() != {"kind", "members"}:
            raise ArgumentError(f"a factor of kind {cls.kind!r} has other fields than {sorted(record)}")
        records = record["members"]
        parts: dict[str, dict[str, npt.NDArray[Any]]] = {}
        for name, array in arrays.items():
            member, _, inner = name.partition(".")
            parts.setdefault(member, {})[inner] = array
        # Every member has an array, which ends the recursion of any record: names have few dots.
        if not isinstance(records, list) or parts.keys() != {f"member{i}" for i in range(len(records))} or not records:
            raise ArgumentError(f"the arrays {sorted(arrays)} are not those of the members of a factor of {cls.kind!r}")
        return cls(tuple(factor_of_record(each, parts[f"member{i}"]) for i, each in enumerate(records)))

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        raise ArgumentError(f"the arrays {sorted(arrays)} alone do not say what members a factor of {cls.kind!r} has")


class CompositeCovariance(Covariance):
    """A covariance that consists of others; subclasses say how they are joined."""

    members: tuple[Covariance, ...]
    """The covariances, at least one."""

    def _arguments(self) -> list[str]:
        # A few members, and not what is inside those, so that it stays a line.
        if len(self.members) > 3 or any(isinstance(member, CompositeCovariance) for member in self.members):
            return [f"ndim={self.ndim}", f"members={len(self.members)}"]
        return [member._text() for member in self.members]

    def _facts(self) -> dict[str, str]:
        return {"members": f"{len(self.members):,}"}

    def _inner(self) -> Sequence[tuple[str, Covariance]]:
        return [(f"member {number}", member) for number, member in enumerate(self.members)]

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        return self._joined(tuple(member.factorize() for member in self.members))

    @abstractmethod
    def _joined(self, factors: tuple[Factor, ...]) -> Factor:
        """The factor that consists of those of the members."""

    def digest(self) -> str:
        return fingerprint([[member.kind, member.digest()] for member in self.members])

    def record(self) -> dict[str, object]:
        return {**super().record(), "members": [member.record() for member in self.members]}


def members_of(whole: str, given: Sequence[ArrayLike | Covariance]) -> tuple[Covariance, ...]:
    """The members of a covariance, from covariances, matrices, vectors of variances, or scalar variances.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        With the number of the member that is no covariance; if there is none, or if they are nested too deeply.

    Examples
    --------
    >>> members_of("Kronecker", ([[2.0, 1.0], [1.0, 2.0]], [1.0, 4.0]))
    (Dense(ndim=2, method='auto'), Diagonal(ndim=2))
    """
    if not given:
        raise ArgumentError(f"{whole} needs at least one covariance")
    if len(given) == 1 and isinstance(given[0], (list, tuple)) and any(map(_is_covariance, given[0])):
        raise ArgumentTypeError(f"{whole} takes each covariance as an argument, and not a list: {whole}(*covariances)")
    members = []
    for number, each in enumerate(compute_together(*given)):
        try:
            members.append(as_covariance(each, 1))
        except (ArgumentError, ArgumentTypeError) as error:
            raise type(error)(f"member {number} of {whole}: {error.text}", advice=error.advice) from error
    depth = 1 + max(map(_nesting, members))
    if depth > NESTED_FACTORS:
        raise ArgumentError(f"covariances must be nested at most {NESTED_FACTORS} deep: {whole} would be {depth} deep")
    return tuple(members)


def _is_covariance(value: object) -> bool:
    """Whether a value is a covariance or a matrix, and not a row of one."""
    if isinstance(value, (list, tuple)):
        return len(value) > 0 and isinstance(value[0], (list, tuple))
    return isinstance(value, Covariance) or getattr(value, "ndim", 0) == 2


def _nesting(covariance: Covariance) -> int:
    if not isinstance(covariance, CompositeCovariance):
        return 0
    return 1 + max(map(_nesting, covariance.members))
