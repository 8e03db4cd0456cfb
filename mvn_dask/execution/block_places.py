"""Of which places of an array a block consists, and what functions of dask's make of it.

Input: blocks whose places are known. Output: the places of the block that an index, or a function which puts blocks
together, makes of them. Cost: that of the same on places instead of numbers; ranges of them stay ranges.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Places: TypeAlias = "range | npt.NDArray[np.intp]"
"""Places along an axis, in the order in which they stand."""


class UnknownNodeError(Exception):
    """A graph holds a function of which nobody knows what it does with places."""


@dataclass(frozen=True, eq=False)
class PlacedBlock:
    """Of which places a block consists."""

    axes: tuple[int | None, ...]
    places: tuple[Places, ...]
    single: Mapping[int, int]

    def is_beside(self, other: "PlacedBlock", axis: int) -> bool:
        """Whether two blocks have the same places along all axes but one."""
        pairs = zip(self.places, other.places, strict=False)
        return (self.axes, self.single) == (other.axes, other.single) and all(
            number == axis or _equal(*pair) for number, pair in enumerate(pairs)
        )

    def cut(self, index: Any) -> "PlacedBlock":
        """What an index of slices, numbers, None and arrays of places leaves of it."""
        parts = index if isinstance(index, tuple) else (index,)
        if any(part is Ellipsis or not isinstance(part, _INDICES) for part in parts):
            raise UnknownNodeError
        if sum(isinstance(part, (list, np.ndarray)) for part in parts) > 1:
            raise UnknownNodeError
        axes: list[int | None] = []
        places: list[Places] = []
        single, rest = dict(self.single), iter(zip(self.axes, self.places, strict=True))
        for part in parts:
            if part is None:
                axes.append(None)
                places.append(range(1))
                continue
            axis, own = next(rest, (None, None))
            if own is None:
                raise UnknownNodeError
            if isinstance(part, (int, np.integer)):
                if axis is not None:
                    single[axis] = int(own[int(part)])
                continue
            axes.append(axis)
            places.append(taken(own, part))
        for axis, own in rest:
            axes.append(axis)
            places.append(own)
        return PlacedBlock(tuple(axes), tuple(places), single)


_INDICES = (slice, int, np.integer, type(None), list, np.ndarray)


def _merged(blocks: Sequence[PlacedBlock], shape: Sequence[int]) -> PlacedBlock:
    """Blocks in a grid of some shape, in C order, as one."""
    first = blocks[0]
    places = []
    for axis, length in enumerate(shape):
        step = prod(shape[axis + 1 :])
        places.append(joined([blocks[number * step] for number in range(length)], axis))
    return PlacedBlock(first.axes, tuple(places), first.single)


def _shuffled(blocks: Sequence[PlacedBlock], sorter: tuple[int, Any], axis: int) -> PlacedBlock:
    """Blocks beside one another along an axis, in the order in which dask's own sorter puts them."""
    found = _merged(blocks, [len(blocks) if each == axis else 1 for each in range(len(blocks[0].places))])
    order = np.argsort(sorter[1])
    places = [taken(each, order) if number == axis else each for number, each in enumerate(found.places)]
    return PlacedBlock(found.axes, tuple(places), found.single)


FUNCTIONS: dict[str, Callable[..., PlacedBlock]] = {
    "operator.getitem": PlacedBlock.cut,
    "dask.array.chunk.getitem": PlacedBlock.cut,
    "dask.array._shuffle._getitem": lambda block, index: block.cut(index[1]),
    "dask.array._shuffle.concatenate_arrays": _shuffled,
    "dask.array.core.concatenate_shaped": _merged,
}
"""What functions of dask's do with places, by their names, since most of them are private to it."""


def _equal(places: Places, others: Places) -> bool:
    # Ranges are compared by their ends: as arrays, those of a block may take more memory than there is.
    if isinstance(places, range) and isinstance(others, range):
        return places == others
    return len(places) == len(others) and np.array_equal(places, others)


def taken(places: Places, index: Any) -> Places:
    """The places that a slice, or an array of numbers, leaves of some."""
    if isinstance(index, slice):
        return places[index]
    found: npt.NDArray[np.intp] = np.asarray(places, dtype=np.intp)[np.asarray(index)]
    return found


def joined(line: Sequence[PlacedBlock], axis: int) -> Places:
    """The places along an axis of blocks that follow one another along it, and have the same along all others."""
    if any(not each.is_beside(line[0], axis) for each in line):
        raise UnknownNodeError
    parts = [each.places[axis] for each in line]
    ranges = [part for part in parts if isinstance(part, range) and part]
    pairs = pairwise(ranges)
    # A range stays one, however many places it has.
    if len(ranges) == len(parts) and all(a.step == b.step and a[-1] + a.step == b[0] for a, b in pairs):
        return range(ranges[0].start, ranges[-1].stop, ranges[0].step)
    return np.concatenate([np.asarray(part, dtype=np.intp) for part in parts])


def name_of(function: Any) -> str:
    """The name of a function, or of a class, and of its module."""
    module = str(getattr(function, "__module__", "")).replace("_operator", "operator")
    return f"{module}.{getattr(function, '__name__', '')}"


def is_p2p_rechunk(layer: object) -> bool:
    """Whether a layer cuts an array anew in the way of distributed, in tasks that nobody can look into."""
    return name_of(type(layer)) == "distributed.shuffle._rechunk.P2PRechunkLayer"
