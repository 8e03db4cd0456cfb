"""Samples of Sobol' points: what takes the place of the streams of normals.

Input: the arguments `points` and `replicate`, and a sample's root and dimensions. Output: a `SobolPoints` for its plan,
and the arrays that travel beside the parameters of its sampler. Cost: that of `mvn_dask.random.sobol`, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import Arrays
from mvn_dask.advice import Advice
from mvn_dask.errors import ArgumentError
from mvn_dask.random.sobol import BITS, MAX_DIMENSIONS, Words, scrambled_directions
from mvn_dask.random.streams import Root
from mvn_dask.readable import plural, short_repr

KIND = "sobol"
"""Name of the points in arguments and records."""
MAX_SOBOL_ROWS = 2**51
"""Rows of a sample, at most: a product may take some rows more than there are, and a point has 52 bits."""
MAX_REPLICATE = 2**32 - 1
_PREFIX = "points."
_DIRECTIONS, _SHIFT = f"{_PREFIX}directions", f"{_PREFIX}shift"


@dataclass(frozen=True)
class SobolPoints:
    """Sobol' points under a scramble, which a plan's normals are made of."""

    replicate: int
    """Number of the scramble."""
    carrier: Any = field(compare=False, repr=False)
    """Whatever holds the arrays, or fetches them: its attribute `arrays`."""

    @property
    def directions(self) -> Words:
        """Scrambled direction numbers, shape (BITS, k)."""
        return cast(Words, self.carrier.arrays[_DIRECTIONS])

    @property
    def shift(self) -> Words:
        """Digital shift, shape (k,)."""
        return cast(Words, self.carrier.arrays[_SHIFT])

    def record(self) -> dict[str, object]:
        """What decides them beside the sample's root, JSON-able."""
        return {"kind": KIND, "replicate": self.replicate}


def requested_replicate(points: object, replicate: object) -> int | None:
    """The scramble that arguments ask for; None where normals come from streams.

    Raises ArgumentError, ArgumentTypeError for other points, or a `replicate` that is no number of a scramble.

    Examples
    --------
    >>> requested_replicate("sobol", 3), requested_replicate(None, 0)
    (3, None)
    """
    number = replicate_number(replicate)
    if points is None:
        if number:
            raise ArgumentError(f"`replicate` goes with points={KIND!r}: without, another seed gives other rows")
        return None
    if not isinstance(points, str) or points != KIND:
        raise ArgumentError(f"`points` must be None or {KIND!r}: it is {short_repr(points)}")
    return number


def replicate_number(replicate: object) -> int:
    """A number of a scramble. Raises ArgumentError, ArgumentTypeError if it is none."""
    number = checks.count("replicate", replicate)
    if number > MAX_REPLICATE:
        raise ArgumentError(f"`replicate` must be less than 2**32: it is {short_repr(number)}")
    return number


def points_arrays(root: Root, ndim: int, replicate: int) -> Arrays:
    """The arrays of points of some dimension, by the names that they have beside the parameters of a sampler."""
    directions, shift = scrambled_directions(ndim, root, replicate)
    return {_DIRECTIONS: directions, _SHIFT: shift}


def separated(arrays: Arrays) -> tuple[Arrays, Arrays]:
    """The parameters of a sampler, and the arrays of the points beside them."""
    own = {name: array for name, array in arrays.items() if not name.startswith(_PREFIX)}
    return own, {name: array for name, array in arrays.items() if name.startswith(_PREFIX)}


def refuse_unfit(size: tuple[int, ...], dtype: str, ndim: int) -> None:
    """Raise an ArgumentError for a sample that cannot be one of Sobol' points, of `ndim` normals a row."""
    if dtype != "float64":
        raise ArgumentError(
            f"Sobol' points have {BITS} bits: `dtype` must be float64, and is {dtype}",
            advice=Advice("use {float64}, and astype('float32') where memory is short"),
        )
    if ndim > MAX_DIMENSIONS:
        raise ArgumentError(
            f"Sobol' points have at most {MAX_DIMENSIONS} dimensions, and a row is made of {plural(ndim, 'normal')}: "
            "leave `points` out"
        )
    if len(size) != 1:
        raise ArgumentError(f"`size` of Sobol' points must be one power of two, without other axes: it is {size}")
    refuse_other_lengths(size[0])


def refuse_other_lengths(rows: int) -> None:
    """Raise an ArgumentError unless a number of rows is a power of two that points can have."""
    if rows < 1 or rows & (rows - 1) or rows > MAX_SOBOL_ROWS:
        below = min(1 << max(0, rows.bit_length() - 1), MAX_SOBOL_ROWS)
        near = f"{below} or {2 * below}" if 1 <= rows < MAX_SOBOL_ROWS else f"{below}"
        raise ArgumentError(
            f"`size` of Sobol' points must be a power of two from 1 to 2**51: it is {rows}, and {near} would be one"
        )


def refuse_other_extensions(before: int, rows: int) -> None:
    """Raise an ArgumentError unless a sample of Sobol' points can have so many rows more."""
    after = before + rows
    if after & (after - 1) or after > MAX_SOBOL_ROWS:
        raise ArgumentError(
            f"`rows` must make the rows of a sample of Sobol' points a power of two, at most 2**51: {before} and "
            f"{rows} are {after}; {before} or {3 * before} more would be one"
        )


def recorded_points(record: object) -> SobolPoints:
    """The points that a record describes, without their arrays. Raises ArgumentError if it describes none."""
    if not isinstance(record, Mapping) or record.keys() != {"kind", "replicate"} or record["kind"] != KIND:
        raise ArgumentError(f"no points of this mvn_dask have the record {short_repr(record)}")
    replicate = record["replicate"]
    if type(replicate) is not int or not 0 <= replicate <= MAX_REPLICATE:
        raise ArgumentError(f"no scramble has the number {short_repr(replicate)}")
    return SobolPoints(replicate, None)


def refuse_other_arrays(arrays: Arrays, ndim: int) -> None:
    """Raise an ArgumentError unless these are arrays of points of some dimension: compiled code checks nothing."""
    shapes = {_DIRECTIONS: (BITS, ndim), _SHIFT: (ndim,)}
    if arrays.keys() != shapes.keys():
        raise ArgumentError(f"Sobol' points have the arrays {sorted(shapes)}, and not {sorted(arrays)}")
    for name, shape in shapes.items():
        array = arrays[name]
        if array.dtype != np.uint64 or array.shape != shape or not array.flags.c_contiguous:
            raise ArgumentError(f"{name} must be uint64 of shape {shape}: it is {array.dtype} of shape {array.shape}")
        if array.size and array.max() >= 2**BITS:
            raise ArgumentError(f"{name} holds numbers of more than {BITS} bits")
