"""The plan of a sample: rows to blocks to stripes, bytes, and what identifies it. Integers only.

A sample of shape ``(*size, d)`` is a run of rows, numbered in C order of `size`. A *block*, the work of
one Dask task, is a contiguous range of rows; a *stripe* is the rows that share one random stream. Block
borders may lie anywhere: a block draws every stripe that it touches and keeps its own rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import prod

import numpy as np

from mvn_dask.errors import ArgumentError, BlockTooLargeError
from mvn_dask.hashing import fingerprint
from mvn_dask.random.streams import Root, stripe_height

MOST_BLOCKS = 10**7
"""Blocks of an array, at most: dask keeps a number for each of them in memory."""

Cut = int | tuple[int, ...]
"""How one axis is cut: into pieces of one length (the last may be shorter), or of the lengths named."""


@dataclass(frozen=True)
class Plan:
    """Which rows of which streams make which block."""

    size: tuple[int, ...]
    """Shape of the sample without the axis of the variables; () is a single row."""
    ndim: int
    """Dimension d of a row."""
    noise_ndim: int
    """Number k of independent normals behind a row."""
    dtype: str
    """"float64" or "float32"."""
    root: Root
    """Root of the stripes' streams."""
    cuts: tuple[Cut, ...]
    """How each axis of `size` is cut; every block must be a contiguous range of rows."""

    def __reduce__(self) -> tuple[object, ...]:
        # The lengths of a million blocks are worked out where they are needed, and do not travel.
        return Plan, (self.size, self.ndim, self.noise_ndim, self.dtype, self.root, self.cuts)

    @property
    def itemsize(self) -> int:
        """Bytes of one number."""
        return int(np.dtype(self.dtype).itemsize)

    @property
    def rows(self) -> int:
        """Rows of the whole sample."""
        return prod(self.size)

    @property
    def stripe(self) -> int:
        """Rows of a stripe."""
        return stripe_height(self.ndim, self.noise_ndim)

    @cached_property
    def lengths(self) -> tuple[tuple[int, ...], ...]:
        """Lengths of the pieces of each axis of `size`."""
        return tuple(_pieces(cut, length) for cut, length in zip(self.cuts, self.size, strict=True))

    @cached_property
    def _starts(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(accumulate(axis, initial=0)) for axis in self.lengths)

    def block_size(self, block: Sequence[int]) -> tuple[int, ...]:
        """Shape of a block, without the axis of the variables.

        An even cut is computed from the block's number, so that a worker never unfolds the whole list.
        """
        return tuple(self._piece(axis, number)[1] for axis, number in enumerate(block))

    def bounds(self, block: Sequence[int]) -> tuple[int, int]:
        """First row of a block and the row after its last."""
        first = 0
        for axis, number in enumerate(block):
            first += self._piece(axis, number)[0] * prod(self.size[axis + 1 :])
        return first, first + prod(self.block_size(block))

    def _piece(self, axis: int, number: int) -> tuple[int, int]:
        cut, length = self.cuts[axis], self.size[axis]
        if isinstance(cut, int):
            return number * cut, min(cut, length - number * cut)
        return self._starts[axis][number], cut[number]

    @property
    def block_rows(self) -> int:
        """Rows of the largest block."""
        return prod(
            min(cut, length) if isinstance(cut, int) else max(cut, default=0)
            for cut, length in zip(self.cuts, self.size, strict=True)
        )

    def task_bytes(self, factor_bytes: int) -> int:
        """Memory that drawing the largest block takes, in bytes: block, factor, and two stripes more, with noise."""
        stripe = self.stripe * (self.noise_ndim + 2 * self.ndim)
        return (self.block_rows * self.ndim + stripe) * self.itemsize + factor_bytes

    def refuse_too_many(self) -> None:
        """Raise if the sample has more blocks than a client can keep a list of.

        Raises
        ------
        ArgumentError
            With the number of blocks.
        """
        blocks = prod(
            -(-length // cut) if isinstance(cut, int) else len(cut)
            for cut, length in zip(self.cuts, self.size, strict=True)
        )
        if blocks > MOST_BLOCKS:
            raise ArgumentError(
                f"`size` {self.size} makes {blocks} blocks of {self.block_rows} rows, and at most "
                f"{MOST_BLOCKS} can be kept in one graph: use larger `chunks` or several arrays"
            )

    def refuse_too_large(self, factor_bytes: int, memory: int) -> None:
        """Raise if the largest block cannot fit into `memory` bytes.

        Raises
        ------
        BlockTooLargeError
            With the bytes needed, the bytes there are, and the `chunks` that would fit.
        """
        needed = self.task_bytes(factor_bytes)
        if needed <= memory:
            return
        row = self.ndim * self.itemsize
        left = memory - (needed - self.block_rows * row)
        whole = rows_within(left, self.ndim, self.noise_ndim, self.itemsize)
        rows = whole if whole * row <= left else left // row
        way_out = f"chunks={rows} would fit" if rows > 0 else "not even a block of one row would fit"
        raise BlockTooLargeError(
            f"a block of {self.block_rows} rows needs {needed} bytes, and a process has {memory} bytes: {way_out}"
        )

    def refuse_too_large_recut(self, lengths: Sequence[Sequence[int]], memory: int) -> None:
        """Raise if the largest block of another grid, of every axis, cannot fit into `memory` bytes.

        Raises
        ------
        BlockTooLargeError
            With the bytes needed and the bytes there are.
        """
        shape = tuple(max(pieces) for pieces in lengths)
        needed = prod(shape) * self.itemsize
        if needed > memory:
            raise BlockTooLargeError(
                f"a block of shape {shape} needs {needed} bytes, and a process has {memory} bytes: use smaller `chunks`"
            )

    def record(self) -> dict[str, object]:
        """What decides the values, JSON-able. The cuts are left out: they decide nothing."""
        return {
            "size": list(self.size),
            "ndim": self.ndim,
            "noise_ndim": self.noise_ndim,
            "stripe": self.stripe,
            "dtype": self.dtype,
            **self.root.record(),
        }

    def layout(self) -> str:
        """The cuts as a short text, for the array's name."""
        if all(isinstance(cut, int) for cut in self.cuts):
            return "x".join(map(str, self.cuts))
        return fingerprint(self.cuts)[:16]


def _pieces(cut: Cut, length: int) -> tuple[int, ...]:
    if not isinstance(cut, int):
        return cut
    whole, rest = divmod(length, cut)
    return (cut,) * whole + ((rest,) if rest or not whole else ())


def rows_within(nbytes: int, ndim: int, noise_ndim: int, itemsize: int) -> int:
    """Rows of the largest block of whole stripes within some bytes; one stripe at least.

    Examples
    --------
    >>> rows_within(2**27, ndim=30, noise_ndim=30, itemsize=8)
    559104
    """
    stripe = stripe_height(ndim, noise_ndim)
    return max(1, nbytes // (stripe * ndim * itemsize)) * stripe


def even_cuts(size: tuple[int, ...], rows: int) -> tuple[Cut, ...]:
    """Cut a sample into contiguous blocks of at most `rows` rows, as few as that allows.

    Trailing axes stay whole while they fit, one axis is cut, and the axes before it are cut in ones.

    Examples
    --------
    >>> even_cuts((100, 10), rows=35)
    (3, 10)
    >>> even_cuts((100, 10), rows=4)
    (1, 4)
    """
    if not all(size):
        return tuple(max(1, length) for length in size)
    cuts: list[Cut] = []
    for axis, length in enumerate(size):
        inner = prod(size[axis + 1 :])
        cuts.append(max(1, min(length, rows // inner)))
    return tuple(cuts)


def contiguous(lengths: Sequence[Sequence[int]]) -> bool:
    """Whether every block of a grid is a contiguous range of rows.

    Examples
    --------
    >>> contiguous([(1, 1), (2, 3), (10,)])
    True
    >>> contiguous([(2,), (2, 3)])
    False
    """
    several = [axis for axis, pieces in enumerate(lengths) if len(pieces) > 1]
    last = several[-1] if several else 0
    return all(piece <= 1 for pieces in lengths[:last] for piece in pieces)


def as_cuts(lengths: Sequence[Sequence[int]]) -> tuple[Cut, ...]:
    """The shortest spelling of a grid: an even cut as one integer.

    Examples
    --------
    >>> as_cuts([(4, 4, 2), (3, 5)])
    (4, (3, 5))
    """
    return tuple(_as_cut(tuple(pieces)) for pieces in lengths)


def _as_cut(pieces: tuple[int, ...]) -> Cut:
    cut = max(1, pieces[0])
    even = all(piece == cut for piece in pieces[:-1]) and pieces[-1] <= cut
    return cut if even and (pieces[-1] > 0 or len(pieces) == 1) else pieces
