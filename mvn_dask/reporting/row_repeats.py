"""Rows that come again at one distance: what a report says of them, and where it marks them.

Input: what `RepeatedRows` found in each part of the columns, which are those that lie in the same chunks. Output: a
verdict; segments of the rows. Cost: a look at the rows that come again.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from mvn_dask.readable import plural
from mvn_dask.reporting.bonferroni import bonferroni
from mvn_dask.reporting.verdict import Verdict
from mvn_dask.statistics.base import Indices
from mvn_dask.statistics.repeated_rows import RowRepeats

NOTHING_COMPARED = "nothing to test: fewer than two rows, or all of them are equal"


def repeated_rows_verdict(repeats: Sequence[RowRepeats], names: Sequence[str], error_rate: float) -> Verdict:
    """Whether rows come again in the same order; `names` are those of the first columns of all parts."""
    p_values = np.array([each.p_value if each.different > 1 else np.nan for each in repeats])
    limit = error_rate / max(1, int(np.isfinite(p_values).sum()))

    def describe(part: int) -> str:
        found = repeats[part]
        if found.p_value < limit:
            text = _repeats(found)
        elif found.repeated:
            text = f"of {found.different:,} different rows {found.repeated:,} come more than once, in no order"
        else:
            text = f"no two of {found.different:,} are equal"
        if found.stride > 1:
            text += f"; one of {found.stride:,} different rows was looked at"
        return text if len(repeats) == 1 else f"{names[part]} and those in its chunks: {text}"

    return bonferroni("repeated_rows", "Repeated rows", p_values, error_rate, describe, NOTHING_COMPARED)


def _repeats(found: RowRepeats) -> str:
    count = plural(len(found.places) * found.stride, "row", ",")
    where = f"{plural(found.distance, 'row', ',')} later"
    about, first, last = "about " * (found.stride > 1), int(found.places[0]), int(found.places[-1])
    return f"{about}{count} between row {first:,} and row {last:,} come again {where}"


def repeated_segments(repeats: Iterable[RowRepeats], starts: Indices, limit: float) -> npt.NDArray[np.bool_]:
    """Segments with rows that come again at one distance, and those where they do, shape (segments,).

    `starts` are the first rows of the segments, and the number of rows. Marked is what has a p-value below the limit.
    """
    marked = np.zeros(len(starts) - 1, bool)
    for found in repeats:
        if found.p_value < limit:
            rows = np.concatenate([found.places, found.places + found.distance])
            marked[np.searchsorted(starts, rows, "right") - 1] = True
    return marked
