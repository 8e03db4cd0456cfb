"""The compiled function that draws whole stripes.

Input: states of up to `LANES` streams. Output: normals, scaled normals or transformed rows. Cost: that of `normals` and
`matrix_product`; it holds no lock of Python's. The streams are stepped side by side, a batch at a time, and a batch is
turned into normals and samples while it is in the first cache. Each stream keeps its own words in their own order.
"""

from typing import Any

from numba import types

from mvn_dask.compiled import intrinsics
from mvn_dask.compiled.intrinsics import as_words, offset_pointer, pointer_to, vector_length
from mvn_dask.compiled.llvm import LANES, MAX_VECTOR_LENGTH, subroutine
from mvn_dask.compiled.matrix_product import PANEL_FIELDS, TILE_ROWS, multiply_packed
from mvn_dask.compiled.normals import BATCH_CAPACITY, BATCH_STEPS, STREAM_STEPS, Ziggurat, fill_normals, step_stream

NORMALS, SCALED, TRANSFORMED = range(3)
"""What is written: the normals z; ``z * scale + mean``, number by number; rows ``factor @ z + mean``."""


@subroutine(types.void)
def _scale(out: Any, first: int, last: int, column: int, period: int, scale: Any, mean: Any) -> None:
    """Scale and shift ``out[first:last]`` in place, of which the first number belongs to `column`."""
    length = vector_length(out)
    while first < last:
        if first + length <= last:
            intrinsics.scale_vector(out, first, scale, mean, column)
        else:
            # What is behind the last number is not drawn yet, or not ours.
            for k in range(last - first):
                out[first + k] = out[first + k] * scale[column + k] + mean[column + k]
        first += length
        column += length
        # Cheaper than a remainder for every vector; the overlap of scale and mean covers the rest.
        if column >= period:
            column -= period


@subroutine(types.int64)
def _transform(z: Any, end: int, d: int, factor: Any, out: Any, index: int, is_last: int, overflow: Any) -> int:
    """Write the rows that ``z[:end]`` makes to ``out[index]`` and on, a tile of rows at a time.

    Returns how many normals are left, which are moved to the beginning of z.
    """
    mean, packed, panels, panel_count = factor
    tile_size = TILE_ROWS * d
    whole = end // tile_size * tile_size
    if whole == 0:
        return end
    start = 0
    while start < whole:
        # Rows of less than a vector run over into the row behind, which is written next. Behind the last of a stripe
        # is memory of another stripe, or none: those rows are written elsewhere and copied.
        runs_over = is_last and d < MAX_VECTOR_LENGTH and start + tile_size == whole
        destination, position = (overflow, 0) if runs_over else (out, index + start)
        multiply_packed(
            offset_pointer(z, start), d, panel_count, panels, packed, mean, offset_pointer(destination, position)
        )
        if runs_over:
            for k in range(tile_size):
                out[index + start + k] = overflow[k]
        start += tile_size
    for k in range(end - whole):
        z[k] = z[whole + k]
    return end - whole


def draw_stripes(
    state: Any, stripes: int, count: int, out: Any, start: int, mode: int, d: int, affine: Any, tables: Any, memory: Any
) -> None:
    """Draw at most `LANES` stripes that follow each other, of `count` numbers each, to ``out[start]`` and on.

    `state`, shape (4, LANES), is advanced: a, b, c and the counter of each stripe. `affine` are three arrays: for
    `TRANSFORMED` the mean and a `Packed` factor; for `SCALED` mean and scale, repeated so that there are
    `MAX_VECTOR_LENGTH` more than a whole number of rows, and the length without those. `tables` are those of the
    ziggurat. `memory` are buffers for ``LANES * STREAM_STEPS + MAX_VECTOR_LENGTH`` steps, for ``4 * BATCH_CAPACITY +
    2 * LANES`` int64, and for ``2 * BATCH_CAPACITY`` numbers and, for `TRANSFORMED`, ``TILE_ROWS * d +
    BATCH_CAPACITY`` more of each lane.
    """
    steps, integers, numbers = memory
    capacity = (len(numbers) - 2 * BATCH_CAPACITY) // LANES
    mean, scale, panels = pointer_to(affine[0], 0), pointer_to(affine[1], 0), pointer_to(affine[2], 0)
    factor = mean, scale, panels, len(affine[2]) // PANEL_FIELDS
    state, steps, out = pointer_to(state, 0), pointer_to(steps, 0), pointer_to(out, start)
    words = as_words(steps, out)
    layers, width, density = pointer_to(tables[0], 0), pointer_to(tables[1], 0), pointer_to(tables[1], 256)
    ziggurat = Ziggurat(layers, width, density, pointer_to(tables[1], 512), pointer_to(tables[1], 768))
    # Of each stripe: numbers drawn so far, and normals that do not make a whole tile of rows yet.
    drawn, pending = pointer_to(integers, 4 * BATCH_CAPACITY), pointer_to(integers, 4 * BATCH_CAPACITY + LANES)
    overflow = pointer_to(numbers, BATCH_CAPACITY)
    vectors, surplus = pointer_to(integers, 0), pointer_to(integers, BATCH_CAPACITY)
    positions, accepted = pointer_to(integers, 2 * BATCH_CAPACITY), pointer_to(integers, 3 * BATCH_CAPACITY)
    scratch = pointer_to(numbers, 0), overflow, (vectors, surplus, positions, accepted)
    for lane in range(stripes):
        drawn[lane] = pending[lane] = 0
    unfinished = stripes if count else 0
    while unfinished:
        if stripes == 1:
            # Eight lanes for one stream would take longer than the stream alone.
            step_stream(state, 0, steps, 0, BATCH_STEPS)
        else:
            intrinsics.step_lanes(state, steps, STREAM_STEPS, BATCH_STEPS // LANES)
        for lane in range(stripes):
            if drawn[lane] == count:
                continue
            z = pointer_to(numbers, 2 * BATCH_CAPACITY + lane * capacity)
            # Rows are made in whole tiles, so their normals are kept apart until there are enough.
            destination, begin = (z, pending[lane]) if mode == TRANSFORMED else (out, lane * count + drawn[lane])
            stream = state, lane, steps, words
            end = fill_normals(stream, ziggurat, scratch, destination, begin, begin + count - drawn[lane])
            if mode == SCALED:
                _scale(out, begin, end, drawn[lane] % panels[0], panels[0], scale, mean)
            drawn[lane] += end - begin
            if mode == TRANSFORMED:
                row = lane * count + drawn[lane] - end
                pending[lane] = _transform(z, end, d, factor, out, row, drawn[lane] == count, overflow)
            unfinished -= drawn[lane] == count
            # The memory that the next batch of this stream takes, while the others are drawn.
            intrinsics.prefetch(out, lane * count + drawn[lane], BATCH_STEPS * vector_length(words) // LANES)
