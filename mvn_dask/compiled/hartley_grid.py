"""Pruned Hartley transforms of scaled normals: those of `covariance.hartley_transform`, in compiled code.

Input: rows of normals, the roots of eigenvalues, tables of cosines and sines. Output: the corner of the transform that
is kept. Cost: see there; no lock of Python's is held. Lines of one row lie side by side in the lanes of vectors, so
that a row is transformed alone. Compilation takes some seconds for each precision.
"""

from collections.abc import Sequence
from typing import Any

from numba import types

from mvn_dask.compiled import llvm
from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.fourier import SKEW, part_room, transform_lanes
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_at, pointer_to, prefetch, vector_length
from mvn_dask.compiled.llvm import instruction, subroutine

# What is written lies in pieces of a few lines of the cache, far apart: no processor sees where the next one will be.
BLOCKS_AHEAD = 4
"""Blocks of columns after which the memory that is fetched is written."""
ROWS_AHEAD = 8
"""Rows after which the memory that is fetched is written."""


@instruction(types.void)
def _copy_vector(_: Any, builder: Any, sig: Any, source: Any, out: Any) -> None:
    kind = llvm.vector_type(sig.args[0])
    zero = llvm.I64(0)
    llvm.store_vector(builder, llvm.load_vector(builder, source, zero, kind), out, zero)


@instruction(types.void)
def _separate(
    _: Any, builder: Any, sig: Any, real: Any, imaginary: Any, place: Any, mirrored: Any, out: Any, second: Any
) -> None:  # fmt: skip
    """The Hartley transforms of two real columns whose Fourier transform as one complex column is given."""
    kind = llvm.vector_type(sig.args[0])
    one, one_mirrored, two, two_mirrored = (
        llvm.load_vector(builder, part, at, kind) for part in (real, imaginary) for at in (place, mirrored)
    )
    half = llvm.splat(kind, 0.5)
    first = builder.fsub(builder.fadd(one, one_mirrored), builder.fsub(two, two_mirrored))
    other = builder.fsub(builder.fadd(two, two_mirrored), builder.fsub(one_mirrored, one))
    llvm.store_vector(builder, builder.fmul(first, half), out, llvm.I64(0))
    llvm.store_vector(builder, builder.fmul(other, half), out, second)


@subroutine(types.void)
def _load_line(z: Any, roots: Any, points: int, out: Any, lanes: int) -> None:
    half = points // 2 + 1
    for k in range(half):
        out[k * lanes] = z[k] * roots[k]
    for k in range(half, points):
        out[k * lanes] = z[k] * roots[points - k]


@subroutine(types.void)
def _transform_lines(
    z: Any, roots: Any, first: int, opposite: int, sizes: Any, lines_out: Any, work: Any, radices: Any, cosines: Any,
    sines: Any,
) -> None:  # fmt: skip
    """Transform the lines of a plane and of the opposite one, each together with the line that it mirrors.

    The real part becomes that of the one, the mirrored imaginary part that of the other.
    """
    lanes = vector_length(work)
    lines, points, kept, stages = sizes[1], sizes[2], sizes[5], sizes[8]
    half, size, blocks = points // 2 + 1, part_room(points, lanes), -(-kept // lanes)
    count = lines // 2 + 1 if first == opposite else lines
    for top in range(0, count, lanes):
        for lane in range(lanes):
            line = min(top + lane, count - 1)
            mirrored = (lines - line) % lines
            root = offset_pointer(roots, (min(first, opposite) * (lines // 2 + 1) + min(line, mirrored)) * half)
            one, other = (
                offset_pointer(z, (first * lines + line) * points),
                offset_pointer(z, (opposite * lines + mirrored) * points),
            )
            _load_line(one, root, points, offset_pointer(work, 2 * size + lane), lanes)
            _load_line(other, root, points, offset_pointer(work, 3 * size + lane), lanes)
        source = offset_pointer(work, 2 * size)
        found = offset_pointer(
            work,
            transform_lanes(source, offset_pointer(source, size), work, points, lanes, radices, stages, cosines, sines),
        )
        for block in range(blocks):
            out = offset_pointer(lines_out, (first * blocks + block) * part_room(lines, lanes))
            out_opposite = offset_pointer(lines_out, (opposite * blocks + block) * part_room(lines, lanes))
            width = min(lanes, kept - block * lanes)
            ahead = min(BLOCKS_AHEAD, blocks - 1 - block) * part_room(lines, lanes)
            prefetch(out, ahead + top * lanes, lanes * lanes)
            prefetch(out_opposite, ahead + max(0, lines - top - lanes + 1) * lanes, lanes * lanes)
            for lane in range(min(lanes, count - top)):
                line = top + lane
                mirrored = (lines - line) % lines
                for k in range(width):
                    out[line * lanes + k] = found[(block * lanes + k) * lanes + lane]
                # The first point mirrors itself. No remainders, which take longer than all the rest.
                if block == 0:
                    out_opposite[mirrored * lanes] = found[size + lane]
                for k in range(1 if block == 0 else 0, width):
                    out_opposite[mirrored * lanes + k] = found[size + (points - block * lanes - k) * lanes + lane]


@subroutine(types.void)
def _transform_planes(
    lines_in: Any, first: int, opposite: int, sizes: Any, out: Any, work: Any, radices: Any, cosines: Any, sines: Any
) -> None:  # fmt: skip
    """Transform the columns of a plane together with those of the opposite one, as `_transform_lines` does lines."""
    lanes = vector_length(work)
    planes, lines, kept, stages = sizes[0], sizes[1], sizes[4], sizes[7]
    size, blocks = part_room(lines, lanes), -(-sizes[5] // lanes)
    for block in range(blocks):
        real = offset_pointer(lines_in, (first * blocks + block) * size)
        imaginary = offset_pointer(lines_in, (opposite * blocks + block) * size)
        found = offset_pointer(
            work, transform_lanes(real, imaginary, work, lines, lanes, radices, stages, cosines, sines)
        )
        for k in range(kept):
            column = offset_pointer(out, (k * blocks + block) * part_room(planes, lanes))
            _copy_vector(offset_pointer(found, k * lanes), offset_pointer(column, first * lanes))
            mirrored = (lines - k) % lines
            _copy_vector(offset_pointer(found, size + mirrored * lanes), offset_pointer(column, opposite * lanes))


@subroutine(types.void)
def _transform_columns(
    columns: Any, count: int, length: int, kept: int, sizes: Any, out: Any, work: Any, radices: Any, stages: int,
    cosines: Any, sines: Any,
) -> None:  # fmt: skip
    """Transform blocks of real columns, two and two as the parts of complex ones, and write the rows that are kept."""
    lanes = vector_length(work)
    size, last = part_room(length, lanes), sizes[5]
    blocks = -(-last // lanes)
    stride = count // blocks * last
    rows = offset_pointer(work, 4 * size)
    for block in range(0, count, 2):
        other = min(block + 1, count - 1)
        real, imaginary = offset_pointer(columns, block * size), offset_pointer(columns, other * size)
        found = offset_pointer(
            work, transform_lanes(real, imaginary, work, length, lanes, radices, stages, cosines, sines)
        )
        place, width = block // blocks * last + block % blocks * lanes, min(lanes, last - block % blocks * lanes)
        second = other // blocks * last + other % blocks * lanes
        second_width = min(lanes, last - other % blocks * lanes)
        whole = width == lanes and second_width == lanes and other != block
        for k in range(kept):
            at, mirrored, row = k * lanes, (length - k if k else 0) * lanes, k * stride
            if whole:
                prefetch(out, min(k + ROWS_AHEAD, kept - 1) * stride + place, 2 * lanes)
                _separate(
                    found, offset_pointer(found, size), at, mirrored, offset_pointer(out, row + place), second - place
                )
                continue
            _separate(found, offset_pointer(found, size), at, mirrored, rows, lanes)
            for lane in range(width):
                out[row + place + lane] = rows[lane]
            for lane in range(second_width if other != block else 0):
                out[row + second + lane] = rows[lanes + lane]


@subroutine(types.void)
def _transform_row(z: Any, roots: Any, sizes: Any, out: Any, work: Any, radices: Any, tables: Any) -> None:
    lanes = vector_length(work)
    planes, lines, points = sizes[0], sizes[1], sizes[2]
    # Tables of the axes follow each other, cosines before sines; a plane alone needs none for its axis.
    ahead = planes if planes > 1 else 0
    total = ahead + lines + points
    blocks = -(-sizes[5] // lanes)
    columns = offset_pointer(work, 4 * part_room(max(planes, lines, points), lanes) + 2 * lanes)
    middle, last = offset_pointer(radices, sizes[6]), offset_pointer(radices, sizes[6] + sizes[7])
    table = offset_pointer(tables, ahead + lines)
    for plane in range(planes // 2 + 1):
        opposite = (planes - plane) % planes
        _transform_lines(z, roots, plane, opposite, sizes, columns, work, last, table, offset_pointer(table, total))
    table = offset_pointer(tables, ahead)
    sines = offset_pointer(table, total)
    if planes == 1:
        _transform_columns(columns, blocks, lines, sizes[4], sizes, out, work, middle, sizes[7], table, sines)
        return
    others = offset_pointer(columns, planes * blocks * part_room(lines, lanes))
    for plane in range(planes // 2 + 1):
        _transform_planes(columns, plane, (planes - plane) % planes, sizes, others, work, middle, table, sines)
    sines = offset_pointer(tables, total)
    _transform_columns(others, sizes[4] * blocks, planes, sizes[3], sizes, out, work, radices, sizes[6], tables, sines)


def _transform(work: Any, addresses: Any, sizes: Any, radices: Any) -> None:
    start = pointer_to(work, 0)
    z, out = pointer_at(addresses[0], start), pointer_at(addresses[1], start)
    roots, tables = pointer_at(addresses[2], start), pointer_at(addresses[3], start)
    size, steps = pointer_to(sizes, 0), pointer_to(radices, 0)
    for row in range(addresses[4]):
        numbers = offset_pointer(z, row * sizes[0] * sizes[1] * sizes[2])
        kept = offset_pointer(out, row * sizes[3] * sizes[4] * sizes[5])
        _transform_row(numbers, roots, size, kept, start, steps, tables)


transform = CompiledFunction(_transform)


def work_numbers(sizes: Sequence[int], lanes: int) -> int:
    """Numbers of memory that `transform` works in."""
    planes, lines, points, _, kept, last = sizes[:6]
    blocks = -(-last // lanes)
    columns = planes * blocks * (lines + SKEW)
    others = kept * blocks * (planes + SKEW) if planes > 1 else 0
    return lanes * (4 * (max(planes, lines, points) + SKEW) + 2 + columns + others)
