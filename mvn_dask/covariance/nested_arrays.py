"""Arrays of factors inside a factor, under names that say which class rebuilds them.

Input: a factor inside, and the name that the outer one has for it. Output: its arrays as ``<name>.<kind>.<array>``,
such as "inner.triangular.matrix", and the factor again. Cost: none; arrays are not copied.
"""

from typing import Any

import numpy.typing as npt

from mvn_dask._typing import Arrays
from mvn_dask.covariance.base import Factor
from mvn_dask.errors import ArgumentError

MAX_DOTS = 64
"""Dots in the name of an array, at most: each factor inside another is a call inside another when they are rebuilt."""


def nested_arrays(name: str, factor: Factor) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a factor inside, by their names in the outer one.

    Examples
    --------
    >>> from mvn_dask.covariance import Diagonal
    >>> nested_arrays("inner", Diagonal([4.0, 9.0]).factorize())
    {'inner.scale.scale': array([2., 3.])}
    """
    return {f"{name}.{factor.kind}.{own}": array for own, array in factor.arrays().items()}


def nested_factor(name: str, arrays: Arrays) -> Factor:
    """The factor inside that `nested_arrays` gave under this name; arrays of other names are not looked at.

    Raises
    ------
    ArgumentError
        If there is none, or if the arrays do not make one.

    Examples
    --------
    >>> import numpy as np
    >>> nested_factor("inner", {"inner.scale.scale": np.array([2.0, 3.0]), "scale": np.ones(2)}).variances()
    array([4., 9.])
    """
    prefix = f"{name}."
    inside = {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
    kinds = sorted({key.partition(".")[0] for key in inside})
    if len(kinds) != 1:
        raise ArgumentError(
            f"there must be the arrays of one factor {name!r}, and there are those of the kinds {kinds}"
        )
    if any(key.count(".") > MAX_DOTS for key in inside):
        raise ArgumentError(f"the factor {name!r} has factors inside one another, more than {MAX_DOTS // 2} deep")
    return Factor.of_kind(kinds[0]).from_arrays({key.partition(".")[2]: array for key, array in inside.items()})


def own_arrays(arrays: Arrays) -> dict[str, npt.NDArray[Any]]:
    """The arrays that are of no factor inside."""
    return {name: array for name, array in arrays.items() if "." not in name}
