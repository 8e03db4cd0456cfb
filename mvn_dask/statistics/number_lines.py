"""Tables of estimates: a line for each number, with its error and its interval.

Input: numbers with labels. Output: HTML of bounded size. Cost: that of the lines.
"""

from collections.abc import Sequence
from itertools import islice
from math import isnan, nan, prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from mvn_dask.display.markup import Html
from mvn_dask.display.number_columns import NumberTable
from mvn_dask.display.previews import LISTED_FIRST, LISTED_LAST, listed_places
from mvn_dask.readable import number, plural, to_precision

Place = tuple[int, ...]
"""Where a number stands in an array."""
Number: TypeAlias = Any
"""A float or an int; or float64 or int64 for each column. Of one column they are plain numbers, and type checkers would
have users tell these from arrays at every step."""
UNKNOWN = "–"
"""What stands for a number that is not known."""


class NumberLine(NamedTuple):
    """A number that was estimated."""

    label: str
    value: float
    error: float
    """Its standard error."""
    low: float
    """Lower bound of its interval."""
    high: float
    """Upper bound."""
    rows: int
    """Rows that it rests on."""


def listed(shape: Place, *, is_symmetric: bool = False, has_diagonal: bool = True) -> tuple[list[Place], list[Place]]:
    """Places of an array of numbers: all and none, or the first and the last of many.

    Of a symmetric matrix each pair is listed once.

    >>> listed((2, 2), is_symmetric=True)
    ([(0, 0), (0, 1), (1, 1)], [])
    >>> [len(places) for places in listed((1000, 1000))]
    [8, 2]
    """
    most = LISTED_FIRST + LISTED_LAST
    if not is_symmetric:
        count = prod(shape)
        places = [tuple(int(step) for step in np.unravel_index(each, shape)) for each in listed_places(count)]
    else:
        count, first = pair_count(shape[0], has_diagonal=has_diagonal), 0 if has_diagonal else 1
        rising = ((i, j) for i in range(shape[0]) for j in range(i + first, shape[0]))
        falling = ((i, j) for i in reversed(range(shape[0])) for j in reversed(range(i + first, shape[0])))
        places = list(islice(rising, min(count, most)))
        if count > most:
            places = [*places[:LISTED_FIRST], *list(islice(falling, LISTED_LAST))[::-1]]
    return (places, []) if count <= most else (places[:LISTED_FIRST], places[LISTED_FIRST:])


def looked_at(count: Number, omitted: Number) -> str:
    """How many numbers there were, or of each column, and how many were left out."""
    counts, missing = np.reshape(count, -1), int(np.sum(omitted))
    least, most = int(counts.min()), int(counts.max())
    rows = plural(most, "row", ",") if least == most else f"{least:,} to {plural(most, 'row', ',')}"
    return f"{rows}; {missing:,} missing left out" if missing else rows


def pair_count(columns: int, *, has_diagonal: bool) -> int:
    """Pairs of columns, each once; with each column and itself, or without."""
    return columns * (columns + 1) // 2 if has_diagonal else columns * (columns - 1) // 2


def estimate_table(
    first: Sequence[NumberLine], last: Sequence[NumberLine] = (), total: int = 0, *, what: str, percent: str
) -> Html:
    """A table of the lines, which are the first and the last of a `total`, with labels that `what` names."""
    lines = [*first, *last]
    columns = [
        ("estimate", tuple(number_text(line.value, line.error) for line in lines)),
        ("standard error", tuple(number_text(line.error, line.error) for line in lines)),
        (f"{percent} from", tuple(number_text(line.low, line.error) for line in lines)),
        ("to", tuple(number_text(line.high, line.error) for line in lines)),
    ]
    if len({line.rows for line in lines}) > 1:
        columns.append(("rows", tuple(f"{line.rows:,}" for line in lines)))
    places = (*range(len(first)), *range(total - len(last), total))
    labels = tuple(line.label for line in lines)
    return NumberTable(what, labels, tuple(columns), places, max(total, len(lines))).html


def number_text(value: float, error: float = nan) -> str:
    """A number with the digits that its error leaves it.

    >>> number_text(1.2345678, 0.012), number_text(1.2345678), number_text(nan)
    ('1.235', '1.23457', '–')
    """
    if isnan(value):
        return UNKNOWN
    return number(value, 6) if isnan(error) or error <= 0 else to_precision(value, error)
