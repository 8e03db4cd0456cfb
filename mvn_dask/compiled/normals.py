"""Normals from the steps of SFC64, bit for bit those of numpy's ``Generator(SFC64(...)).standard_normal``.

The ziggurat's common case is tried for a group of words at once. Then the words that it rejects, 1.4 in 100, are
settled and what was tried is closed up, as far as possible without a branch that depends on them.

A *word* is what the ziggurat takes for one normal: the 64 bits of a step for float64, each half of them, low
half first, for float32.

References
----------
G. Marsaglia and W. W. Tsang, The Ziggurat Method for Generating Random Variables, Journal of Statistical
Software 5 (8), 2000, doi:10.18637/jss.v005.i08. J. A. Doornik, An Improved Ziggurat Method to Generate Normal
Random Samples, University of Oxford, 2005.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import types

from mvn_dask.compiled.instructions import LANES, copy_group, first_bit, try_group
from mvn_dask.compiled.language import group_size, number_from, number_type, subroutine, uniform

BATCH = 256
"""Steps of every stream between two looks at them: few enough that their words stay in the first cache."""
ROOM = BATCH + 64
"""Steps that a stream has room for: rejected words may ask for more than a batch."""
GROUP = 16
"""Numbers of a group, at most: what is written may run over by as many."""
LIST = 2 * BATCH + 4 * GROUP
"""Room for what comes of a batch: numbers, or entries of a list about them."""

FRACTION = 2**52 - 1


class Ziggurat(NamedTuple):
    """Pointers to the tables of one precision, each of 256 layers."""

    layers: Any
    """Width and limit side by side, as integers of the precision's size. A normal is its magnitude times the
    width; magnitudes below the limit are accepted at once."""
    width: Any
    """The width as a number."""
    low: Any
    """Density at the layer's outer edge."""
    rise: Any
    """How much it grows to the inner edge."""
    tail: Any
    """Where the tail begins, and one over that."""


@subroutine(lambda *_: types.void)
def step(state: Any, lane: int, steps: Any, first: int, count: int) -> None:
    """Step one SFC64 stream, to ``steps[first]`` and on."""
    a, b, c, counter = state[lane], state[lane + LANES], state[lane + 2 * LANES], state[lane + 3 * LANES]
    for index in range(first, first + count):
        step = a + b + counter
        steps[index] = step
        counter += np.uint64(1)
        a = b ^ (b >> np.uint64(11))
        b = c + (c << np.uint64(3))
        c = ((c << np.uint64(24)) | (c >> np.uint64(40))) + step
    state[lane], state[lane + LANES], state[lane + 2 * LANES], state[lane + 3 * LANES] = a, b, c, counter


@subroutine(lambda *_: types.UniTuple(types.int64, 2))
def ensure(stream: Any, j: int, stop: int) -> Any:
    """Make a further step of a stream whose words are all used; its next word and the end of them."""
    state, lane, steps, words = stream
    if j < stop:
        return j, stop
    per = group_size(words) // LANES
    if stop == (lane + 1) * ROOM * per:
        j = stop = lane * ROOM * per
    step(state, lane, steps, stop // per, 1)
    return j, stop + per


def _normal_and_place(stream: Any, *_: Any) -> Any:
    return types.Tuple((number_type(stream[3]), types.int64, types.int64))


@subroutine(_normal_and_place)
def _tail(stream: Any, j: int, stop: int, ziggurat: Ziggurat) -> Any:
    """A normal beyond the tail's beginning, without its sign; the next word and the end of the words."""
    while True:
        j, stop = ensure(stream, j, stop)
        distance = -ziggurat.tail[1] * math.log1p(-uniform(stream[3], j))
        j, stop = ensure(stream, j + 1, stop)
        height = -math.log1p(-uniform(stream[3], j))
        j += 1
        if height + height > distance * distance:
            return ziggurat.tail[0] + distance, j, stop


@subroutine(_normal_and_place)
def _normal(stream: Any, j: int, stop: int, ziggurat: Ziggurat) -> Any:
    """One normal by the whole algorithm, word by word; the next word and the end of the words."""
    words = stream[3]
    while True:
        j, stop = ensure(stream, j, stop)
        word = np.int64(words[j])
        layer, magnitude = word & 255, word >> 9 & FRACTION
        x = number_from(words, magnitude) * ziggurat.width[layer]
        if word & 256:
            x = -x
        j += 1
        if magnitude < np.int64(ziggurat.layers[2 * layer + 1]):
            return x, j, stop
        if layer == 0:
            x, j, stop = _tail(stream, j, stop, ziggurat)
            return (-x if magnitude >> 8 & 1 else x), j, stop
        j, stop = ensure(stream, j, stop)
        height = ziggurat.rise[layer] * uniform(words, j) + ziggurat.low[layer]
        j += 1
        if height < math.exp(-0.5 * x * x):
            return x, j, stop


@subroutine(lambda *_: types.UniTuple(types.int64, 2))
def _look(words: Any, first: int, count: int, ziggurat: Ziggurat, tried: Any, lists: Any) -> Any:
    """Try words, and find out what becomes of those that are rejected.

    A word in a wedge needs the next one: together they give one normal or none. What comes back is how many
    such words there are, and how many words that settles: up to one in the tail, or to a wedge's at the end.
    """
    groups, gaps, places, normals = lists
    group = group_size(tried)
    hits = 0
    for start in range(0, count, group):
        bits = try_group(words, first + start, ziggurat.layers, tried, start)
        gaps[start // group] = 0
        # Without a branch: a processor could not foresee it.
        groups[hits] = bits << 32 | start
        hits += bits != 0
    rejects = 0
    used = -1
    for hit in range(hits):
        bits = groups[hit] >> 32
        while bits:
            k = (groups[hit] & 0xFFFFFFFF) + first_bit(bits)
            bits &= bits - 1
            if k == used or k >= count:
                continue
            layer = np.int64(words[first + k]) & 255
            if layer == 0 or k + 1 == count:
                count = k
                continue
            x = tried[k]
            height = ziggurat.rise[layer] * uniform(words, first + k + 1) + ziggurat.low[layer]
            normal = np.int64(height < math.exp(-0.5 * x * x))
            gaps[k // group] += 1 - normal
            gaps[(k + 1) // group] += 1
            places[rejects], normals[rejects] = k, normal
            rejects += 1
            used = k + 1
    return rejects, count


@subroutine(lambda *_: types.int64)
def _close_up(tried: Any, count: int, rejects: int, lists: Any, out: Any, index: int) -> int:
    """Copy what was tried without the rejected; the index behind it. What is written runs over, by a group.

    First group by group, as if all that a group lacks were missing at its end; then, from the first rejected
    word to the last, a group behind each, which is right up to the next.
    """
    _, gaps, places, normals = lists
    group = group_size(tried)
    at = index
    for start in range(0, count, group):
        copy_group(tried, start, out, at + start)
        at -= gaps[start // group]
    for reject in range(rejects):
        k, normal = places[reject], normals[reject]
        out[index + k] = tried[k]
        copy_group(tried, k + 2, out, index + k + normal)
        index -= 2 - normal
    return index + count


@subroutine(lambda *_: types.int64)
def take(stream: Any, ziggurat: Ziggurat, scratch: Any, out: Any, index: int, end: int) -> int:
    """A batch of a stream to normals, from ``out[index]`` until it or the places are used up; the index behind."""
    tried, spare, lists = scratch
    per = group_size(tried) // LANES
    j = stream[1] * ROOM * per
    stop = j + BATCH * per
    while j < stop and index < end:
        rejects, settled = _look(stream[3], j, stop - j, ziggurat, tried, lists)
        if index + settled + GROUP <= end:
            index = _close_up(tried, settled, rejects, lists, out, index)
        else:
            some = _close_up(tried, settled, rejects, lists, spare, 0)
            some = some if some < end - index else end - index  # noqa: FURB136 - `min` takes longer to compile
            for k in range(some):
                out[index + k] = spare[k]
            index += some
        j += settled
        if j < stop and index < end:
            out[index], j, stop = _normal(stream, j, stop, ziggurat)
            index += 1
    return index
