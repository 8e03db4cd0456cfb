"""Values of columns counted below, at, within and above brackets; those within are kept, those above summed.

Input: rows, brackets [low, high], several for each column. Output: counts, the values strictly within, and count, sum
and squares of those above, merged in the tree of the leaves. Cost: about 1 ns a value of one column in compiled
code, 5 ns in numpy, with the same bits.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.compiled import compiled_module
from mvn_dask.statistics.base import Counts, merged_pairs, scratch
from mvn_dask.statistics.tail_moments import merged_tails, tail_of

BELOW, AT_LOWER, WITHIN, AT_UPPER, ABOVE, MISSING = range(6)
"""Places among the counts. Where both ends of a bracket are equal, what is at them is counted in both places."""


class Kept(NamedTuple):
    """Values strictly within brackets, which `joined` joins."""

    values: Float64Array
    """Bracket by bracket, each in the order of the rows."""
    lengths: Counts
    """How many are each bracket's, shape (levels, columns)."""


class Bracketed(NamedTuple):
    """What brackets, shape (levels, columns), tell of some rows."""

    counts: Counts
    """Values in each place, shape (6, levels, columns)."""
    kept: Kept
    """Values strictly within."""
    tail: Float64Array
    """Tail of what is above, shape (levels, 3, columns); zeros if it is not summed."""


def bracketed(
    rows: Float64Array, leaf_rows: int, low: Float64Array, high: Float64Array, searched: npt.NDArray[np.bool_],
    *, summed: bool,
) -> Bracketed:  # fmt: skip
    """Count the values of rows, shape (n, columns), a power of two of leaves, for the brackets that are searched."""
    rows = np.ascontiguousarray(rows, np.float64)
    (n, columns), levels = rows.shape, len(low)
    leaves = max(1, -(-n // leaf_rows))
    counts, lengths = np.zeros((6, levels, columns), np.int64), np.zeros((leaves, levels, columns), np.int64)
    tails = np.zeros((leaves if summed else 0, levels, 3, columns))
    code = compiled_module("bracket_counts")
    # One array for both, since finding it takes longer than a leaf of one column.
    most, others = rows.size * levels + 1, 0 if code is None else 2 * leaf_rows + 1 + code.SUM_LANES
    memory = scratch("bracketing", (most + others,))
    kept, work = memory[:most], memory[most:]
    if code is None:
        total = _bracket(rows, leaf_rows, low, high, searched, kept, lengths, counts, tails)
    else:
        total = code.bracket(rows, leaf_rows, low, high, searched, work, kept, lengths, counts, tails)
    tail = tails[0] if summed else np.zeros((levels, 3, columns))
    return Bracketed(counts, Kept(_by_bracket(kept[:total], lengths), lengths.sum(axis=0)), tail)


def _bracket(
    rows: Float64Array, leaf_rows: int, low: Float64Array, high: Float64Array, searched: npt.NDArray[np.bool_],
    kept: Float64Array, lengths: Counts, counts: Counts, tails: Float64Array,
) -> int:  # fmt: skip
    """Fill the last four in numpy, as compiled code does."""
    total = 0
    for leaf, column, level in np.ndindex(len(lengths), rows.shape[1], len(low)):
        if not searched[level, column]:
            continue
        values = rows[leaf * leaf_rows : (leaf + 1) * leaf_rows, column]
        bottom, top = low[level, column], high[level, column]
        within = values[(values > bottom) & (values < top)]
        above = values[values > top]
        places = values < bottom, values == bottom, (), values == top, (), np.isnan(values)
        counts[:, level, column] += [np.count_nonzero(each) for each in places]
        counts[WITHIN, level, column] += len(within)
        counts[ABOVE, level, column] += len(above)
        kept[total : total + len(within)] = within
        lengths[leaf, level, column] = len(within)
        if len(tails):
            tails[leaf, level, :, column] = tail_of(above)
        total += len(within)
    if len(tails):
        tails[0] = merged_pairs(merged_tails, tails)
    return total


def _by_bracket(kept: Float64Array, lengths: Counts) -> Float64Array:
    """A copy of what lies leaf by leaf, column by column and level by level, as bracket by bracket."""
    leaves, levels, columns = lengths.shape
    if levels * columns == 1:
        return kept.copy()
    numbers = np.arange(levels * columns).reshape(levels, columns)
    brackets = np.repeat(np.broadcast_to(numbers.T, (leaves, columns, levels)), lengths.swapaxes(1, 2).ravel())
    ordered: Float64Array = kept[np.argsort(brackets, kind="stable")]
    return ordered


def joined(parts: Sequence[Kept], room: Counts) -> Kept:
    """Values that were kept of consecutive rows; of a bracket with more than its room, none."""
    lengths = np.sum([part.lengths for part in parts], axis=0)
    lengths[lengths > room] = 0
    ends = [np.cumsum(part.lengths).tolist() for part in parts]
    sizes = [part.lengths.ravel().tolist() for part in parts]
    slices = [
        part.values[end[bracket] - size[bracket] : end[bracket]]
        for bracket in np.flatnonzero(lengths).tolist()
        for part, end, size in zip(parts, ends, sizes, strict=True)
    ]
    return Kept(np.concatenate(slices) if slices else np.empty(0), lengths)
