"""A factor inside another, in the arrays and the record of the outer one.

Input: the inner factor; or a record and arrays, which may be hostile. Output: arrays whose names begin with that of the
inner factor's place, as ``inner.matrix``; and the way back. Cost: none beyond the inner factor's own.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy.typing as npt

from mvn_dask._typing import Arrays
from mvn_dask.covariance.base import Factor, factor_of_record
from mvn_dask.errors import ArgumentError


def arrays_with_inner(own: Arrays, place: str, inner: Factor) -> dict[str, npt.NDArray[Any]]:
    """The outer factor's own arrays, and those of the inner one.

    Examples
    --------
    >>> import numpy as np
    >>> from mvn_dask.covariance import Diagonal
    >>> sorted(arrays_with_inner({"basis": np.ones(2)}, "inner", Diagonal([4.0, 9.0]).factorize()))
    ['basis', 'inner.scale']
    """
    return {**own, **{f"{place}.{name}": array for name, array in inner.arrays().items()}}


def inner_of_record(
    kind: str, record: Mapping[str, Any], arrays: Arrays, place: str, fields: Collection[str] = ()
) -> tuple[Factor, dict[str, npt.NDArray[Any]]]:
    """The inner factor, and the outer one's own arrays; of the outer one, `fields` are those beside its kind.

    Raises
    ------
    ArgumentError
        If the record has other fields, or no factor gives such a record and such arrays.
    """
    if record.keys() != {"kind", place, *fields}:
        raise ArgumentError(f"a factor of kind {kind!r} has other fields than {sorted(record)}")
    start = f"{place}."
    inside = {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
    # A factor inside has an array, which ends the recursion of any record: names have few dots.
    if not inside:
        raise ArgumentError(f"the arrays {sorted(arrays)} are those of no factor inside another")
    own = {name: array for name, array in arrays.items() if not name.startswith(start)}
    return factor_of_record(record[place], inside), own
