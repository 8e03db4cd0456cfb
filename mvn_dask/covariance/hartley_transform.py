"""Pruned Hartley transforms of scaled normals, in one, two and three dimensions, with a fixed order of operations.

Input: rows of k numbers on a grid of `lengths`, a root for each, and tables. Output: the corner `kept` of the
transforms of their products, d numbers a row. Cost: about 2 log2(k) operations a number, which take half of the time of
scipy's real transform in compiled code, and about ten times as long in numpy; beside the rows, memory for k numbers.

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
import numpy.typing as npt

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.compiled import compiled_module
from mvn_dask.compiled.butterflies import rotate
from mvn_dask.covariance.fourier_tables import circle, columns_of, fourier, radices_of

_Integers = npt.NDArray[np.int64]

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
            height = max(1, CHUNK_NUMBERS // self.points)
            transform = self._transform_grids if grid else self._transform_lines
            for top in range(0, len(z), height):
                out[top : top + height] = transform(z[top : top + height], roots, tables)
            return
        sizes, radices = self._layout()
        work = np.zeros(code.work_numbers(sizes.tolist(), VECTOR_SIZE // z.itemsize), z.dtype)
        addresses = [*(array.ctypes.data for array in (z, out, roots, tables)), len(z)]
        code.transform(work, np.array(addresses, np.int64), sizes, radices)

    def _layout(self) -> tuple[_Integers, _Integers]:
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

    def _table(self, tables: FloatArray, axis: int) -> FloatArray:
        start = sum(self.table_lengths[:axis])
        return tables[:, start : start + self.table_lengths[axis]]

    # What follows is the path without compiled code: some rows at a time, whose axis is the first.

    def _transform_grids(self, z: FloatArray, roots: FloatArray, tables: FloatArray) -> FloatArray:
        lengths, kept = ([axis[part] for axis in self._axes] for part in (1, 0))
        lanes, count = VECTOR_SIZE // z.itemsize, len(z)
        padded = ceil(kept[-1] / lanes) * lanes
        shape = lengths if len(lengths) == 3 else [1, *lengths]
        numbers, half = z.reshape(-1, *shape), roots.reshape([length // 2 + 1 for length in shape])
        columns = np.zeros((count, *shape[:2], padded), z.dtype)
        for first, opposite in _mirrored(shape[0]):
            self._transform_planes(numbers, half[first], first, opposite, columns, tables)
        if len(lengths) == 3:
            lines, columns = columns, np.zeros((count, shape[0], kept[1], padded), z.dtype)
            for first, opposite in _mirrored(shape[0]):
                real, imaginary = _fourier(lines[:, first], lines[:, opposite], self._table(tables, 1))
                columns[:, first], columns[:, opposite] = real[:, : kept[1]], imaginary[:, -np.arange(kept[1])]
        found = _transform_columns(columns.reshape(count, lengths[0], -1), kept[0], lanes, self._table(tables, 0))
        return found.reshape(count, *kept[:-1], padded)[..., : kept[-1]].reshape(count, -1)

    def _transform_planes(
        self, z: FloatArray, roots: FloatArray, first: int, opposite: int, out: FloatArray, tables: FloatArray
    ) -> None:
        """Transform the lines of a plane, each with the line of the opposite plane that it mirrors."""
        lines, points = z.shape[2:]
        kept, table = self._axes[-1][0], self._table(tables, len(self._axes) - 1)
        count = lines // 2 + 1 if first == opposite else lines
        columns = np.minimum(np.arange(points), points - np.arange(points))
        height = max(1, CHUNK_NUMBERS // (points * len(z)))
        for top in range(0, count, height):
            which = np.arange(top, min(top + height, count))
            mirrored = -which % lines
            root = roots[np.minimum(which, mirrored)[:, None], columns]
            one, other = (np.swapaxes(each * root, 1, 2) for each in (z[:, first, which], z[:, opposite, mirrored]))
            real, imaginary = _fourier(one, other, table)
            # A line that mirrors itself is written twice, by compiled code too.
            out[:, first, which, :kept] = np.swapaxes(real[:, :kept], 1, 2)
            out[:, opposite, mirrored, :kept] = np.swapaxes(imaginary[:, -np.arange(kept)], 1, 2)

    def _transform_lines(self, z: FloatArray, roots: FloatArray, tables: FloatArray) -> FloatArray:
        columns, rows = self._cut
        lanes, half, count, points = VECTOR_SIZE // z.itemsize, rows // 2 + 1, len(z), self.points
        numbers = np.zeros((count, rows, ceil(columns / (2 * lanes)), 2, lanes), z.dtype)
        products = z * roots.ravel()[np.minimum(np.arange(points), points - np.arange(points))]
        numbers.reshape(count, rows, -1)[..., :columns] = products.reshape(count, rows, columns)
        one, two = (numbers[:, :, :, part].reshape(count, rows, -1) for part in range(2))
        real, imaginary = (each.reshape(count, rows, -1, lanes) for each in _fourier(one, two, self._table(tables, 1)))
        one, one_mirrored = real[:, :half], real[:, -np.arange(half)]
        two, two_mirrored = imaginary[:, :half], imaginary[:, -np.arange(half)]
        # Twice the two numbers; the table has halves.
        reals, imaginaries = (one + one_mirrored, two + two_mirrored), (two - two_mirrored, one_mirrored - one)
        one, two = (np.stack(each, axis=3).reshape(count, half, -1)[..., :columns] for each in (reals, imaginaries))
        cosine, sine = self._table(tables, 2).reshape(2, half, columns)
        one, two = (np.swapaxes(each, 1, 2) for each in rotate((one, two), cosine, sine))
        real, imaginary = _fourier(one, two, self._table(tables, 0))
        out = np.empty((count, columns, rows), z.dtype)
        out[..., :half] = real - imaginary
        inner = np.arange(1, (rows + 1) // 2)
        out[:, ::-1, rows - inner] = real[..., inner] + imaginary[..., inner]
        return out.reshape(count, -1)[:, : self._axes[0][0]]


def _mirrored(length: int) -> Iterator[tuple[int, int]]:
    """Places along an axis, and those that mirror them, each pair once."""
    return ((place, -place % length) for place in range(length // 2 + 1))


def _fourier(real: FloatArray, imaginary: FloatArray, table: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Transforms along the axis behind that of the rows, shape (n, length, width)."""
    count, length, width = real.shape
    one, two = (np.swapaxes(part, 0, 1).reshape(length, -1) for part in (real, imaginary))
    one, two = (np.swapaxes(part.reshape(length, count, width), 0, 1) for part in fourier(one, two, table))
    return one, two


def _transform_columns(columns: FloatArray, kept: int, lanes: int, table: FloatArray) -> FloatArray:
    """Transform real columns, two blocks of `lanes` as the parts of complex ones; the first `kept` rows."""
    rows, length = columns.shape[:2]
    blocks = columns.reshape(rows, length, -1, lanes)
    out = np.empty((rows, kept, *blocks.shape[2:]), columns.dtype)
    mirrored, count = -np.arange(kept) % length, blocks.shape[2]
    step = 2 * max(1, CHUNK_NUMBERS // (2 * length * lanes * rows))
    for start in range(0, count, step):
        firsts = np.arange(start, min(start + step, count), 2)
        seconds = np.minimum(firsts + 1, count - 1)
        one, two = (blocks[:, :, which].reshape(rows, length, -1) for which in (firsts, seconds))
        real, imaginary = (part.reshape(rows, length, -1, lanes) for part in _fourier(one, two, table))
        one, one_mirrored = real[:, :kept], real[:, mirrored]
        two, two_mirrored = imaginary[:, :kept], imaginary[:, mirrored]
        # Of a block without a second one, the first transform is kept.
        out[:, :, seconds] = ((two + two_mirrored) - (one_mirrored - one)) * 0.5
        out[:, :, firsts] = ((one + one_mirrored) - (two - two_mirrored)) * 0.5
    return out
