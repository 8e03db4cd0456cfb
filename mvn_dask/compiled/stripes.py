"""The compiled function that draws whole stripes.

Input: states of up to `LANES` streams. Output: normals, scaled normals or transformed rows. Cost: that of `normals` and
`matrix_product`; it holds no lock of Python's. The streams are stepped side by side, a batch at a time, and a batch is
turned into normals and samples while it is in the first cache. Each stream keeps its own words in their own order.
"""

from typing import Any, NamedTuple

from numba import types

from mvn_dask.compiled import intrinsics
from mvn_dask.compiled.intrinsics import as_words, offset_pointer, pointer_at, pointer_to, vector_length
from mvn_dask.compiled.llvm import LANES, MAX_VECTOR_LENGTH, subroutine
from mvn_dask.compiled.matrix_product import TILE_ROWS, multiply_packed
from mvn_dask.compiled.normals import BATCH_CAPACITY, BATCH_STEPS, STREAM_STEPS, Scratch, Stream, Ziggurat, fill_normals

ALONE_STEPS = 5 * BATCH_STEPS
"""Steps that the buffer of a stripe holds that is drawn alone: those of a batch, and of the next one, move along."""


class _Work(NamedTuple):
    """Pointers to what is read and written for all lanes."""

    scratch: Any
    """A `Scratch`."""
    drawn: Any
    """Numbers of each stripe that are drawn."""
    pending: Any
    """Normals of each stripe that do not make a whole tile of rows yet."""
    normals: Any
    """Those normals, and room for those of a batch."""
    mean: Any
    entries: Any
    panels: Any


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


def transform_normals(z: Any, out: Any, addresses: Any, period: Any, product: Any) -> None:
    """Make rows of normals that are there, with the bits and the arguments of `draw_stripes`: as many as `out` has.

    `addresses` are those of mean, entries and panels, and of the numbers of a tile and of a vector. With a `period`,
    the normals stand in `out`; else in `z`, which shares no memory with it, by whole tiles.
    """
    at, numbers = pointer_to(addresses, 0), pointer_to(out, 0)
    mean, entries = pointer_at(at[0], numbers), pointer_at(at[1], numbers)
    if period is not None:
        _scale(numbers, 0, out.size, 0, period, entries, mean)
    if product is not None:
        d, panel_count = product
        factor = mean, entries, pointer_at(at[2], at), panel_count
        _transform(pointer_to(z, 0), out.size, d, factor, numbers, 0, 1, pointer_at(at[3], numbers))


@subroutine(types.UniTuple(types.int64, 2))
def _to_beginning(steps: Any, j: int, stop: int, words_per_step: int) -> Any:
    """Move the words ``[j, stop)`` to the beginning of the buffer, by whole steps. Returns where they are."""
    used = j // words_per_step
    for k in range(stop // words_per_step - used):
        steps[k] = steps[used + k]
    return j - used * words_per_step, stop - used * words_per_step


@subroutine(types.UniTuple(types.int64, 2))
def _draw_batch(
    stream: Any, j: int, stop: int, steps_ahead: int, lane: int, count: int, ziggurat: Any, work: Any, out: Any,
    period: Any, product: Any,
) -> Any:  # fmt: skip
    """Write what the words ``[j, stop)`` of a lane's stream give. Returns the words that are left."""
    drawn, begin = work.drawn[lane], lane * count + work.drawn[lane]
    if product is None:
        end, j, stop = fill_normals(
            stream, j, stop, steps_ahead, ziggurat, work.scratch, out, begin, (lane + 1) * count
        )
        if period is not None:
            _scale(out, begin, end, drawn % period, period, work.entries, work.mean)
        drawn += end - begin
    else:
        d, panel_count = product
        # Rows are made in whole tiles, so their normals are kept apart until there are enough.
        z, pending = offset_pointer(work.normals, lane * (TILE_ROWS * d + BATCH_CAPACITY)), work.pending[lane]
        last = pending + count - drawn
        end, j, stop = fill_normals(stream, j, stop, steps_ahead, ziggurat, work.scratch, z, pending, last)
        factor = work.mean, work.entries, work.panels, panel_count
        drawn += end - pending
        work.pending[lane] = _transform(z, end, d, factor, out, begin - pending, drawn == count, work.scratch.overflow)
    work.drawn[lane] = drawn
    # The memory that the next batch of this stream takes, while the others are drawn.
    intrinsics.prefetch(out, lane * count + drawn, BATCH_STEPS * vector_length(out) // LANES)
    return j, stop


@subroutine(types.void)
def _draw_batches(
    streams: Any, stripes: int, count: int, ziggurat: Any, work: Any, out: Any, period: Any, product: Any
) -> None:
    """Draw batches of stripes in turn until all are whole."""
    state, steps, words_per_step = streams.state, streams.steps, vector_length(out) // LANES
    batch, size = BATCH_STEPS * words_per_step, STREAM_STEPS * words_per_step
    first, limit, j, stop, steps_ahead = 0, ALONE_STEPS * words_per_step, 0, 0, BATCH_STEPS
    unfinished = stripes if count else 0
    while unfinished:
        if stripes > 1:
            intrinsics.step_lanes(state, steps, STREAM_STEPS, BATCH_STEPS // LANES)
        else:
            # Eight lanes for one stream would take longer than the stream alone.
            if stop + 2 * batch > limit:
                j, stop = _to_beginning(steps, j, stop, words_per_step)
            if j == stop:
                intrinsics.step_stream(state, steps, stop // words_per_step, BATCH_STEPS)
                stop += batch
        for lane in range(stripes):
            if work.drawn[lane] == count:
                continue
            if stripes > 1:
                first, steps_ahead = lane * size, 0
                j, stop, limit = first, first + batch, first + size
            stream = Stream(offset_pointer(state, lane), steps, streams.words, first, limit)
            j, stop = _draw_batch(stream, j, stop, steps_ahead, lane, count, ziggurat, work, out, period, product)
            unfinished -= work.drawn[lane] == count


@subroutine(types.void)
def _draw(out: Any, count: int, stripes: int, state: Any, addresses: Any, period: Any, product: Any) -> None:
    """Do what `draw_stripes` does, of pointers."""
    steps, integers = pointer_at(addresses[0], state), pointer_at(addresses[1], addresses)
    numbers, table = pointer_at(addresses[2], out), pointer_at(addresses[4], out)
    words = as_words(steps, out)
    density, rise, tail = offset_pointer(table, 256), offset_pointer(table, 512), offset_pointer(table, 768)
    ziggurat = Ziggurat(pointer_at(addresses[3], words), table, density, rise, tail)
    surplus, positions = offset_pointer(integers, BATCH_CAPACITY), offset_pointer(integers, 2 * BATCH_CAPACITY)
    accepted, drawn = offset_pointer(integers, 3 * BATCH_CAPACITY), offset_pointer(integers, 4 * BATCH_CAPACITY)
    scratch = Scratch(numbers, offset_pointer(numbers, BATCH_CAPACITY), integers, surplus, positions, accepted)
    mean, entries = pointer_at(addresses[5], out), pointer_at(addresses[6], out)
    panels, normals = pointer_at(addresses[7], addresses), offset_pointer(numbers, 2 * BATCH_CAPACITY)
    work = _Work(scratch, drawn, offset_pointer(drawn, LANES), normals, mean, entries, panels)
    for lane in range(stripes):
        work.drawn[lane] = work.pending[lane] = 0
    _draw_batches(Stream(state, steps, words, 0, 0), stripes, count, ziggurat, work, out, period, product)


def draw_stripes(
    out: Any, start: int, count: int, stripes: int, state: Any, addresses: Any, period: Any, product: Any
) -> None:
    """Draw at most `LANES` stripes that follow each other, of `count` numbers each, to ``out[start]`` and on.

    `state`, shape (4, LANES), is advanced: a, b, c and the counter of each stripe. `addresses` are those of eight
    arrays, which the caller keeps alive, since numba takes half a second longer to compile a function of as many:

    - ``LANES * STREAM_STEPS + MAX_VECTOR_LENGTH`` uint64, for steps;
    - ``4 * BATCH_CAPACITY + 2 * LANES`` int64;
    - ``2 * BATCH_CAPACITY`` numbers and, with `product`, ``TILE_ROWS * d + BATCH_CAPACITY`` more for each lane;
    - the two tables of the ziggurat;
    - mean, entries and panels: what they are depends on the next two.

    Where both are None, normals are written. With a `period`, ``z * entries + mean``, number by number, both repeated
    so that there are `MAX_VECTOR_LENGTH` more than that period, a whole number of rows. With `product`, the dimension
    and the number of panels, rows ``factor @ z + mean``, of a `Packed` factor.
    """
    _draw(pointer_to(out, start), count, stripes, pointer_to(state, 0), pointer_to(addresses, 0), period, product)
