"""Hartley transforms of scaled normals along one axis: those of `covariance.hartley_transform`, in compiled code.

Input: a row of normals, the roots of eigenvalues, tables of cosines and sines. Output: the beginning of the transform
that is kept. Cost: see there; no lock of Python's is held. Compilation takes some seconds for each precision.
"""

from collections.abc import Sequence
from typing import Any

from numba import types

from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.fourier import SKEW, part_room, transform_lanes
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_at, pointer_to, vector_length
from mvn_dask.compiled.llvm import subroutine


@subroutine(types.void)
def _load_columns(z: Any, roots: Any, block: int, columns: int, length: int, out: Any, lanes: int) -> None:
    """A block of columns of a row, shape (length, columns), times the roots; zeros beyond the last column."""
    first = block * lanes
    width = max(0, min(lanes, columns - first))
    points = columns * length
    for k in range(length):
        for lane in range(width):
            place = k * columns + first + lane
            out[k * lanes + lane] = z[place] * roots[min(place, points - place)]
        for lane in range(width, lanes):
            out[k * lanes + lane] = 0


@subroutine(types.void)
def _transform_columns(z: Any, roots: Any, sizes: Any, out: Any, work: Any, radices: Any, tables: Any) -> None:
    """Transform columns, two blocks as the parts of complex ones, and rotate those of each as its column asks for."""
    lanes = vector_length(work)
    columns, length, total = sizes[0], sizes[1], sizes[5]
    half, size, part = length // 2 + 1, part_room(length, lanes), part_room(columns, lanes)
    cosines = offset_pointer(tables, columns)
    for block in range(0, -(-columns // lanes), 2):
        source, first = offset_pointer(work, 2 * size), block * lanes
        _load_columns(z, roots, block, columns, length, source, lanes)
        _load_columns(z, roots, block + 1, columns, length, offset_pointer(source, size), lanes)
        real = offset_pointer(
            work,
            transform_lanes(
                source, offset_pointer(source, size), work, length, lanes, offset_pointer(radices, sizes[3]), sizes[4],
                cosines, offset_pointer(cosines, total),
            ),
        )  # fmt: skip
        imaginary = offset_pointer(real, size)
        for k in range(half):
            target = k // lanes * 2 * part + first * lanes + k % lanes
            angle = columns + length + k * columns + first
            place, mirrored = k * lanes, (length - k if k else 0) * lanes
            # Twice the numbers of the one block, then of the other; the table has halves.
            for lane in range(min(lanes, columns - first)):
                one = real[place + lane] + real[mirrored + lane]
                two = imaginary[place + lane] - imaginary[mirrored + lane]
                cosine, sine = tables[angle + lane], tables[total + angle + lane]
                out[target + lane * lanes] = one * cosine + two * sine
                out[target + part + lane * lanes] = two * cosine - one * sine
            angle, target = angle + lanes, target + lanes * lanes
            for lane in range(min(lanes, columns - first - lanes)):
                one = imaginary[place + lane] + imaginary[mirrored + lane]
                two = real[mirrored + lane] - real[place + lane]
                cosine, sine = tables[angle + lane], tables[total + angle + lane]
                out[target + lane * lanes] = one * cosine + two * sine
                out[target + part + lane * lanes] = two * cosine - one * sine


@subroutine(types.void)
def _transform_parts(parts: Any, sizes: Any, out: Any, work: Any, radices: Any, tables: Any) -> None:
    """Transform across the columns, and write the numbers that are kept, and those that mirror them."""
    lanes = vector_length(work)
    columns, length, kept = sizes[0], sizes[1], sizes[2]
    half, size, points = length // 2 + 1, part_room(columns, lanes), columns * length
    for block in range(-(-half // lanes)):
        source = offset_pointer(parts, block * 2 * size)
        real = offset_pointer(
            work,
            transform_lanes(
                source, offset_pointer(source, size), work, columns, lanes, radices, sizes[3], tables,
                offset_pointer(tables, sizes[5]),
            ),
        )  # fmt: skip
        imaginary = offset_pointer(real, size)
        first = block * lanes
        width = min(lanes, half - first)
        for each in range(columns):
            for lane in range(width):
                at, k = each * lanes + lane, first + lane
                place = k + length * each
                if place < kept:
                    out[place] = real[at] - imaginary[at]
                # Those of k = 0 and of half the length are among the ones above.
                if k and 2 * k < length and points - place < kept:
                    out[points - place] = real[at] + imaginary[at]


def _transform(work: Any, addresses: Any, sizes: Any, radices: Any) -> None:
    start = pointer_to(work, 0)
    z, out = pointer_at(addresses[0], start), pointer_at(addresses[1], start)
    roots, tables = pointer_at(addresses[2], start), pointer_at(addresses[3], start)
    size, steps = pointer_to(sizes, 0), pointer_to(radices, 0)
    lanes = vector_length(start)
    parts = offset_pointer(start, 4 * part_room(max(sizes[0], sizes[1]), lanes))
    for row in range(addresses[4]):
        numbers = offset_pointer(z, row * sizes[0] * sizes[1])
        _transform_columns(numbers, roots, size, parts, start, steps, tables)
        _transform_parts(parts, size, offset_pointer(out, row * sizes[2]), start, steps, tables)


transform = CompiledFunction(_transform)


def work_numbers(sizes: Sequence[int], lanes: int) -> int:
    """Numbers of memory that `transform` works in."""
    columns, length = sizes[:2]
    blocks = -(-(length // 2 + 1) // lanes)
    return lanes * (4 * (max(columns, length) + SKEW) + 2 * blocks * (columns + SKEW))
