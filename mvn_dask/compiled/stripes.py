"""Whole stripes of samples, drawn by compiled code that holds no lock of Python's.

The streams of several stripes are stepped side by side, a batch at a time, and a batch is turned into normals and
samples while it is in the first cache. Each stream keeps its own words in their own order.
"""

from typing import Any

from numba import types

from mvn_dask.compiled.instructions import LANES, fetch_ahead, scale_group, step_lanes
from mvn_dask.compiled.language import group_size, pointer_after, pointer_to, pointers_to, subroutine, words_for
from mvn_dask.compiled.normals import BATCH, GROUP, LIST, ROOM, Ziggurat, step, take
from mvn_dask.compiled.product import HIGH, PLACE, multiply_tile

NOISE, SCALE, ROWS = range(3)
"""What is written: the normals z; ``z * scale + shift``, number by number; rows ``A @ z + shift``."""


@subroutine(lambda *_: types.void)
def _scale(out: Any, first: int, last: int, column: int, period: int, scale: Any, shift: Any) -> None:
    """Scale and shift numbers in place, the first of which belongs to a column."""
    group = group_size(out)
    while first < last:
        if first + group <= last:
            scale_group(out, first, scale, shift, column)
        else:
            for k in range(last - first):
                out[first + k] = out[first + k] * scale[column + k] + shift[column + k]
        first += group
        column += group
        if column >= period:
            column -= period


@subroutine(lambda *_: types.int64)
def _rows(z: Any, end: int, d: int, affine: Any, out: Any, index: int, last: int, spare: Any) -> int:
    """Write the rows that a stream's normals make, `HIGH` at a time; how many are left, at the beginning.

    Narrow rows run over what is behind them. The last of a stripe are therefore written elsewhere, and copied.
    """
    shift, lines, places, tiles = affine
    block = HIGH * d
    whole = end // block * block
    if whole == 0:
        return end
    start = 0
    while start < whole:
        narrow = last and d < GROUP and start + block == whole
        target, place = (spare, 0) if narrow else (out, index + start)
        multiply_tile(pointer_after(z, start), d, tiles, places, lines, shift, pointer_after(target, place))
        if narrow:
            for k in range(block):
                out[index + start + k] = spare[k]
        start += block
    for k in range(end - whole):
        z[k] = z[whole + k]
    return end - whole


def draw_stripes(
    state: Any, stripes: int, count: int, out: Any, start: int, form: int, d: int, affine: Any, tables: Any, space: Any
) -> None:
    """Draw at most `LANES` stripes that follow each other.

    Parameters
    ----------
    state : ndarray of uint64, shape (4, LANES)
        State of each stripe's SFC64, which is advanced: a, b, c and the counter.
    stripes, count : int
        Number of stripes, and of the numbers in each.
    out : ndarray, one-dimensional
        Where the numbers go.
    start : int
        Index of the first number.
    form : int
        `NOISE`, `SCALE` or `ROWS`.
    d : int
        Numbers in a row.
    affine : tuple of three ndarrays, one-dimensional
        For `ROWS` shift, lines and places of `Tiles`. For `SCALE` shift and scale, repeated so that there are
        `GROUP` more than a whole number of rows, and in the last how many there are without those.
    tables : tuple of two ndarrays
        The ziggurat's `layers`, and the others one after the other, in the precision of `out`.
    space : tuple of three ndarrays
        Room for ``LANES * ROOM + GROUP`` steps, for ``4 * LIST + 2 * LANES`` int64, and in the precision of `out` for
        ``2 * LIST`` numbers and, for `ROWS`, for `HIGH` rows and `LIST` numbers of each lane.
    """
    steps, integers, numbers = space
    room = (len(numbers) - 2 * LIST) // LANES
    shift, scale, places = pointer_to(affine[0], 0), pointer_to(affine[1], 0), pointer_to(affine[2], 0)
    matrix = shift, scale, places, len(affine[2]) // PLACE
    state, steps, out = pointer_to(state, 0), pointer_to(steps, 0), pointer_to(out, start)
    words = words_for(steps, out)
    ziggurat = Ziggurat(pointer_to(tables[0], 0), *pointers_to(tables[1], 256))
    drawn, held = pointer_to(integers, 4 * LIST), pointer_to(integers, 4 * LIST + LANES)
    spare = pointer_to(numbers, LIST)
    scratch = pointer_to(numbers, 0), spare, pointers_to(integers, LIST)
    for lane in range(stripes):
        drawn[lane] = held[lane] = 0
    unfinished = stripes if count else 0
    while unfinished:
        if stripes == 1:
            step(state, 0, steps, 0, BATCH)
        else:
            step_lanes(state, steps, ROOM, BATCH // LANES)
        for lane in range(stripes):
            if drawn[lane] == count:
                continue
            z = pointer_to(numbers, 2 * LIST + lane * room)
            target, begin = (z, held[lane]) if form == ROWS else (out, lane * count + drawn[lane])
            stream = state, lane, steps, words
            index = take(stream, ziggurat, scratch, target, begin, begin + count - drawn[lane])
            if form == SCALE:
                _scale(out, begin, index, drawn[lane] % places[0], places[0], scale, shift)
            drawn[lane] += index - begin
            if form == ROWS:
                place = lane * count + drawn[lane] - index
                held[lane] = _rows(z, index, d, matrix, out, place, drawn[lane] == count, spare)
            unfinished -= drawn[lane] == count
            # The memory that the next batch takes, while the other streams have their turn.
            fetch_ahead(out, lane * count + drawn[lane], BATCH * group_size(words) // LANES)
