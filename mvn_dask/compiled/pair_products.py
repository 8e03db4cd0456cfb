"""Centred products of every pair of columns, summed in the order of rows, and their merges.

Input: whole leaves of rows, float64. Output: their node, with the bits of `statistics.cross_products` in numpy. Cost:
half of d² multiply-adds a row, and one reading of the rows: at d = 30, 4 ns a number on Zen 1.

Rows less a shift are written to *panels* of columns, a block of rows at a time, which stays in the first cache. A
*tile* is as many pairs of columns as the processor's registers hold sums of; those above the diagonal are left out, but
for what a tile on the diagonal has of them. Each sum has its rows in their order, so tiles change no bit.
"""

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils

from mvn_dask._typing import Float64Array
from mvn_dask.compiled import llvm
from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to
from mvn_dask.compiled.llvm import I64, REGISTER_BYTES, REGISTERS, instruction, subroutine
from mvn_dask.compiled.matrix_product import add_products

VECTOR_COLUMNS = REGISTER_BYTES // 8
"""Columns of a vector."""
PANEL_WIDTH = 24
"""Columns of a panel: whole tiles on every processor."""
# With 4 by 2 sums on Zen 1, a tenth more time: smaller squares waste less on the diagonal of 30 columns.
TILE_COLUMNS, TILE_VECTORS = (3, 3) if REGISTERS == 16 else (8, 3) if REGISTER_BYTES == 64 else (4, 4)
"""Columns on the left of a tile, and vectors of columns on its right, at most."""
BLOCK_HEIGHT = 64
"""Rows that are worked on at once; the mean of the first ones of a leaf is its shift."""


def _centring(vectors: int) -> Any:
    """An instruction for so many vectors of columns."""

    @instruction(types.void)
    def centre(_: Any, builder: Any, sig: Any, x: Any, stride: Any, rows: Any, shift: Any, out: Any, sums: Any) -> None:
        """Write rows less a shift to a panel, and add them to the sums, one row after the other."""
        kind = llvm.vector_type(sig.args[0], REGISTER_BYTES)
        places = [kind.count * each for each in range(vectors)]
        shifts = [llvm.load_vector(builder, shift, place, kind) for place in places]
        totals = [cgutils.alloca_once_value(builder, llvm.load_vector(builder, sums, place, kind)) for place in places]
        with cgutils.for_range(builder, rows) as loop:
            source = builder.gep(x, [builder.mul(loop.index, stride)])
            target = builder.gep(out, [builder.mul(loop.index, I64(PANEL_WIDTH))])
            for place, each, total in zip(places, shifts, totals, strict=True):
                centred = builder.fsub(llvm.load_vector(builder, source, place, kind), each)
                llvm.store_vector(builder, centred, target, place)
                builder.store(builder.fadd(builder.load(total), centred), total)
        for place, total in zip(places, totals, strict=True):
            llvm.store_vector(builder, builder.load(total), sums, place)

    return centre


def _tile(vectors: int) -> Any:
    """An instruction for so many vectors of columns on the right."""

    @instruction(types.void)
    def tile(_: Any, builder: Any, sig: Any, left: Any, right: Any, rows: Any, sums: Any, stride: Any) -> None:
        """Add to the lines of a tile, `stride` numbers apart, the products of columns of two panels."""
        kind = llvm.vector_type(sig.args[0], REGISTER_BYTES)
        starts = [builder.mul(stride, I64(column)) for column in range(TILE_COLUMNS)]
        places = [[builder.add(start, I64(kind.count * each)) for start in starts] for each in range(vectors)]
        totals = [
            [cgutils.alloca_once_value(builder, llvm.load_vector(builder, sums, place, kind)) for place in line]
            for line in places
        ]
        with cgutils.for_range(builder, rows) as loop:
            row = builder.mul(loop.index, I64(PANEL_WIDTH))
            numbers = builder.gep(left, [row])
            entries = [builder.load(builder.gep(numbers, [I64(column)])) for column in range(TILE_COLUMNS)]
            add_products(builder, entries, builder.gep(right, [row]), totals, kind)
        for line, column in zip(places, totals, strict=True):
            for place, total in zip(line, column, strict=True):
                llvm.store_vector(builder, builder.load(total), sums, place)

    return tile


_centre_panel, _centre_vector = _centring(PANEL_WIDTH // VECTOR_COLUMNS), _centring(1)
_one_vector, _two_vectors, _three_vectors, _four_vectors = (_tile(vectors) for vectors in range(1, 5))


@subroutine(types.void)
def _centre(x: Any, d: int, rows: int, shift: Any, block: Any, sums: Any) -> None:
    """Write at most `BLOCK_HEIGHT` rows of d numbers less a shift to the panels of a block, and add them to sums."""
    column = 0
    while column + PANEL_WIDTH <= d:
        panel, place = offset_pointer(block, column * BLOCK_HEIGHT), offset_pointer(sums, column)
        _centre_panel(offset_pointer(x, column), d, rows, offset_pointer(shift, column), panel, place)
        column += PANEL_WIDTH
    out = offset_pointer(block, column * BLOCK_HEIGHT)
    while column + VECTOR_COLUMNS <= d:
        place = offset_pointer(sums, column)
        _centre_vector(offset_pointer(x, column), d, rows, offset_pointer(shift, column), out, place)
        out = offset_pointer(out, VECTOR_COLUMNS)
        column += VECTOR_COLUMNS
    while column < d:
        total, centre = sums[column], shift[column]
        for row in range(rows):
            centred = x[row * d + column] - centre
            out[row * PANEL_WIDTH] = centred
            total += centred
        sums[column] = total
        out = offset_pointer(out, 1)
        column += 1


@subroutine(types.void)
def _multiply(block: Any, d: int, rows: int, sums: Any, stride: int) -> None:
    """Add the products of a block's columns to a square of sums, on and below the diagonal."""
    for first in range(0, d, PANEL_WIDTH):
        right = offset_pointer(block, first * BLOCK_HEIGHT)
        for i in range(first, d, TILE_COLUMNS):
            panel = i - i % PANEL_WIDTH
            left = offset_pointer(block, panel * BLOCK_HEIGHT + i - panel)
            line, end = offset_pointer(sums, i * stride + first), min(min(i + TILE_COLUMNS, d) - first, PANEL_WIDTH)
            vectors, j = (end + VECTOR_COLUMNS - 1) // VECTOR_COLUMNS, 0
            while vectors > 0:
                columns, place = offset_pointer(right, j), offset_pointer(line, j)
                count = min(vectors, TILE_VECTORS)
                if count == 1:
                    _one_vector(left, columns, rows, place, stride)
                elif count == 2:
                    _two_vectors(left, columns, rows, place, stride)
                elif count == 3:
                    _three_vectors(left, columns, rows, place, stride)
                elif TILE_VECTORS > 3:
                    _four_vectors(left, columns, rows, place, stride)
                vectors -= count
                j += count * VECTOR_COLUMNS


@subroutine(types.void)
def _make_leaf(
    x: Any, rows: int, d: int, block: Any, shift: Any, sums: Any, square: Any, stride: int, node: Any
) -> None:
    """The node of at least one row."""
    for j in range(d):
        sums[j] = 0.0
    # Less the first row, so that equal numbers have a mean that is exactly theirs.
    count = min(rows, BLOCK_HEIGHT)
    _centre(x, d, count, x, block, sums)
    for j in range(d):
        shift[j] = x[j] + sums[j] / count
        sums[j] = 0.0
    for place in range(d * stride):
        square[place] = 0.0
    for top in range(0, rows, BLOCK_HEIGHT):
        count = min(BLOCK_HEIGHT, rows - top)
        _centre(offset_pointer(x, top * d), d, count, shift, block, sums)
        _multiply(block, d, count, square, stride)
    node[0] = rows
    place = 1 + d
    for i in range(d):
        step = sums[i] / rows
        node[1 + i] = shift[i] + step
        for j in range(i + 1):
            node[place + j] = square[i * stride + j] - step * sums[j]
        place += i + 1


@subroutine(types.void)
def _merge_pair(left: Any, right: Any, d: int, delta: Any, out: Any) -> None:
    """The node of two that are not empty; `out` may be `left`."""
    one, other = left[0], right[0]
    count = one + other
    share, weight = other / count, one * other / count
    for j in range(d):
        delta[j] = right[1 + j] - left[1 + j]
        out[1 + j] = left[1 + j] + delta[j] * share
    place = 1 + d
    for i in range(d):
        step = delta[i] * weight
        for j in range(i + 1):
            out[place + j] = (left[place + j] + right[place + j]) + step * delta[j]
        place += i + 1
    out[0] = count


def reduce_leaves(rows: Any, leaf_rows: int, block: Any, vectors: Any, square: Any, nodes: Any) -> None:
    """The node of a power of two of whole leaves, to the first of `nodes`, which has one more than levels of merges."""
    n, d = rows.shape
    x, panels, sums = pointer_to(rows.reshape(-1), 0), pointer_to(block, 0), pointer_to(square.reshape(-1), 0)
    shift, total, delta = pointer_to(vectors, 0), pointer_to(vectors, d), pointer_to(vectors, 2 * d)
    stride, size, count = square.shape[1], nodes.shape[1], 0
    # Where there is no column, those of the last panel are multiplied all the same.
    for place in range(len(block)):
        block[place] = 0.0
    node = pointer_to(nodes.reshape(-1), 0)
    for leaf in range(max(1, n // leaf_rows)):
        end = offset_pointer(node, count * size)
        first = offset_pointer(x, leaf * leaf_rows * d)
        _make_leaf(first, min(n, leaf_rows), d, panels, shift, total, sums, stride, end)
        number = leaf
        while number % 2 == 1:
            left = offset_pointer(node, (count - 1) * size)
            _merge_pair(left, offset_pointer(node, count * size), d, delta, left)
            count -= 1
            number //= 2
        count += 1


def merge_pair(left: Any, right: Any, delta: Any, out: Any) -> None:
    """The node of two that are not empty."""
    _merge_pair(pointer_to(left, 0), pointer_to(right, 0), len(delta), pointer_to(delta, 0), pointer_to(out, 0))


_reduce_leaves, _merge_nodes = CompiledFunction(reduce_leaves), CompiledFunction(merge_pair)


def node_size(d: int) -> int:
    """Numbers of a node: the count, d means, and the lines of a lower triangle."""
    return 1 + d + d * (d + 1) // 2


def work_numbers(d: int) -> int:
    """Numbers of memory that `node_of_leaves` needs, without nodes."""
    columns = -(-d // PANEL_WIDTH) * PANEL_WIDTH
    return BLOCK_HEIGHT * columns + 3 * d + columns * columns


def node_of_leaves(rows: Float64Array, leaf_rows: int, work: Float64Array, nodes: Float64Array) -> None:
    """The node of one leaf, or of a power of two of whole ones, to ``nodes[0]``.

    `work` has `work_numbers(d)` numbers; `nodes`, shape (count, `node_size(d)`), one more than there are merges on the
    way from a leaf to the root. Rows, at least one, are C-contiguous.
    """
    n, d = rows.shape
    leaves = max(1, n // leaf_rows)
    columns = -(-d // PANEL_WIDTH) * PANEL_WIDTH
    fits = nodes.shape[1] == node_size(d) and len(nodes) >= leaves.bit_length() and work.size >= work_numbers(d)
    # Compiled code checks no bounds.
    if not fits or not n or not d or leaves & (leaves - 1) or (leaves > 1 and n != leaves * leaf_rows):
        raise ValueError(f"shapes {rows.shape}, {work.shape} and {nodes.shape} do not fit leaves of that height")
    if not all(each.flags.c_contiguous and each.dtype == np.float64 for each in (rows, work, nodes)):
        raise ValueError("arrays must be C-contiguous and float64")
    block, rest = np.split(work[: work_numbers(d)], [BLOCK_HEIGHT * columns])
    vectors, square = np.split(rest, [3 * d])
    view = rows.view(np.ndarray)
    # numba compiles anew for each kind of array, and workers may have read-only ones.
    view.setflags(write=False)
    _reduce_leaves(view, leaf_rows, block, vectors, square.reshape(columns, columns), nodes)


def merge_nodes(left: Float64Array, right: Float64Array, d: int) -> Float64Array:
    """The node of two that are not empty."""
    if not left.shape == right.shape == (node_size(d),):
        raise ValueError(f"nodes of shapes {left.shape} and {right.shape} do not fit {d=}")
    merged = np.empty(node_size(d))
    _merge_nodes(np.ascontiguousarray(left), np.ascontiguousarray(right), np.empty(d), merged)
    return merged
