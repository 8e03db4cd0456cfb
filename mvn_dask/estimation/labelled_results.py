"""Results with the labels of the columns that they are of, and numbers in place of arrays for one column.

Input: results of statistics of some columns of an array. Output: what users get. Cost: none.
"""

from typing import Any

from mvn_dask.estimation.row_source import RowSource, comes_from_points
from mvn_dask.statistics.base import Counts, Statistic
from mvn_dask.statistics.results import Result

EVEN_POINTS = "rows of Sobol' points are not independent, and err less: `replicates=8` of `estimate` says by how much"
"""Why the error of an estimate from Sobol' points misleads."""


def labelled_result(
    result: Any, statistic: Statistic[Any, Any], omitted: Counts, source: RowSource, numbers: tuple[int, ...],
    *, single: bool, repeated: bool = False,
) -> Any:  # fmt: skip
    """A result of columns with these numbers, with their labels where they are known, and what was left out.

    `omitted` are missing numbers of each column, and then rows that hold any; `repeated` says that errors are those of
    repetitions, which do not take rows to be independent.
    """
    if not isinstance(result, Result):
        return result
    labels = source.labels or tuple(map(str, range(source.columns)))
    known = source.labels is not None or len(numbers) < source.columns
    left_out = omitted[:-1] if statistic.columnwise else int(omitted[-1])
    described = result.described(tuple(labels[number] for number in numbers) if known else None, left_out)
    if not repeated and comes_from_points(source.array):
        described = described.warned(EVEN_POINTS)
    return described.squeezed() if single else described
