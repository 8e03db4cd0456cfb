"""Products of normals with a factor, summed in a fixed order.

Input: rows of normals, shape (n, k), and a factor, shape (d, k). Output: rows ``z @ factor.T + mean``, with the bits
of `covariance.ordered_product`. Cost: 0.016 ns a multiply-add where a processor adds beside multiplying, as AMD's do:
1.2 to 2 times as fast as OpenBLAS up to d = 1000, with the zeros of a triangle left out. Where one unit does both,
large products take up to twice OpenBLAS's time.

A BLAS adds in an order of its own, with fused multiply-adds, and both change with the height of the product, the
processor and the build. Here every number is the sum of its products in the order of the normals, each rounded by
itself, so that rows can be split anywhere and the bits are the same on every processor.

A *tile* is `TILE_ROWS` rows of a product by one vector of its columns; the *panel* of a tile holds, for one normal
after the other, the entries of the factor that go with those columns, as in GotoBLAS and BLIS.

References
----------
F. G. Van Zee and R. A. van de Geijn, BLIS: A Framework for Rapidly Instantiating BLAS Functionality, ACM Transactions
on Mathematical Software 41 (3), 2015, doi:10.1145/2764454.
"""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils

from mvn_dask._typing import FloatArray
from mvn_dask.compiled import llvm
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_from_address, pointer_to, vector_length
from mvn_dask.compiled.llvm import I64, MAX_VECTOR_LENGTH, VECTOR_BYTES, instruction, subroutine

TILE_ROWS = 8
"""Rows of a tile: eight sums fill half of the registers, and hide how long an addition takes."""
NARROW_WIDTH = 4
"""Columns of a tile where rows have no more."""
TILE_FIELDS = 3
"""Numbers that describe a tile in `PackedFactor`: first column, number of normals, and where its panel begins."""
PackedFactor = tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]
"""The mean, with zeros up to a whole tile; panel after panel, and in a panel for each normal the entries of the tile's
columns; tile after tile. All are one-dimensional."""
ROW_BLOCK = 256
"""Rows that a large factor is applied to at once."""
K_BLOCK = 512
"""Normals of a panel, at most: with those of `ROW_BLOCK` rows, it stays in the second cache."""


def tile_width(d: int, itemsize: int) -> int:
    """Columns of a tile for rows of d numbers."""
    return NARROW_WIDTH if d <= NARROW_WIDTH else VECTOR_BYTES // itemsize


def row_support(rows: FloatArray) -> int:
    """Number of leading columns outside which rows of a factor are zero, at least 1.

    Examples
    --------
    >>> row_support(np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]))
    2
    """
    # At least one product, since a sum of none has no value.
    return 1 + int(max(np.flatnonzero(rows.any(axis=0)), default=0))


def pack_tiles(matrix: FloatArray, mean: FloatArray) -> PackedFactor:
    """Pack a small square factor, shape (d, d), whole."""
    d = len(matrix)
    if d in (2, 4):
        # Several rows fill a vector: entries and mean are repeated for each of them.
        rows = VECTOR_BYTES // matrix.itemsize // d
        return np.tile(mean, rows), np.tile(matrix.T, rows).ravel(), np.array([0, d, 0])
    width = tile_width(d, matrix.itemsize)
    # The last tile overlaps the one before it, so that it is whole: samples are written straight to their rows, and
    # whatever is written twice is the same. With too few columns for that, zeros fill the tile.
    firsts = [*range(0, d - width, width), max(0, d - width)]
    blocks = [matrix[first : first + width, : row_support(matrix[first : first + width])].T for first in firsts]
    panels = [np.pad(block, ((0, 0), (0, width - block.shape[1]))).ravel() for block in blocks]
    begins = np.cumsum([0, *map(len, panels)])[:-1]
    tiles = np.column_stack([firsts, list(map(len, blocks)), begins]).ravel()
    return np.append(mean, np.zeros(max(0, width - d), mean.dtype)), np.concatenate(panels), tiles


def _multiply_tile(
    max_width: int, _: Any, builder: Any, sig: Any, z: Any, k: Any, panel: Any, depth: Any, mean: Any, out: Any,
    stride: Any, is_first: Any, is_last: Any,
) -> None:  # fmt: skip
    """Add the products of `depth` normals to a tile of at most `max_width` columns.

    Rows of normals are `k` numbers apart, those of the tile `stride`. With the first k block the sums begin; with the
    last one the mean is added.
    """
    vector = llvm.vector_type(sig.args[0])
    kind = ir.VectorType(vector.element, min(vector.count, max_width))
    # Minus zero is the neutral element of addition: plus zero would change the sign of minus zero.
    negative_zero = llvm.splat(kind, -0.0)
    offsets = [builder.mul(stride, I64(row)) for row in range(TILE_ROWS)]
    # On the stack here; LLVM keeps them in registers while the panel passes.
    sums = [cgutils.alloca_once(builder, kind) for _ in offsets]
    for offset, total in zip(offsets, sums, strict=True):
        builder.store(builder.select(is_first, negative_zero, llvm.load_vector(builder, out, offset, kind)), total)
    with cgutils.for_range(builder, depth) as loop:
        entries = llvm.load_vector(builder, panel, builder.mul(loop.index, I64(kind.count)), kind)
        # Unrolled: no addition waits for another of the same normal.
        for row, total in enumerate(sums):
            index = builder.add(builder.mul(k, I64(row)), loop.index)
            normal = llvm.broadcast(builder, builder.load(builder.gep(z, [index])), kind)
            # Two instructions without fast-math flags: LLVM must neither fuse nor reorder them.
            product = builder.fmul(normal, entries)
            builder.store(builder.fadd(builder.load(total), product), total)
    shift = builder.select(is_last, llvm.load_vector(builder, mean, 0, kind), negative_zero)
    for offset, total in zip(offsets, sums, strict=True):
        llvm.store_vector(builder, builder.fadd(builder.load(total), shift), out, offset)


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
_narrow_tile, _wide_tile = (_void(partial(_multiply_tile, width)) for width in (NARROW_WIDTH, MAX_VECTOR_LENGTH))
_rows_of_two, _rows_of_four = (_void(partial(_multiply_interleaved, d)) for d in (2, 4))


@subroutine(types.void)
def multiply_packed(z: Any, d: int, tile_count: int, tiles: Any, panels: Any, mean: Any, out: Any) -> None:
    """Make `TILE_ROWS` rows of d numbers from as many rows of d normals, with a `PackedFactor`.

    Rows of less than a vector are written beyond their last number, up to a vector.
    """
    # Looked at once in eight rows. One compiled function serves all dimensions, so that none waits for numba.
    if d == 2:
        _rows_of_two(z, panels, mean, out)
        return
    if d == 4:
        _rows_of_four(z, panels, mean, out)
        return
    for tile in range(0, TILE_FIELDS * tile_count, TILE_FIELDS):
        first, depth = tiles[tile], tiles[tile + 1]
        panel = offset_pointer(panels, tiles[tile + 2])
        shift, destination = offset_pointer(mean, first), offset_pointer(out, first)
        if d < NARROW_WIDTH:
            _narrow_tile(z, d, panel, depth, shift, destination, d, True, True)
        else:
            _wide_tile(z, d, panel, depth, shift, destination, d, True, True)


def multiply(z: Any, matrix: Any, d: int, supports: Any, mean: Any, panel: Any, out: Any) -> None:
    """Multiply rows of normals, a multiple of `TILE_ROWS`, tile by tile: `z` and `out` share no memory.

    Shapes, all C-contiguous: `z` (n, k), `matrix` the address of (d, k), `supports` (tiles,), the `row_support` of
    each, `mean` (tiles * width,) with zeros behind, `panel` (K_BLOCK * width,) of finite numbers, `out` (n, tiles *
    width).
    """
    # The matrix comes as an address: numba would compile once more for an array that must not be written, such as a
    # memory-mapped file.
    rows, k = z.shape
    stride = len(mean)
    z, supports, mean = pointer_to(z, 0), pointer_to(supports, 0), pointer_to(mean, 0)
    panel, out = pointer_to(panel, 0), pointer_to(out, 0)
    matrix = pointer_from_address(matrix, z)
    width = NARROW_WIDTH if d <= NARROW_WIDTH else vector_length(z)
    # Blocks of k outside, so that their normals stay in the cache for all tiles. Sums wait in `out` from one block to
    # the next, and go on in the same order.
    for start in range(0, k, K_BLOCK):
        for tile in range(stride // width):
            depth = min(supports[tile] - start, K_BLOCK)
            if depth <= 0:
                # The zeros above the diagonal of a triangular factor: half of the work.
                continue
            first = tile * width
            # Packed for every row block anew: 1/256 of the work, and no second copy of a large factor.
            for row in range(min(width, d - first)):
                for normal in range(depth):
                    panel[normal * width + row] = matrix[(first + row) * k + start + normal]
            shift, is_last = offset_pointer(mean, first), start + depth == supports[tile]
            for row in range(0, rows, TILE_ROWS):
                normals, destination = offset_pointer(z, row * k + start), offset_pointer(out, row * stride + first)
                if d <= NARROW_WIDTH:
                    _narrow_tile(normals, k, panel, depth, shift, destination, stride, start == 0, is_last)
                else:
                    _wide_tile(normals, k, panel, depth, shift, destination, stride, start == 0, is_last)
