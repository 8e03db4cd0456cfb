"""Estimates from several arrays with the same rows, such as a sample and functions of it, in one pass.

Input: dask arrays of the same rows in the same chunks, and a statistic of some columns of each. Output: results, with
the bits that `estimate` gives of each alone. Cost: rows that arrays share are computed once, and a copy of the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import dask.array as da
import numpy as np

from mvn_dask.estimation.joined_columns import joined_columns
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
    rows = joined_columns(first, [("array", each) for each in others]) if others else first.array
    refuse_unreadable_results(rows)
    ends = np.cumsum([each.columns for each in sources.values()]).tolist()
    offsets = {name: end - sources[name].columns for name, end in zip(sources, ends, strict=True)}
    parts: dict[_Place, Part] = {}
    answers = []
    for each in questions:
        source = sources[each.array.name]
        numbers, single = column_numbers(each.columns, source)
        statistic = each.statistic.prepared(Scope(source.rows, len(numbers), source.array.dtype, INTERVAL_LEVEL))
        place = each.array.name, numbers
        columns = np.array(numbers, np.int64) + offsets[each.array.name]
        part = parts.get(place) or Part((), 0, source.rows, columns=columns, leaf_rows=source.leaf_rows)
        parts[place] = replace(part, statistics=(*part.statistics, statistic))
        answers.append((place, len(part.statistics), single))
    results = results_of(RowSource(rows), [*parts.values()], columns=None, leaf_rows=first.leaf_rows, omit=False)
    found = dict(zip(parts, results, strict=True))
    return [
        labelled_result(
            found[place].inner[number], parts[place].statistics[number], found[place].omitted, sources[place[0]],
            place[1], single=single,
        )
        for place, number, single in answers
    ]  # fmt: skip
