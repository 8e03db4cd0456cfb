"""Estimates from several arrays with the same rows, such as a sample and functions of it, in one pass.

Input: dask arrays of the same rows in the same chunks, and a statistic of some columns of each. Output: results, with
the bits that `estimate` gives of each alone. Cost: that of the statistics; rows that arrays share are computed once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import dask.array as da
import numpy as np

from mvn_dask.estimation.joined_columns import joined_blocks
from mvn_dask.estimation.labelled_results import labelled_result
from mvn_dask.estimation.passes import Part, results_of
from mvn_dask.estimation.row_source import RowSource, column_numbers, row_source
from mvn_dask.execution.client import current_client
from mvn_dask.execution.futures import refuse_unreadable_results
from mvn_dask.statistics.base import Request, Scope

INTERVAL_LEVEL = 0.95
"""Probability with which intervals hold the true value."""

_Place = tuple[str, tuple[int, ...]]
"""Name of an array, and numbers of its columns."""


@dataclass(frozen=True, eq=False)
class Question:
    """A statistic of some columns of an array."""

    array: da.Array
    """The array, as `mvn_dask.estimate` takes it."""
    statistic: Request[Any]
    """What is estimated; one without arrays of its own."""
    columns: str | int | None = None
    """A column, by number or name; None for all."""


def estimate_jointly(questions: Sequence[Question]) -> list[Any]:
    """The results of questions, each as `mvn_dask.estimate` gives it, in one pass over all arrays.

    Raises what `estimate` raises; ArgumentError for arrays of other rows, or in other chunks.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Mean
    >>> x = mvn_dask.MultivariateNormal([1.0, 2.0], 4.0).sample(10_000, seed=1)
    >>> one, other = estimate_jointly([Question(x, Mean(), 1), Question(x.max(axis=1), Mean())])
    >>> one == mvn_dask.estimate(x, Mean(), columns=1), other == mvn_dask.estimate(x.max(axis=1), Mean())
    (True, True)
    """
    current_client()  # raises where it cannot be waited for: nothing is computed yet
    sources = {each.array.name: row_source(each.array) for each in questions}
    first, *others = sources.values()
    rows = RowSource(joined_blocks([first, *others])) if others else first
    refuse_unreadable_results(rows.array)
    numbers_of = {name: number for number, name in enumerate(sources)}
    parts: dict[_Place, Part] = {}
    answers = []
    for each in questions:
        source = sources[each.array.name]
        numbers, single = column_numbers(each.columns, source)
        statistic = each.statistic.prepared(Scope(source.rows, len(numbers), source.array.dtype, INTERVAL_LEVEL))
        place = each.array.name, numbers
        part = parts.get(place) or empty_part(source, numbers, numbers_of[each.array.name])
        parts[place] = replace(part, statistics=(*part.statistics, statistic))
        answers.append((place, len(part.statistics), single))
    results = results_of(rows, [*parts.values()], columns=None, leaf_rows=first.leaf_rows, omit=False)
    found = dict(zip(parts, results, strict=True))
    return [
        labelled_result(
            found[place].inner[number], parts[place].statistics[number], found[place].omitted, sources[place[0]],
            place[1], single=single,
        )
        for place, number, single in answers
    ]  # fmt: skip


def empty_part(source: RowSource, numbers: tuple[int, ...], array: int) -> Part:
    """A part of no statistics yet, of some columns of an array."""
    # All of them need no copy; of an array without rows their number must be known.
    every = source.rows > 0 and numbers == tuple(range(source.columns))
    columns = None if every else np.array(numbers, np.int64)
    return Part((), 0, source.rows, columns=columns, array=array, leaf_rows=source.leaf_rows)
