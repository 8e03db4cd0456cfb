"""Products of normals with a factor, summed in a fixed order.

Every number is the sum of its products in the order of the normals, each rounded by itself: no fused
multiply-add, no other order. So its bits are the same on every processor, which no BLAS promises; and on
processors that add beside multiplying it costs nothing. The work is cut into tiles, 8 rows by a group of
numbers: they stay in registers while the factor's entries go by, line by line.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from mvn_dask._typing import FloatArray
from mvn_dask.compiled.language import (
    address,
    broadcast,
    constant,
    formats,
    group_size,
    order,
    pointer_after,
    pointer_at,
    pointer_to,
    subroutine,
)

HIGH = 8
"""Rows of a tile."""
TALL = 256
"""Rows that a large factor is applied to at once."""
DEEP = 512
"""Lines of a tile, at most: with the normals of `TALL` rows they stay in the second cache."""
FEW = 4
"""Numbers of a tile for rows that have no more."""


class Tiles(NamedTuple):
    """A small factor, cut up in the order in which a product takes it."""

    lines: FloatArray
    """Entries, one-dimensional: of each tile, line by line, those that go with one normal."""
    places: npt.NDArray[np.int64]
    """Of each tile, one after the other: its first number, how many lines, and where they begin."""
    shift: FloatArray
    """The mean, filled up to a whole tile."""


PLACE = 3


def tile_width(d: int, itemsize: int) -> int:
    """Numbers of a tile for rows of d."""
    return FEW if d <= FEW else 64 // itemsize


def reach(rows: FloatArray) -> int:
    """How many entries rows of a factor have, at least 1, without the zeros behind the last."""
    return 1 + int(max(np.flatnonzero(rows.any(axis=0)), default=0))


def cut(matrix: FloatArray, mean: FloatArray) -> Tiles:
    """Cut a factor, shape (d, d), into tiles. The last one lies over its neighbour, where d is not too small.

    With two or four numbers, several rows fill a group: its lines and the mean are repeated for each.
    """
    d = len(matrix)
    if d in (2, 4):
        rows = 64 // matrix.itemsize // d
        return Tiles(np.tile(matrix.T, rows).ravel(), np.array([0, d, 0]), np.tile(mean, rows))
    width = tile_width(d, matrix.itemsize)
    firsts = [*range(0, d - width, width), max(0, d - width)]
    tiles = [matrix[first : first + width, : reach(matrix[first : first + width])].T for first in firsts]
    lines = [np.pad(tile, ((0, 0), (0, width - tile.shape[1]))).ravel() for tile in tiles]
    begins = np.cumsum([0, *map(len, lines)])[:-1]
    shift = np.zeros(max(d, width), mean.dtype)
    shift[:d] = mean
    return Tiles(np.concatenate(lines), np.column_stack([firsts, list(map(len, tiles)), begins]).ravel(), shift)


def _transform(most: int) -> Any:
    """An instruction that works on one tile of at most so many numbers."""

    @intrinsic
    def transform(
        _: Any, z: Any, k: Any, lines: Any, count: Any, shift: Any, out: Any, pitch: Any, first: Any, last: Any
    ) -> Any:
        """A tile's products added to what it has, or to nothing if it is `first`, and the shift, if `last`.

        Rows of normals are `k` apart, those of the tile `pitch`.
        """
        size = types.int64
        kinds = z, size, lines, size, shift, out, size, size, size

        def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
            _, real, group = formats(out)
            form, align = ir.VectorType(real, min(group, most)), 64 // group
            # Minus zero changes nothing that is added to it.
            nothing = ir.Constant(form, [-0.0] * form.count)
            fresh, whole = (builder.icmp_signed("!=", args[flag], constant(0)) for flag in (7, 8))
            rows = [builder.mul(args[6], constant(row)) for row in range(HIGH)]
            sums = [cgutils.alloca_once(builder, form) for _ in rows]
            for row, slot in zip(rows, sums, strict=True):
                before = builder.load(address(builder, args[5], row, form), align=align)
                builder.store(builder.select(fresh, nothing, before), slot)
            with cgutils.for_range(builder, args[3]) as loop:
                line = builder.mul(loop.index, constant(form.count))
                entries = builder.load(address(builder, args[2], line, form), align=align)
                for row, slot in enumerate(sums):
                    index = builder.add(builder.mul(args[1], constant(row)), loop.index)
                    normal = broadcast(builder, builder.load(builder.gep(args[0], [index])), form)
                    builder.store(builder.fadd(builder.load(slot), builder.fmul(normal, entries)), slot)
            mean = builder.load(address(builder, args[4], constant(0), form), align=align)
            mean = builder.select(whole, mean, nothing)
            for row, slot in zip(rows, sums, strict=True):
                place = address(builder, args[5], row, form)
                builder.store(builder.fadd(builder.load(slot), mean), place, align=align)
            return context.get_dummy_value()

        return types.void(*kinds), generate

    return transform


def _transform_rows(d: int) -> Any:
    """An instruction for rows of d numbers, of which several make a group."""

    @intrinsic
    def transform(_: Any, z: Any, lines: Any, shift: Any, out: Any) -> Any:
        """`HIGH` rows of normals to samples."""

        def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
            _, real, group = formats(out)
            form, align = ir.VectorType(real, group), 64 // group
            *entries, mean = (
                builder.load(address(builder, pointer, constant(place), form), align=align)
                for pointer, place in [*((args[1], k * group) for k in range(d)), (args[2], 0)]
            )
            for place in range(0, HIGH * d, group):
                normals = builder.load(address(builder, args[0], constant(place), form), align=align)
                total = None
                for k, entry in enumerate(entries):
                    # The normal k of each row, for each of its numbers.
                    which = order(number // d * d + k for number in range(group))
                    product = builder.fmul(builder.shuffle_vector(normals, normals, which), entry)
                    total = product if total is None else builder.fadd(total, product)
                target = address(builder, args[3], constant(place), form)
                builder.store(builder.fadd(total, mean), target, align=align)
            return context.get_dummy_value()

        return types.void(z, lines, shift, out), generate

    return transform


_transform_few, _transform_group = _transform(FEW), _transform(16)
_transform_two, _transform_four = _transform_rows(2), _transform_rows(4)


@subroutine(lambda *_: types.void)
def multiply_tile(z: Any, d: int, tiles: int, places: Any, lines: Any, shift: Any, out: Any) -> None:
    """Make `HIGH` rows of d numbers from as many normals, of `Tiles`."""
    if d == 2:
        _transform_two(z, lines, shift, out)
        return
    if d == 4:
        _transform_four(z, lines, shift, out)
        return
    for tile in range(0, PLACE * tiles, PLACE):
        first, count = places[tile], places[tile + 1]
        entries = pointer_after(lines, places[tile + 2])
        mean, target = pointer_after(shift, first), pointer_after(out, first)
        if d < FEW:
            _transform_few(z, d, entries, count, mean, target, d, 1, 1)
        else:
            _transform_group(z, d, entries, count, mean, target, d, 1, 1)


@subroutine(lambda *_: types.void)
def _collect(matrix: Any, k: int, rows: int, count: int, width: int, lines: Any) -> None:
    """Copy a tile's entries, line by line; what its rows do not fill stays as it is."""
    for row in range(rows):
        for line in range(count):
            lines[line * width + row] = matrix[row * k + line]


def multiply(z: Any, matrix: int, d: int, reaches: Any, shift: Any, lines: Any, out: Any) -> None:
    """Multiply rows of normals, a multiple of `HIGH`, tile by tile.

    Parameters
    ----------
    z : ndarray, shape (rows, k), C-contiguous
    matrix : int
        Address of the factor, shape (d, k), C-contiguous. It may be memory that must not be written.
    d : int
        Numbers in a row.
    reaches : ndarray of int64, shape (tiles,)
        The `reach` of each tile.
    shift : ndarray, shape (tiles * width,)
        The mean, filled up to whole tiles.
    lines : ndarray, shape (DEEP * width,)
        Room for the lines of a tile: zeros.
    out : ndarray, shape (rows, tiles * width), C-contiguous
        What is made, with whole tiles: not `z`.
    """
    rows, k = z.shape
    pitch = len(shift)
    z, reaches, shift = pointer_to(z, 0), pointer_to(reaches, 0), pointer_to(shift, 0)
    lines, out = pointer_to(lines, 0), pointer_to(out, 0)
    matrix = pointer_at(matrix, z)
    width = FEW if d <= FEW else group_size(z)
    for start in range(0, k, DEEP):
        for tile in range(pitch // width):
            count = min(reaches[tile] - start, DEEP)
            if count <= 0:
                continue
            number = tile * width
            _collect(pointer_after(matrix, number * k + start), k, min(width, d - number), count, width, lines)
            mean, last = pointer_after(shift, number), start + count == reaches[tile]
            for row in range(0, rows, HIGH):
                noise, target = pointer_after(z, row * k + start), pointer_after(out, row * pitch + number)
                if d <= FEW:
                    _transform_few(noise, k, lines, count, mean, target, pitch, start == 0, last)
                else:
                    _transform_group(noise, k, lines, count, mean, target, pitch, start == 0, last)
