"""Products of normals with a factor, summed in a fixed order.

Input: rows of normals, shape (n, k), and a factor, shape (d, k). Output: rows ``z @ factor.T + mean``, with the bits
of `covariance.ordered_product`. Cost: 0.0155 ns a multiply-add in the cache on Zen 5, and 0.165 ns on Zen 1, where a
fused one takes 0.11; the zeros of a triangle are left out. Where one unit both multiplies and adds, large products take
up to twice OpenBLAS's time. A packed factor takes as much memory as its entries, a triangle half of that.

A BLAS adds in an order of its own, with fused multiply-adds, and both change with the height of the product, the
processor and the build. Here every number is the sum of its products in the order of the normals, each rounded by
itself, so that rows can be split anywhere and the bits are the same on every processor.

A *panel* is `PANEL_VECTORS` vectors of columns of a product. It holds, for one normal after the other, the entries of
the factor that go with them, as in GotoBLAS and BLIS; a vector ends where its columns are zero from some normal on, as
above the diagonal of a triangle. A *tile* is as many rows of a panel as the processor's registers hold sums of.

References
----------
F. G. Van Zee and R. A. van de Geijn, BLIS: A Framework for Rapidly Instantiating BLAS Functionality, ACM Transactions
on Mathematical Software 41 (3), 2015, doi:10.1145/2764454.
"""

import math
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils

from mvn_dask._typing import FloatArray
from mvn_dask.compiled import llvm
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to, vector_length
from mvn_dask.compiled.llvm import I64, REGISTER_BYTES, REGISTERS, VECTOR_BYTES, instruction, subroutine

# Sums in 24 of 32 registers, or in 8 of 16: with more, LLVM moves them about.
PANEL_VECTORS, REGISTER_ROWS = (3, 8) if REGISTERS == 32 else (2, 4)
"""Vectors of a panel, each as wide as a register, and rows of a tile."""
PANEL_FIELDS = 2 + PANEL_VECTORS
"""Numbers that describe a panel in `Packed`: where it begins, its first column, the normals of each vector."""
Packed = tuple[FloatArray, npt.NDArray[np.int64]]
"""A factor, panel after panel, and in a panel for each normal the entries of those vectors that have not ended; the
columns of a vector, and the `PANEL_FIELDS` of each panel. Both are one-dimensional."""
TILE_ROWS = 8
"""Rows that are multiplied together: a whole number of tiles on every processor."""
ROW_BLOCK = 256
"""Rows that a large factor is applied to at once."""
K_BLOCK = 512
"""Normals that a large factor is applied to at once: those of `ROW_BLOCK` rows, and a panel, stay in the caches."""
NARROW_WIDTH = 4
"""Columns of a vector where rows have no more."""
CACHE_LINE = 64
"""Bytes of a line of the cache."""
INTERLEAVED = 2, 4
"""Dimensions of which several rows fill a vector."""


def spaced_columns(columns: int, itemsize: int) -> int:
    """Numbers from the beginning of a row to that of the next, at least `columns`: an odd number of lines of the cache.

    Powers of two would put the rows of a tile in one place of it.
    """
    return (math.ceil(columns * itemsize / CACHE_LINE) | 1) * CACHE_LINE // itemsize


def vector_columns(d: int, itemsize: int) -> int:
    """Columns of a vector for rows of d numbers."""
    width = REGISTER_BYTES // itemsize
    return NARROW_WIDTH if d <= NARROW_WIDTH < width else width


def row_support(rows: FloatArray) -> int:
    """Number of leading columns outside which rows of a factor are zero, at least 1.

    Examples
    --------
    >>> row_support(np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]))
    2
    """
    # At least one product, since a sum of none has no value.
    return 1 + int(np.flatnonzero(rows.any(axis=0))[-1:].sum())


def pack(matrix: FloatArray) -> Packed:
    """Pack a factor, shape (d, k): half of it, if it is triangular.

    Vectors end with the last column. What is left at the beginning, if d is no whole number of vectors, is a panel of
    its own, the first, and overlaps the next one: what is written twice is the same. Of less than a vector, zeros fill
    the rest.
    """
    d = len(matrix)
    width = vector_columns(d, matrix.itemsize)
    depths = [row_support(matrix[first : first + width]) for first in range(d % width, d - width + 1, width)]
    # Whole panels at the end, where a triangle's are deep.
    panels = [depths[max(0, end - PANEL_VECTORS) : end] for end in range(len(depths), 0, -PANEL_VECTORS)][::-1]
    columns = (d - width * np.cumsum([len(panel) for panel in panels[::-1]])[::-1]).tolist()
    if d % width:
        panels, columns = [[row_support(matrix[:width])], *panels], [0, *columns]
    # A vector goes on as long as one before it, so that those that have not ended lie side by side.
    panels = [np.maximum.accumulate(panel).tolist() for panel in panels]
    begins = np.cumsum([0, *(width * sum(panel) for panel in panels)]).tolist()
    packed, fields = np.zeros(begins[-1], matrix.dtype), [width]
    for begin, column, panel in zip(begins, columns, panels, strict=False):
        _fill_panel(packed[begin:], matrix, column, panel, width)
        # Vectors that a panel lacks come first, and have no normals.
        lacking = PANEL_VECTORS - len(panel)
        fields += [begin, column - width * lacking, *[0] * lacking, *panel]
    return packed, np.array(fields, np.int64)


def _fill_panel(memory: FloatArray, matrix: FloatArray, column: int, depths: list[int], width: int) -> None:
    """Copy a panel to the beginning of memory that is zero."""
    begin = 0
    for ended, (start, stop) in enumerate(pairwise([0, *depths])):
        block = matrix[column + width * ended : column + width * len(depths), start:stop].T
        columns = width * (len(depths) - ended)
        memory[begin : begin + columns * len(block)].reshape(-1, columns)[:, : block.shape[1]] = block
        begin += columns * len(block)


def pad(mean: FloatArray) -> FloatArray:
    """The mean, shape (d,), with zeros up to a whole vector."""
    return np.append(mean, np.zeros(max(0, vector_columns(len(mean), mean.itemsize) - len(mean)), mean.dtype))


def pack_interleaved(matrix: FloatArray, mean: FloatArray) -> tuple[FloatArray, Packed]:
    """A mean, and a factor of shape (2, 2) or (4, 4), of which several rows fill a vector: both are repeated."""
    rows = VECTOR_BYTES // matrix.itemsize // len(matrix)
    return np.tile(mean, rows), (np.tile(matrix.T, rows).ravel(), np.zeros(1, np.int64))


def _multiply_tile(
    narrow: bool, _: Any, builder: Any, sig: Any, z: Any, stride: Any, panel: Any, depths: Any, start: Any, limit: Any,
    mean: Any, out: Any, out_stride: Any,
) -> None:  # fmt: skip
    """Add the products of normals from `start` on, at most `limit`, to a tile; a narrow one has the last vector alone.

    `depths` are the normals of each vector; those that end now get the mean. Rows of normals are `stride` numbers
    apart, those of the tile `out_stride`.
    """
    kind = llvm.vector_type(sig.args[0], REGISTER_BYTES)
    kind = ir.VectorType(kind.element, NARROW_WIDTH) if narrow else kind
    # Minus zero is the neutral element of addition: plus zero would change the sign of minus zero.
    negative_zero = llvm.splat(kind, -0.0)
    vectors = range(PANEL_VECTORS - 1 if narrow else 0, PANEL_VECTORS)
    # Normals that are left, none or less where a vector ended before; `pack` sees to it that no vector ends before one
    # on its left.
    left = {each: builder.sub(builder.load(builder.gep(depths, [I64(each)])), start) for each in vectors}
    # On the stack here; LLVM keeps them in registers while the panel passes.
    sums = {each: [cgutils.alloca_once_value(builder, negative_zero) for _ in range(REGISTER_ROWS)] for each in left}
    rows = [builder.mul(out_stride, I64(row)) for row in range(REGISTER_ROWS)]
    places = {each: [builder.add(row, I64(kind.count * each)) for row in rows] for each in left}
    counts = {each: _clip(builder, count, limit) for each, count in left.items()}
    going = {each: builder.icmp_signed(">", count, I64(0)) for each, count in counts.items()}
    for each in left:
        with builder.if_then(builder.and_(going[each], builder.icmp_signed(">", start, I64(0)))):
            for place, total in zip(places[each], sums[each], strict=True):
                builder.store(llvm.load_vector(builder, out, place, kind), total)
    begin = I64(0)
    for ended, stop in counts.items():
        running = [sums[each] for each in left if each >= ended]
        columns = I64(kind.count * len(running))
        with cgutils.for_range(builder, stop, begin) as loop:
            normals = [builder.load(builder.gep(z, [builder.add(builder.mul(stride, I64(row)), loop.index)]))
                       for row in range(REGISTER_ROWS)]  # fmt: skip
            add_products(builder, normals, builder.gep(panel, [builder.mul(loop.index, columns)]), running, kind)
        # What follows has one vector less a normal, so it begins where it would if there had always been as few.
        panel = builder.gep(panel, [builder.mul(stop, I64(kind.count))])
        begin = stop
    for each, count in left.items():
        with builder.if_then(going[each]):
            is_last = builder.icmp_signed("<=", count, limit)
            shift = builder.select(is_last, llvm.load_vector(builder, mean, kind.count * each, kind), negative_zero)
            for place, total in zip(places[each], sums[each], strict=True):
                llvm.store_vector(builder, builder.fadd(builder.load(total), shift), out, place)


def add_products(builder: Any, normals: list[Any], entries: Any, sums: list[list[Any]], kind: ir.VectorType) -> None:
    """Add the products of one normal of each row with a vector of entries for each list of sums."""
    columns = [llvm.load_vector(builder, entries, kind.count * place, kind) for place in range(len(sums))]
    # Unrolled: no addition waits for another of the same normal.
    for row, normal in enumerate(normals):
        repeated = llvm.broadcast(builder, normal, kind)
        for column, totals in zip(columns, sums, strict=True):
            # Two instructions without fast-math flags: LLVM must neither fuse nor reorder them.
            product = builder.fmul(repeated, column)
            builder.store(builder.fadd(builder.load(totals[row]), product), totals[row])


def _clip(builder: Any, count: Any, limit: Any) -> Any:
    """A count between 0 and a limit that is not negative."""
    positive = builder.select(builder.icmp_signed(">", count, I64(0)), count, I64(0))
    return builder.select(builder.icmp_signed("<", positive, limit), positive, limit)


def _multiply_interleaved(d: int, _: Any, builder: Any, sig: Any, z: Any, panel: Any, mean: Any, out: Any) -> None:
    """`TILE_ROWS` rows of d normals to samples, where several rows make a vector: no lane is left empty."""
    kind = llvm.vector_type(sig.args[0])
    entries = [llvm.load_vector(builder, panel, k * kind.count, kind) for k in range(d)]
    shift = llvm.load_vector(builder, mean, 0, kind)
    for offset in range(0, TILE_ROWS * d, kind.count):
        normals = llvm.load_vector(builder, z, offset, kind)
        total = None
        for k, entry in enumerate(entries):
            # Normal k of each row, in all lanes of that row.
            repeated = llvm.shuffle(builder, normals, normals, [lane // d * d + k for lane in range(kind.count)])
            product = builder.fmul(repeated, entry)
            total = product if total is None else builder.fadd(total, product)
        llvm.store_vector(builder, builder.fadd(total, shift), out, offset)


_void = instruction(types.void)
_narrow_tile, _wide_tile = (_void(partial(_multiply_tile, narrow)) for narrow in (True, False))
_rows_of_two, _rows_of_four = (_void(partial(_multiply_interleaved, d)) for d in INTERLEAVED)


@subroutine(types.void)
def _multiply_panel(
    z: Any, stride: int, rows: int, start: int, limit: int, panel: Any, width: int, packed: Any, mean: Any, out: Any,
    out_stride: int,
) -> None:  # fmt: skip
    """Multiply rows of normals from `start` on, `limit` at most, with a panel that is given by its `PANEL_FIELDS`."""
    begin, column = panel[0], panel[1]
    for vector in range(2, PANEL_FIELDS):
        # Entries of the normals before.
        begin += width * (panel[vector] if panel[vector] < start else start)  # noqa: FURB136 - compiles sooner
    entries, shift = offset_pointer(packed, begin), offset_pointer(mean, column)
    depths = offset_pointer(panel, 2)
    for row in range(0, rows, REGISTER_ROWS):
        normals, place = offset_pointer(z, row * stride + start), offset_pointer(out, row * out_stride + column)
        if width < vector_length(z) * REGISTER_BYTES // VECTOR_BYTES:
            _narrow_tile(normals, stride, entries, depths, start, limit, shift, place, out_stride)
        else:
            _wide_tile(normals, stride, entries, depths, start, limit, shift, place, out_stride)


@subroutine(types.void)
def multiply_packed(z: Any, d: int, count: int, panels: Any, packed: Any, mean: Any, out: Any) -> None:
    """Make `TILE_ROWS` rows of d numbers from as many rows of d normals, with the `count` panels of a `Packed` factor.

    Rows of less than a vector are written beyond their last number, up to a vector.
    """
    # Looked at once in eight rows. One compiled function serves all dimensions, so that none waits for numba.
    if d == 2:
        _rows_of_two(z, packed, mean, out)
        return
    if d == 4:
        _rows_of_four(z, packed, mean, out)
        return
    for panel in range(count):
        fields = offset_pointer(panels, 1 + panel * PANEL_FIELDS)
        _multiply_panel(z, d, TILE_ROWS, 0, d, fields, panels[0], packed, mean, out, d)


def multiply(z: Any, rows: int, k: int, mean: Any, packed: Any, panels: Any, out: Any) -> None:
    """Multiply `rows` rows of k normals, a multiple of `TILE_ROWS`, with a `Packed` factor.

    `z`, with rows of k numbers or more, and `out`, with rows of d, or of a vector if that is longer, share no memory.
    """
    stride, out_stride, count = z.shape[1], out.shape[1], len(panels) // PANEL_FIELDS
    z, mean, packed = pointer_to(z, 0), pointer_to(mean, 0), pointer_to(packed, 0)
    panels, out = pointer_to(panels, 0), pointer_to(out, 0)
    width = panels[0]
    # A first panel of one vector may overlap the next: sums that wait in `out` would go on in both.
    separate = 1 if panels[2] == (1 - PANEL_VECTORS) * width else 0
    # Blocks of k outside, so that their normals stay in the cache for all panels. Sums wait in `out` from one block to
    # the next, and go on in the same order.
    for start in range(0, k, K_BLOCK):
        for panel in range(separate, count):
            fields = offset_pointer(panels, 1 + panel * PANEL_FIELDS)
            # Not the zeros above the diagonal of a triangular factor: half of the work.
            if fields[PANEL_FIELDS - 1] > start:
                _multiply_panel(z, stride, rows, start, K_BLOCK, fields, width, packed, mean, out, out_stride)
    if separate:
        _multiply_panel(z, stride, rows, 0, k, offset_pointer(panels, 1), width, packed, mean, out, out_stride)
