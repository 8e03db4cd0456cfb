"""Normals from SFC64, bit for bit those of numpy's ``Generator(SFC64(...)).standard_normal``.

Input: a batch of steps of a stream. Output: the normals that they make, in order. Cost: about 1.3 ns a normal. The
common case of the ziggurat is tried for a vector of words at once. Then the rejected words, 1.4 in 100, are resolved,
and the candidates are compacted: both without a branch that depends on the words.

A *word* is what the ziggurat takes for one normal: the 64 bits of a step for float64, each half of them, low half
first, for float32. Its last 8 bits number a *layer* of the ziggurat. The *wedge* is the part of a layer through which
the density runs: a word there is accepted or rejected by a second word, a uniform number. The *tail* is the density
beyond the outermost layer; words of layer 0 that are not below its limit stand for it.

References
----------
G. Marsaglia and W. W. Tsang, The Ziggurat Method for Generating Random Variables, Journal of Statistical
Software 5 (8), 2000, doi:10.18637/jss.v005.i08. J. A. Doornik, An Improved Ziggurat Method to Generate Normal
Random Samples, University of Oxford, 2005.
"""

import math
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from mvn_dask._typing import FloatArray
from mvn_dask.compiled.intrinsics import (
    as_real,
    copy_vector,
    lowest_bit,
    offset_pointer,
    real_type,
    step_stream,
    try_words,
    uniform,
    vector_length,
)
from mvn_dask.compiled.llvm import LANES, MAX_VECTOR_LENGTH, subroutine

LayerTable = npt.NDArray[np.uint32] | npt.NDArray[np.uint64]

BATCH_STEPS = 256
"""Steps that every stream makes before its words are used: few enough that they stay in the first cache."""
STREAM_STEPS = BATCH_STEPS + 64
"""Steps that a stream's buffer holds: a rejected word at the end of a batch needs more than the batch."""
BATCH_CAPACITY = 2 * BATCH_STEPS + 4 * MAX_VECTOR_LENGTH
"""Numbers, or list entries, that a batch can give: two words a step, and vectors written beyond the last of them."""

MAGNITUDE_MASK = 2**52 - 1


class Ziggurat(NamedTuple):
    """Pointers to the tables of one precision, each of 256 layers."""

    layers: Any
    """Width and limit side by side, as integers of the precision's size. A normal is its magnitude times the
    width; magnitudes below the limit are accepted at once."""
    width: Any
    """The width as a number."""
    density: Any
    """Density at the layer's outer edge."""
    density_rise: Any
    """Density at the layer's inner edge, less that at its outer edge."""
    tail: Any
    """Where the tail begins, and one over that."""


class Stream(NamedTuple):
    """A stream of SFC64, and the buffer that holds its words."""

    state: Any
    """Pointer to its a; b, c and the counter follow, those of `LANES` streams side by side."""
    steps: Any
    """Pointer to steps."""
    words: Any
    """The same, as words."""
    first: Any
    """Index of the first word of this stream's part."""
    limit: Any
    """Index behind the last word of it."""


class Scratch(NamedTuple):
    """Pointers to memory for a batch."""

    candidates: Any
    """Numbers that are normals unless their words are rejected."""
    overflow: Any
    """Room for as many, where there is none behind those that are wanted."""
    vectors: Any
    """Vectors of candidates with rejected words."""
    surplus: Any
    """For each vector of candidates, how many are to be left out."""
    positions: Any
    """For each rejection, its word."""
    accepted: Any
    """For each rejection, whether it and the next word give a normal (1) or none (0)."""


@cache
def tables(dtype: str) -> tuple[LayerTable, FloatArray]:
    """The tables of "float64" or "float32": unsigned integers, shape (512,), and numbers, shape (1024,).

    The first hold width, as the bits of a number, and limit of each layer: a magnitude below the limit is accepted.
    The second hold the width of each layer; the density at its outer edge; by how much that grows to the inner edge;
    in the last 256, where the tail begins, and one over that.
    """
    # The file is copied from nowhere: SFC64's state can be set so that its next words are known, and numpy's normals
    # then determine every entry, as a test does again. Those of single precision are rounded from it.
    with (files(__package__) / "ziggurat.npy").open("rb") as file:
        width, limit, density = np.load(file)
    edge = width[-1] * 2.0**52
    if dtype == "float32":
        # Its magnitudes have 23 bits instead of 52. The limit is rounded, as numpy's own table is.
        width, limit = width * 2.0**29, np.rint(limit / 2.0**29)
    integer = dtype.replace("float", "uint")
    numbers = np.zeros((4, 256), dtype)
    numbers[0], numbers[1] = width, density
    # In that precision: numpy subtracts two entries of its own table.
    numbers[2, 1:] = numbers[1, :-1] - numbers[1, 1:]
    numbers[3, :2] = edge, 1.0 / edge
    # Width and limit side by side, so that one load gets both.
    layers: LayerTable = np.empty((256, 2), integer)
    layers[:, 0], layers[:, 1] = numbers[0].view(integer), limit
    return layers.ravel(), numbers.ravel()


@subroutine(types.UniTuple(types.int64, 2))
def ensure_word(stream: Any, j: int, stop: int) -> Any:
    """Step a stream once more if all its words are used. Returns the index of the next word and the words' end."""
    if j < stop:
        return j, stop
    words_per_step = vector_length(stream.words) // LANES
    # The tail may take any number of words. Those before are used, so the stream's buffer begins again.
    if stop == stream.limit:
        j = stop = stream.first
    step_stream(stream.state, stream.steps, stop // words_per_step, 1)
    return j, stop + words_per_step


def _normal_and_position(stream: Any, *_: Any) -> Any:
    return types.Tuple((real_type(stream[2]), types.int64, types.int64))


@subroutine(_normal_and_position)
def _tail(stream: Any, j: int, stop: int, ziggurat: Ziggurat) -> Any:
    """A normal in the tail, without its sign; the index of the next word and the end of the words."""
    while True:
        j, stop = ensure_word(stream, j, stop)
        # The C library's, as numpy has it: normals in the tail are the only ones whose last bit depends on it.
        distance = -ziggurat.tail[1] * math.log1p(-uniform(stream.words, j))
        j, stop = ensure_word(stream, j + 1, stop)
        height = -math.log1p(-uniform(stream.words, j))
        j += 1
        if height + height > distance * distance:
            return ziggurat.tail[0] + distance, j, stop


@subroutine(_normal_and_position)
def _normal(stream: Any, j: int, stop: int, ziggurat: Ziggurat) -> Any:
    """One normal by numpy's algorithm, word by word; the index of the next word and the end of the words."""
    words = stream.words
    while True:
        j, stop = ensure_word(stream, j, stop)
        word = np.int64(words[j])
        layer, magnitude = word & 255, word >> 9 & MAGNITUDE_MASK
        x = as_real(words, magnitude) * ziggurat.width[layer]
        if word & 256:
            x = -x
        j += 1
        if magnitude < np.int64(ziggurat.layers[2 * layer + 1]):
            return x, j, stop
        if layer == 0:
            x, j, stop = _tail(stream, j, stop, ziggurat)
            # numpy takes the sign of the tail from a bit of the magnitude, not from the sign's own.
            return (-x if magnitude >> 8 & 1 else x), j, stop
        j, stop = ensure_word(stream, j, stop)
        height = ziggurat.density_rise[layer] * uniform(words, j) + ziggurat.density[layer]
        j += 1
        if height < math.exp(-0.5 * x * x):
            return x, j, stop


@subroutine(types.UniTuple(types.int64, 2))
def _try_words(stream: Any, first: int, count: int, ahead: int, ziggurat: Ziggurat, scratch: Scratch) -> Any:
    """Make candidates of words, and resolve those that are rejected.

    Unless `ahead` is negative, the stream is stepped meanwhile, to ``steps[ahead]`` and on: `LANES` times a vector.

    Returns how many rejections there are, and how many words are resolved: all before the first in the tail, or
    before one in a wedge whose second word is not there.
    """
    candidates, vectors, surplus = scratch.candidates, scratch.vectors, scratch.surplus
    words, length = offset_pointer(stream.words, first), vector_length(candidates)
    hits = try_words(words, count, ziggurat.layers, candidates, vectors, surplus, stream.state, stream.steps, ahead)
    rejections = 0
    second_word = -1
    for hit in range(hits):
        rejected = vectors[hit] >> 32
        while rejected:
            k = (vectors[hit] & 0xFFFFFFFF) + lowest_bit(rejected)
            rejected &= rejected - 1
            # The second word of a wedge is no candidate, whatever its own layer says.
            if k == second_word or k >= count:
                continue
            layer = np.int64(words[k]) & 255
            if layer == 0 or k + 1 == count:
                count = k
                continue
            x = candidates[k]
            height = ziggurat.density_rise[layer] * uniform(words, k + 1) + ziggurat.density[layer]
            # The outcome is a number and not a branch: it is as good as random.
            normal = np.int64(height < math.exp(-0.5 * x * x))
            surplus[k // length] += 1 - normal
            surplus[(k + 1) // length] += 1
            scratch.positions[rejections], scratch.accepted[rejections] = k, normal
            rejections += 1
            second_word = k + 1
    return rejections, count


@subroutine(types.int64)
def _compact(scratch: Scratch, count: int, rejections: int, out: Any, index: int) -> int:
    """Copy the candidates that are normals to ``out[index]`` and on; the index after the last of them.

    Up to a vector beyond that index is overwritten.
    """
    candidates = scratch.candidates
    length = vector_length(candidates)
    # First vector by vector, as if what is to be left out of a vector were at its end. The next one is written over
    # that, so that every vector begins where it should.
    end = index
    for start in range(0, count, length):
        copy_vector(candidates, start, out, end + start)
        end -= scratch.surplus[start // length]
    # Then, from the first rejection to the last, the vector behind each, which is right up to the next rejection.
    # No loop has a length that depends on the words.
    for rejection in range(rejections):
        k, normal = scratch.positions[rejection], scratch.accepted[rejection]
        out[index + k] = candidates[k]
        copy_vector(candidates, k + 2, out, index + k + normal)
        index -= 2 - normal
    return index + count


@subroutine(types.UniTuple(types.int64, 3))
def fill_normals(
    stream: Any, j: int, stop: int, steps_ahead: int, ziggurat: Ziggurat, scratch: Any, out: Any, index: int, end: int
) -> Any:
    """Write the normals of words ``[j, stop)`` to ``out[index:end]``, as many as there are and fit.

    Meanwhile the stream is stepped `steps_ahead` times; if that is zero, the words of further steps, where some are
    needed, are used up as well. Returns the index after the last normal, and the words that are left.
    """
    length = vector_length(scratch.candidates)
    words_per_step = length // LANES
    last, ahead = stop, stop // words_per_step if steps_ahead else -1
    while j < last and index < end:
        rejections, resolved = _try_words(stream, j, last - j, ahead, ziggurat, scratch)
        if ahead >= 0:
            done = (last - j + length - 1) // length * LANES
            step_stream(stream.state, stream.steps, ahead + done, steps_ahead - done)
            stop, ahead = stop + steps_ahead * words_per_step, -1
        if index + resolved + MAX_VECTOR_LENGTH <= end:
            index = _compact(scratch, resolved, rejections, out, index)
        else:
            # Near the end, vectors would be written beyond it: into another stripe, or out of the array.
            count = _compact(scratch, resolved, rejections, scratch.overflow, 0)
            count = count if count < end - index else end - index  # noqa: FURB136 - `min` takes longer to compile
            for k in range(count):
                out[index + k] = scratch.overflow[k]
            index += count
        j += resolved
        # What is not resolved begins with the tail, one word in 4,000, or with a wedge at the end of the batch: rare
        # enough for the whole algorithm, which steps the stream where it needs more words.
        if j < last and index < end:
            out[index], j, stop = _normal(stream, j, stop, ziggurat)
            index += 1
            # That may have stepped the stream once more, and begun its buffer again.
            if last > stop or not steps_ahead:
                last = stop
    return index, j, stop
