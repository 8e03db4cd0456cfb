"""Which variables are meant: names or numbers, as users give them.

Input: the argument `which`. Output: numbers of variables, each once, and whether it was one or a sequence. Cost: O(d)
where there are names.
"""

import math
import operator
from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import ArrayLike, Float64Array
from mvn_dask.array_likes import real_array
from mvn_dask.covariance.marginal_covariance import Places
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.labels import label_text
from mvn_dask.readable import plural, short_repr


def grid_numbers(which: object, shape: tuple[int, ...]) -> Places | None:
    """The numbers of the points of a grid with some indices, shape (m, axes), each once; None if it is another shape.

    Examples
    --------
    >>> grid_numbers([[0, 2], [1, 0]], (2, 3))
    array([2, 3])
    >>> grid_numbers([0, 2], (2, 3)) is None
    True
    """
    try:
        indices = np.asarray(which)
    except ValueError:  # lists of different lengths
        return None
    if indices.ndim != 2 or indices.dtype.kind not in "iu":
        return None
    if indices.shape[1] != len(shape) or not len(indices):
        raise ArgumentError(
            f"`which` must hold indices of points, shape (m, {len(shape)}), m at least 1: its shape is {indices.shape}"
        )
    bad = (indices < 0) | (indices >= np.array(shape))
    if bad.any():
        row = int(bad.any(axis=1).argmax())
        raise ArgumentError(f"`which` must lie on the grid of {shape} points: which[{row}] is {indices[row].tolist()}")
    return variable_numbers(np.ravel_multi_index(tuple(indices.T), shape), math.prod(shape), None)


def variable_numbers(which: object, ndim: int, names: tuple[str, ...] | None) -> Places:
    """The numbers of some variables, in the order in which they are given.

    Raises
    ------
    ArgumentError
        If there is none, if a name is unknown or a number out of range, or if one is given twice.
    ArgumentTypeError
        If they are neither names nor integers.

    Examples
    --------
    >>> variable_numbers(["gas", 0], 2, ("oil", "gas"))
    array([1, 0])
    >>> variable_numbers(-1, 2, None)
    array([1])
    """
    given = _sequence(which)
    if isinstance(given, np.ndarray):
        numbers = given.astype(object) if given.dtype.kind == "u" else given
    else:
        known = {name: number for number, name in enumerate(names or ())}
        numbers = np.array([_number(entry, known, names) for entry in given], dtype=object)
    if not numbers.size:
        raise ArgumentError("`which` must not be empty")
    bad = (numbers < -ndim) | (numbers >= ndim)
    if bad.any():
        raise ArgumentError(
            f"`which` must hold numbers of variables from 0 to {ndim - 1}, or from -{ndim} to -1: "
            f"which[{int(bad.argmax())}] is {numbers[bad.argmax()]}"
        )
    places: Places = numbers.astype(np.intp)
    places = np.where(places < 0, places + ndim, places)
    unique, first, counts = np.unique(places, return_index=True, return_counts=True)
    if len(unique) < len(places):
        twice = int(first[counts > 1].min())
        label = checks.variable_label(int(places[twice]), names)
        raise ArgumentError(
            f"`which` must hold each variable once: it holds {label} {plural(int(counts.max()), 'time')}"
        )
    return places


def numbers_of_each(name: str, value: ArrayLike, count: int) -> Float64Array:
    """Finite real numbers, one for each of some variables; one number where there is one variable."""
    array = np.asarray(real_array(name, value) + 0.0)
    if array.ndim == 0 and count == 1:
        array = array[None]
    if array.shape != (count,):
        raise ArgumentError(
            f"`{name}` must have the shape ({count},), one number for each of {plural(count, 'variable')} in `which`: "
            f"its shape is {array.shape}"
        )
    checks.finite(name, array)
    return array


def noise_variances(noise: ArrayLike, count: int) -> Float64Array | None:
    """Variances of the errors of observations, or None where there are none.

    Examples
    --------
    >>> noise_variances(0.5, 2)
    array([0.5, 0.5])
    >>> noise_variances([0.0, 0.0], 2) is None
    True
    """
    array = real_array("noise", noise)
    if array.ndim == 0:
        array = np.full(count, array)
    array = numbers_of_each("noise", array, count)
    if (array < 0).any():
        raise ArgumentError(
            f"`noise` holds variances, which must not be negative: noise[{int(array.argmin())}] is {array.min():.3g}"
        )
    if not array.any():
        return None
    if not array.all():
        raise ArgumentError(
            f"`noise` must be 0 for all observations or positive for all: noise[{int(array.argmin())}] is 0. Condition "
            "on those with noise first, and then on the others"
        )
    return array


def _sequence(which: object) -> Any:
    """The entries of `which`: an array of integers, or any other sequence."""
    if isinstance(which, str | bytes) or not isinstance(which, Iterable):
        return [which]
    if isinstance(which, Mapping | Set):
        raise ArgumentTypeError(f"`which` must be a sequence, not {short_repr(which)}: give a list")
    dtype = getattr(which, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "biufc":
        array = np.asarray(which)
        if array.ndim > 1:
            raise ArgumentError(f"`which` must be 1 dimensional: its shape is {array.shape}")
        if dtype.kind == "b":
            raise ArgumentTypeError("`which` must be names or numbers of variables, not a mask: give np.flatnonzero")
        if dtype.kind in "iu":
            return np.atleast_1d(array)
        return array.ravel().tolist()
    return list(which)


def _number(entry: object, known: dict[str, int], names: tuple[str, ...] | None) -> int:
    if isinstance(entry, str):
        if names is None:
            raise ArgumentError(f"the variables have no names: give numbers instead of {short_repr(entry)}")
        if entry not in known:
            raise ArgumentError(
                f"no variable is called {short_repr(str(entry))}: there are {plural(len(names), 'variable')}, "
                f"{', '.join(map(repr, names[:3]))}{', …' if len(names) > 3 else ''}"
            )
        return known[entry]
    try:
        if isinstance(entry, bool | np.bool_):
            raise TypeError
        return operator.index(entry)  # type: ignore[arg-type]
    except TypeError:
        # A label of a frame, such as a date, whose text became the name.
        if (text := label_text(entry)) in known:
            return known[text]
        raise ArgumentTypeError(
            f"`which` must be names or numbers of variables, and {short_repr(entry)} is neither"
        ) from None
