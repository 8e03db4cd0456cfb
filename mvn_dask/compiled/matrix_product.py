"""Products of normals with a factor, summed in a fixed order.

Input: rows of normals, shape (n, k), and a factor, shape (d, k). Output: rows ``z @ factor.T + mean``, with the bits
of `covariance.ordered_product`. Cost: 0.016 ns a multiply-add where a processor adds beside multiplying, as AMD's do:
1.2 to 2 times as fast as OpenBLAS up to d = 1000, with the zeros of a triangle left out. Where one unit does both,
large products take up to twice OpenBLAS's time.

A BLAS adds in an order of its own, with fused multiply-adds, and both change with the height of the product, the
processor and the build. Here every number is the sum of its products in the order of the normals, each rounded by
itself, so that rows can be split anywhere and the bits are the same on every processor.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from mvn_dask.compiled.llvm import (
    MAX_VECTOR_LENGTH,
    VECTOR_BYTES,
    broadcast,
    element_types,
    int64,
    shuffle_mask,
    typed_address,
)
from mvn_dask.compiled.packing import NARROW_WIDTH, TILE_FIELDS, TILE_ROWS
from mvn_dask.compiled.pointers import offset_pointer, pointer_from_address, pointer_to, vector_length
from mvn_dask.compiled.subroutines import subroutine

ROW_BLOCK = 256
"""Rows that a large factor is applied to at once."""
K_BLOCK = 512
"""Normals of a panel, at most: with those of `ROW_BLOCK` rows, it stays in the second cache."""


def _micro_kernel(max_width: int) -> Any:
    """The intrinsic that makes one tile, of at most so many columns."""

    @intrinsic
    def kernel(
        _: Any, z: Any, k: Any, panel: Any, depth: Any, mean: Any, out: Any, stride: Any, is_first: Any, is_last: Any
    ) -> Any:
        """Add the products of `depth` normals to a tile.

        Rows of normals are `k` numbers apart, those of the tile `stride`. With the first k block the sums begin; with
        the last one the mean is added.
        """
        size = types.int64
        kinds = z, size, panel, size, mean, out, size, size, size

        def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
            _, real, length = element_types(out)
            kind, align = ir.VectorType(real, min(length, max_width)), VECTOR_BYTES // length
            # Minus zero is the neutral element of addition: plus zero would change the sign of minus zero.
            negative_zero = ir.Constant(kind, [-0.0] * kind.count)
            begins, ends = (builder.icmp_signed("!=", args[flag], int64(0)) for flag in (7, 8))
            offsets = [builder.mul(args[6], int64(row)) for row in range(TILE_ROWS)]
            # On the stack here; LLVM keeps them in registers while the panel passes.
            sums = [cgutils.alloca_once(builder, kind) for _ in offsets]
            for offset, total in zip(offsets, sums, strict=True):
                before = builder.load(typed_address(builder, args[5], offset, kind), align=align)
                builder.store(builder.select(begins, negative_zero, before), total)
            _add_products(builder, args, sums, kind, align)
            shift = builder.load(typed_address(builder, args[4], int64(0), kind), align=align)
            shift = builder.select(ends, shift, negative_zero)
            for offset, total in zip(offsets, sums, strict=True):
                address = typed_address(builder, args[5], offset, kind)
                builder.store(builder.fadd(builder.load(total), shift), address, align=align)
            return context.get_dummy_value()

        return types.void(*kinds), generate

    return kernel


def _add_products(builder: Any, args: Any, sums: list[ir.Value], kind: ir.VectorType, align: int) -> None:
    """The loop of a micro-kernel: a vector of products for every normal, added to the sum of its row."""
    z, k, panel, depth, *_ = args
    with cgutils.for_range(builder, depth) as loop:
        position = builder.mul(loop.index, int64(kind.count))
        entries = builder.load(typed_address(builder, panel, position, kind), align=align)
        # Unrolled: no addition waits for another of the same normal.
        for row, total in enumerate(sums):
            index = builder.add(builder.mul(k, int64(row)), loop.index)
            normal = broadcast(builder, builder.load(builder.gep(z, [index])), kind)
            # Two instructions without fast-math flags: LLVM must neither fuse nor reorder them.
            product = builder.fmul(normal, entries)
            builder.store(builder.fadd(builder.load(total), product), total)


def _interleaved_kernel(d: int) -> Any:
    """The intrinsic for rows of d numbers where several rows make a vector: no lane is left empty."""

    @intrinsic
    def kernel(_: Any, z: Any, panel: Any, mean: Any, out: Any) -> Any:
        """`TILE_ROWS` rows of normals to samples; both are d numbers apart."""

        def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
            _, real, length = element_types(out)
            kind, align = ir.VectorType(real, length), VECTOR_BYTES // length
            *entries, shift = (
                builder.load(typed_address(builder, pointer, int64(offset), kind), align=align)
                for pointer, offset in [*((args[1], k * length) for k in range(d)), (args[2], 0)]
            )
            for offset in range(0, TILE_ROWS * d, length):
                normals = builder.load(typed_address(builder, args[0], int64(offset), kind), align=align)
                total = None
                for k, entry in enumerate(entries):
                    # Normal k of each row, in all lanes of that row.
                    mask = shuffle_mask(lane // d * d + k for lane in range(length))
                    product = builder.fmul(builder.shuffle_vector(normals, normals, mask), entry)
                    total = product if total is None else builder.fadd(total, product)
                address = typed_address(builder, args[3], int64(offset), kind)
                builder.store(builder.fadd(total, shift), address, align=align)
            return context.get_dummy_value()

        return types.void(z, panel, mean, out), generate

    return kernel


_narrow_tile, _wide_tile = _micro_kernel(NARROW_WIDTH), _micro_kernel(MAX_VECTOR_LENGTH)
_rows_of_two, _rows_of_four = _interleaved_kernel(2), _interleaved_kernel(4)


@subroutine(lambda *_: types.void)
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
        shift, target = offset_pointer(mean, first), offset_pointer(out, first)
        if d < NARROW_WIDTH:
            _narrow_tile(z, d, panel, depth, shift, target, d, 1, 1)
        else:
            _wide_tile(z, d, panel, depth, shift, target, d, 1, 1)


@subroutine(lambda *_: types.void)
def _pack_panel(matrix: Any, k: int, rows: int, depth: int, width: int, panel: Any) -> None:
    """Copy the first `depth` entries of rows of a factor, k numbers apart, to a panel of `width` columns."""
    for row in range(rows):
        for normal in range(depth):
            panel[normal * width + row] = matrix[row * k + normal]


def multiply(z: Any, matrix: int, d: int, supports: Any, mean: Any, panel: Any, out: Any) -> None:
    """Multiply rows of normals, a multiple of `TILE_ROWS`, tile by tile.

    Parameters
    ----------
    z : ndarray, shape (n, k), C-contiguous
        Normals.
    matrix : int
        Address of the factor, shape (d, k), C-contiguous. Not an array: numba would compile once more for memory
        that must not be written, such as a memory-mapped file.
    d : int
        Numbers in a row.
    supports : ndarray of int64, shape (tiles,)
        The `row_support` of each tile.
    mean : ndarray, shape (tiles * width,)
        The mean, with zeros up to whole tiles.
    panel : ndarray, shape (K_BLOCK * width,)
        Memory for one panel. Columns that no row of the factor fills are read and must be finite.
    out : ndarray, shape (n, tiles * width), C-contiguous
        The product, in whole tiles. It must not share memory with `z`.
    """
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
            _pack_panel(offset_pointer(matrix, first * k + start), k, min(width, d - first), depth, width, panel)
            shift, is_last = offset_pointer(mean, first), start + depth == supports[tile]
            for row in range(0, rows, TILE_ROWS):
                normals, target = offset_pointer(z, row * k + start), offset_pointer(out, row * stride + first)
                if d <= NARROW_WIDTH:
                    _narrow_tile(normals, k, panel, depth, shift, target, stride, start == 0, is_last)
                else:
                    _wide_tile(normals, k, panel, depth, shift, target, stride, start == 0, is_last)
