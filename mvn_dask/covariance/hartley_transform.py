"""Pruned Hartley transforms of scaled normals, in one, two and three dimensions, with a fixed order of operations.

Input: rows of k numbers on a grid of `lengths`, a root for each, and tables. Output: the corner `kept` of the
transforms of their products, d numbers a row. Cost: about 2 log2(k) operations a number: in compiled code less than those of
scipy's real transform take, in numpy about ten times as long; beside the rows, memory for k numbers.

The transform of x at j is the sum over i of x[i] · cas(2π Σ i_a j_a / length_a), with cas = cos + sin. Since
cas(a + b) = cas(a) cos(b) + cas(-a) sin(b), lines along the last axis are transformed first, each as the real part of a
complex line whose imaginary part is the line that mirrors it in all other axes: the real part of the Fourier transform
is then what the other axes need in place of the line, and the imaginary part, mirrored, what they need in place of the
other. So every array is real, and each axis is pruned as soon as it is transformed. Along the axis that comes last,
real columns are transformed two and two. A single axis is cut into the rows and columns of a matrix.

References
----------
R. N. Bracewell, Discrete Hartley transform, J. Opt. Soc. Am. 73, 1983, https://doi.org/10.1364/JOSA.73.001832.
R. N. Bracewell, The Hartley Transform, 1986, chapter 5 (two dimensions).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil, log2, prod

import numpy as np

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.compiled import compiled_module
from mvn_dask.covariance.fourier_tables import circle, columns_of, fourier, radices_of

VECTOR_SIZE = 64
"""Bytes of the columns that stand for one part of complex ones: two such blocks of columns make a complex one."""
COMPILED_NUMBERS = 2**14
"""Numbers from which on compiled code transforms; for fewer, compiling it would take longer."""
CHUNK_NUMBERS = 2**16
"""Numbers that numpy transforms at once."""


@dataclass(frozen=True)
class HartleyTransform:
    """The Hartley transform of a grid, of which a corner is kept."""

    kept: tuple[int, ...]
    """Points that are kept, along each of one to three axes."""
    lengths: tuple[int, ...]
    """Points of the grid, along each axis."""

    @property
    def ndim(self) -> int:
        """Numbers that are kept, d."""
        return prod(self.kept)

    @property
    def points(self) -> int:
        """Numbers that are transformed, k."""
        return prod(self.lengths)

    @property
    def half(self) -> tuple[int, ...]:
        """Shape of the roots: those of a point and of its mirror image are one."""
        return tuple(length // 2 + 1 for length in self.lengths)

    @property
    def flops(self) -> int:
        """Additions and multiplications that a row takes, about: those of a complex transform of half the points."""
        return ceil(self.points * (1 + 2.5 * log2(self.points)))

    @cached_property
    def _axes(self) -> list[tuple[int, int]]:
        """What is kept and the length of every axis that is longer than a point; one at least."""
        return [axis for axis in zip(self.kept, self.lengths, strict=True) if axis[1] > 1] or [(1, 1)]

    @cached_property
    def _cut(self) -> tuple[int, int]:
        """Columns and rows of the matrix that a single axis is cut into."""
        length = self._axes[0][1]
        return columns_of(length), length // columns_of(length)

    @cached_property
    def table_lengths(self) -> tuple[int, ...]:
        """Lengths of the tables that follow each other in `tables`."""
        if len(self._axes) > 1:
            return tuple(length for _, length in self._axes)
        columns, rows = self._cut
        return columns, rows, columns * (rows // 2 + 1)

    def tables(self) -> Float64Array:
        """Cosines and sines, the same on every machine, shape (2, sum of the lengths of the tables)."""
        if len(self._axes) > 1:
            return np.concatenate([circle(length) for length in self.table_lengths], axis=1)
        columns, rows = self._cut
        places = np.multiply.outer(np.arange(rows // 2 + 1), np.arange(columns)).ravel()
        # Halves, for the numbers that are rotated are twice what they stand for.
        return np.concatenate([circle(columns), circle(rows), 0.5 * circle(columns * rows)[:, places]], axis=1)

    def apply(
        self, z: FloatArray, roots: FloatArray, tables: FloatArray, out: FloatArray, least: int = COMPILED_NUMBERS
    ) -> None:
        """Rows of numbers, shape (n, k), to the transforms of their products with the roots, shape (n, d).

        All arrays are of one precision and C-contiguous. Compiled code is used for at least so many numbers.
        """
        grid = len(self._axes) > 1
        code = compiled_module("hartley_grid" if grid else "hartley_line") if z.size >= least else None
        if code is None:
            lengths, half = ([each for _, each in self._axes], [each // 2 + 1 for _, each in self._axes])
            for row, numbers in enumerate(z):
                args = numbers.reshape(lengths), roots.reshape(half), tables
                out[row] = (self._transform_grid(*args) if grid else self._transform_line(*args)).ravel()
            return
        sizes, radices = self._layout()
        work = np.zeros(self._work_numbers(VECTOR_SIZE // z.itemsize), z.dtype)
        for numbers, row in zip(z, out, strict=True):
            addresses = [array.ctypes.data for array in (numbers, row, roots, tables)]
            code.transform(work, np.array(addresses, np.int64), sizes, radices)

    def _layout(
        self,
    ) -> tuple["np.ndarray[tuple[int], np.dtype[np.int64]]", "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
        """Sizes and radices as compiled code reads them."""
        if len(self._axes) > 1:
            axes = [(1, 1)] * (3 - len(self._axes)) + self._axes
            radices = [radices_of(length) for _, length in axes]
            sizes = [*(length for _, length in axes), *(kept for kept, _ in axes), *map(len, radices)]
        else:
            radices = [radices_of(length) for length in self._cut]
            sizes = [*self._cut, self._axes[0][0], *map(len, radices), sum(self.table_lengths)]
        steps = [radix for each in radices for radix in each]
        return np.array(sizes, np.int64), np.array([*steps, 1], np.int64)

    def _work_numbers(self, lanes: int) -> int:
        """Numbers of memory that compiled code works in."""
        if len(self._axes) == 1:
            columns, rows = self._cut
            return lanes * (4 * max(columns, rows) + 2 * columns * ceil((rows // 2 + 1) / lanes))
        *others, (last, points) = self._axes
        blocks = ceil(last / lanes)
        lines = lanes * blocks * prod(length for _, length in others)
        planes = lanes * blocks * others[0][1] * others[1][0] if len(others) > 1 else 0
        return lanes * (4 * max(points, *(length for _, length in others)) + 2) + lines + planes

    def _table(self, tables: FloatArray, axis: int) -> FloatArray:
        start = sum(self.table_lengths[:axis])
        return tables[:, start : start + self.table_lengths[axis]]

    # What follows is the path without compiled code.

    def _transform_grid(self, z: FloatArray, roots: FloatArray, tables: FloatArray) -> FloatArray:
        lanes = VECTOR_SIZE // z.itemsize
        axes, kept = len(self._axes), [kept for kept, _ in self._axes]
        padded = ceil(kept[-1] / lanes) * lanes
        shape = (1, *z.shape) if axes == 2 else z.shape
        lines = np.zeros((*shape[:2], padded), z.dtype)
        z, roots = z.reshape(shape), roots.reshape(-1, *roots.shape[-2:])
        for first, opposite in _mirrored(shape[0]):
            root = roots[min(first, opposite)]
            self._transform_lines(z[first], z[opposite], root, first == opposite, lines[first], lines[opposite], tables)
        if axes == 2:
            columns = lines[0]
        else:
            planes = np.zeros((shape[0], kept[1], padded), z.dtype)
            table = self._table(tables, 1)
            for first, opposite in _mirrored(shape[0]):
                real, imaginary = fourier(lines[first], lines[opposite], table)
                planes[first], planes[opposite] = real[: kept[1]], imaginary[-np.arange(kept[1])]
            columns = planes.reshape(shape[0], -1)
        found = _transform_columns(columns, kept[0], lanes, self._table(tables, 0))
        return found.reshape(*kept[:-1], padded)[..., : kept[-1]]

    def _transform_lines(
        self, z: FloatArray, other: FloatArray, roots: FloatArray, alone: bool, out: FloatArray, opposite: FloatArray,
        tables: FloatArray,
    ) -> None:  # fmt: skip
        """Transform the lines of a plane, each with the line of the opposite plane that it mirrors."""
        count, points = z.shape
        kept, table = self._axes[-1][0], self._table(tables, len(self._axes) - 1)
        columns = np.minimum(np.arange(points), points - np.arange(points))
        height = max(1, CHUNK_NUMBERS // points)
        for top in range(0, count // 2 + 1 if alone else count, height):
            lines = np.arange(top, min(top + height, count // 2 + 1 if alone else count))
            mirrored = -lines % count
            root = roots[np.minimum(lines, mirrored)[:, None], columns]
            real, imaginary = fourier((z[lines] * root).T, (other[mirrored] * root).T, table)
            # A line that mirrors itself is written twice, by compiled code too.
            out[lines, :kept] = real[:kept].T
            opposite[mirrored, :kept] = imaginary[-np.arange(kept)].T

    def _transform_line(self, z: FloatArray, roots: FloatArray, tables: FloatArray) -> FloatArray:
        columns, rows = self._cut
        lanes, half = VECTOR_SIZE // z.itemsize, rows // 2 + 1
        numbers = np.zeros((rows, ceil(columns / (2 * lanes)), 2, lanes), z.dtype)
        places = np.minimum(np.arange(len(z)), len(z) - np.arange(len(z)))
        numbers.reshape(rows, -1)[:, :columns] = (z * roots[places]).reshape(rows, columns)
        parts = (np.ascontiguousarray(numbers[:, :, part].reshape(rows, -1)) for part in range(2))
        real, imaginary = (part.reshape(rows, -1, lanes) for part in fourier(*parts, self._table(tables, 1)))
        mirrored = -np.arange(half)
        first = real[:half] + real[mirrored], imaginary[:half] - imaginary[mirrored]
        second = imaginary[:half] + imaginary[mirrored], real[mirrored] - real[:half]
        both = (np.stack(pair, axis=2).reshape(half, -1)[:, :columns] for pair in zip(first, second, strict=True))
        one, two = both
        cosine, sine = self._table(tables, 2).reshape(2, half, columns)
        rotated = one * cosine + two * sine, two * cosine - one * sine
        real, imaginary = fourier(*(np.ascontiguousarray(part.T) for part in rotated), self._table(tables, 0))
        out = np.empty((columns, rows), z.dtype)
        out[:, :half] = real - imaginary
        inner = np.arange(1, (rows + 1) // 2)
        out[::-1, rows - inner] = real[:, inner] + imaginary[:, inner]
        return out.ravel()[: self._axes[0][0]]


def _mirrored(length: int) -> Iterator[tuple[int, int]]:
    """Places along an axis, and those that mirror them, each pair once."""
    return ((place, -place % length) for place in range(length // 2 + 1))


def _transform_columns(columns: FloatArray, kept: int, lanes: int, table: FloatArray) -> FloatArray:
    """Transform real columns, two blocks of `lanes` as the parts of complex ones; the first `kept` rows."""
    length = len(columns)
    blocks = columns.reshape(length, -1, lanes)
    out = np.empty((kept, *blocks.shape[1:]), columns.dtype)
    mirrored, count = -np.arange(kept) % length, blocks.shape[1]
    step = 2 * max(1, CHUNK_NUMBERS // (2 * length * lanes))
    for start in range(0, count, step):
        firsts = np.arange(start, min(start + step, count), 2)
        seconds = np.minimum(firsts + 1, count - 1)
        parts = (blocks[:, which].reshape(length, -1) for which in (firsts, seconds))
        real, imaginary = (part.reshape(length, -1, lanes) for part in fourier(*parts, table))
        one, one_mirrored, two, two_mirrored = real[:kept], real[mirrored], imaginary[:kept], imaginary[mirrored]
        # Of a block without a second one, the first transform is kept.
        out[:, seconds] = ((two + two_mirrored) - (one_mirrored - one)) * 0.5
        out[:, firsts] = ((one + one_mirrored) - (two - two_mirrored)) * 0.5
    return out
