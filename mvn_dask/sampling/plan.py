"""The plan of a sample: which rows of which streams make which block, and the bytes that drawing takes.

Input: shape, dimensions, dtype, root of the streams, chunks. Output: ranges of rows and numbers of bytes. Cost: integer
arithmetic, whatever the number of rows.

A sample of shape ``(*size, d)`` is a run of rows, numbered in C order of `size`. A *block*, the work of
one Dask task, is a contiguous range of rows; a *stripe* is the rows that share one random stream. Block
borders may lie anywhere: a block draws every stripe that it touches and keeps its own rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import prod
from typing import Self

import numpy as np

from mvn_dask.errors import ArgumentError, BlockTooLargeError
from mvn_dask.hashing import fingerprint
from mvn_dask.random.sobol import BITS
from mvn_dask.random.streams import Root, stripe_height
from mvn_dask.readable import plural
from mvn_dask.sampling.points import SobolPoints

MAX_BLOCKS = 10**7
"""Blocks of an array, at most: dask keeps a number for each of them in memory."""

NOISE_BYTES = 2**23
"""Bytes of normals, and of rows, that are drawn together where both lie apart, at most; one stripe at least."""
STRIPES_TOGETHER = 8
"""Stripes that are drawn together, at most."""

MAX_DRAWN = 10
"""Rows that blocks draw for each of their own, at most, without a warning."""
DROPPED_NORMALS = 2**24
"""Normals that blocks draw and drop, at most, without a warning: they take 20 ms."""

Cut = int | tuple[int, ...]
"""How one axis is cut into blocks: of one length (the last may be shorter), or of the lengths named."""


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
    points: SobolPoints | None = None
    """What the normals are made of in place of streams."""

    @classmethod
    def uncut(cls, size: tuple[int, ...], ndim: int, noise_ndim: int, dtype: str, root: Root) -> Self:
        """The plan of a sample in a single block."""
        return cls(size, ndim, noise_ndim, dtype, root, tuple(max(1, length) for length in size))

    def __reduce__(self) -> tuple[object, ...]:
        # The lengths of a million blocks are worked out where they are needed, and do not travel.
        return Plan, (self.size, self.ndim, self.noise_ndim, self.dtype, self.root, self.cuts, self.points)

    @property
    def itemsize(self) -> int:
        """Bytes of one number."""
        return int(np.dtype(self.dtype).itemsize)

    @property
    def rows(self) -> int:
        """Rows of the whole sample."""
        return prod(self.size)

    @cached_property
    def stripe(self) -> int:
        """Rows of a stripe."""
        return stripe_height(self.ndim, self.noise_ndim)

    @cached_property
    def lengths(self) -> tuple[tuple[int, ...], ...]:
        """Lengths of the blocks along each axis of `size`."""
        return tuple(_block_lengths(cut, length) for cut, length in zip(self.cuts, self.size, strict=True))

    @cached_property
    def _starts(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(accumulate(axis, initial=0)) for axis in self.lengths)

    def block_size(self, block: Sequence[int]) -> tuple[int, ...]:
        """Shape of a block, without the axis of the variables."""
        return tuple(self._block_range(axis, number)[1] for axis, number in enumerate(block))

    def bounds(self, block: Sequence[int]) -> tuple[int, int]:
        """First row of a block and the row after its last."""
        first = 0
        for axis, number in enumerate(block):
            first += self._block_range(axis, number)[0] * prod(self.size[axis + 1 :])
        return first, first + prod(self.block_size(block))

    def _block_range(self, axis: int, number: int) -> tuple[int, int]:
        cut, length = self.cuts[axis], self.size[axis]
        # An even cut is computed from the block's number, so that a worker never makes a list of all lengths.
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

    @property
    def noise_stripes(self) -> int:
        """Stripes that are drawn together, at most, where their normals and rows lie apart."""
        nbytes = self.stripe * max(self.ndim, self.noise_ndim) * self.itemsize
        return max(1, min(STRIPES_TOGETHER, NOISE_BYTES // nbytes))

    @property
    def work_bytes(self) -> int:
        """Memory beside a block and the factor, in bytes, at most."""
        # Normals that lie apart from the rows; a stripe that the block takes in part; and two for applying the factor:
        # compiled products go by 256 rows, numpy's copy the normals of a stripe.
        width = self.noise_stripes * self.noise_ndim + 3 * max(self.ndim, self.noise_ndim)
        # Directions of points, and what compiled code keeps for a block of them.
        points = 0 if self.points is None else (BITS + 4) * self.noise_ndim * 8
        return self.stripe * width * self.itemsize + points

    def task_bytes(self, factor_bytes: int) -> int:
        """Memory that drawing the largest block takes, in bytes: block, factor, and `work_bytes`."""
        return self.block_rows * self.ndim * self.itemsize + factor_bytes + self.work_bytes

    def stripes_between(self, start: int, stop: int) -> Iterator[tuple[int, slice, slice]]:
        """Stripes that some rows overlap: number, which rows of the stripe, and which of the rows they are.

        >>> list(Plan.uncut((10**6,), 2, 2, "float64", Root(0)).stripes_between(32000, 40000))
        [(0, slice(32000, 32768, None), slice(0, 768, None)), (1, slice(0, 7232, None), slice(768, 8000, None))]
        """
        height = self.stripe
        for stripe in range(start // height, -(-stop // height)):
            first, last = max(start, stripe * height), min(stop, (stripe + 1) * height)
            yield stripe, slice(first - stripe * height, last - stripe * height), slice(first - start, last - start)

    @property
    def block_count(self) -> int:
        """Number of blocks."""
        return prod(
            -(-length // cut) if isinstance(cut, int) else len(cut)
            for cut, length in zip(self.cuts, self.size, strict=True)
        )

    @property
    def drawn_rows(self) -> int:
        """Rows that all blocks draw: their own, and those above them in the stripe amid which they begin.

        Points are addressed by row, and need none above them.

        >>> plan = Plan((65536,), 2, 2, "float64", Root(0), (16384,))
        >>> plan.stripe, plan.drawn_rows / plan.rows
        (32768, 1.5)
        """
        if self.points is not None:
            return self.rows
        above = np.zeros(1, np.int64)
        for axis, starts in enumerate(self._starts if self.rows else ()):
            first_rows = np.array(starts[:-1], np.int64) * prod(self.size[axis + 1 :])
            above = np.add.outer(above, first_rows).ravel() % self.stripe
        return self.rows + int(above.sum())

    def wastes_drawing(self) -> bool:
        """Whether the blocks together draw more than `MAX_DRAWN` times their rows, in a time that is felt."""
        allowed = max((MAX_DRAWN - 1) * self.rows, DROPPED_NORMALS // self.noise_ndim)
        # No block draws a whole stripe too much: most plans need no sum over all blocks.
        return self.block_count * self.stripe > allowed and self.drawn_rows - self.rows > allowed

    def refuse_too_many(self) -> None:
        """Raise an `ArgumentError` if the sample has more blocks than a client can keep a list of."""
        if self.block_count > MAX_BLOCKS:
            raise ArgumentError(
                f"`size` {self.size} makes {plural(self.block_count, 'block')} of "
                f"{plural(self.block_rows, 'row')}, and at most {MAX_BLOCKS} can be kept in one graph: "
                "use larger `chunks` or several arrays"
            )

    def refuse_too_large(self, factor_bytes: int, memory: int) -> None:
        """Raise a `BlockTooLargeError`, with the `chunks` that would fit, if the largest block needs more memory."""
        needed = self.task_bytes(factor_bytes)
        if needed <= memory:
            return
        row = self.ndim * self.itemsize
        left = memory - (needed - self.block_rows * row)
        whole = self.rows_within(left)
        rows = whole if whole * row <= left else left // row
        way_out = f"chunks={rows} would fit" if rows > 0 else "not even a block of one row would fit"
        raise BlockTooLargeError(
            f"a block of {plural(self.block_rows, 'row')} needs {plural(needed, 'byte')}, and a process has "
            f"{plural(memory, 'byte')}: {way_out}"
        )

    def rows_within(self, nbytes: int) -> int:
        """Rows of the largest block of whole stripes within some bytes; one stripe at least."""
        return max(1, nbytes // (self.stripe * self.ndim * self.itemsize)) * self.stripe

    def record(self) -> dict[str, object]:
        """What decides the values, JSON-able. The cuts are left out: they decide nothing."""
        return {
            "size": list(self.size),
            "ndim": self.ndim,
            "noise_ndim": self.noise_ndim,
            "stripe": self.stripe,
            "dtype": self.dtype,
            **self.root.record(),
            # Absent where there are none, so that the fingerprints of all other samples stay.
            **({} if self.points is None else {"points": self.points.record()}),
        }

    def layout(self) -> str:
        """The cuts as a short text, for the array's name."""
        if all(isinstance(cut, int) for cut in self.cuts):
            return "x".join(map(str, self.cuts))
        return fingerprint(self.cuts)[:16]


def _block_lengths(cut: Cut, length: int) -> tuple[int, ...]:
    if not isinstance(cut, int):
        return cut
    whole, rest = divmod(length, cut)
    return (cut,) * whole + ((rest,) if rest or not whole else ())


def even_cuts(size: tuple[int, ...], rows: int) -> tuple[Cut, ...]:
    """Cut a sample into contiguous blocks of at most `rows` rows, as few as that allows.

    Trailing axes stay whole while they fit, one axis is cut, and the axes before it are cut in ones.

    >>> even_cuts((100, 10), rows=35)
    (3, 10)
    """
    if not all(size):
        return tuple(max(1, length) for length in size)
    return tuple(max(1, min(length, rows // prod(size[axis:]))) for axis, length in enumerate(size, 1))


def contiguous(lengths: Sequence[Sequence[int]]) -> bool:
    """Whether every block of a grid is a contiguous range of rows."""
    several = [axis for axis, blocks in enumerate(lengths) if len(blocks) > 1]
    last = several[-1] if several else 0
    return all(length <= 1 for blocks in lengths[:last] for length in blocks)


def as_cuts(lengths: Sequence[Sequence[int]]) -> tuple[Cut, ...]:
    """The cuts that make a grid, an even one as one integer: (4, (3, 5)) of [(4, 4, 2), (3, 5)]."""
    firsts = [max(1, blocks[0]) for blocks in lengths]
    pairs = zip(firsts, map(tuple, lengths), strict=True)
    return tuple(cut if _block_lengths(cut, sum(blocks)) == blocks else blocks for cut, blocks in pairs)
