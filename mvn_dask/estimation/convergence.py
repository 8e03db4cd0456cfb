"""How an estimate converges: of the first 2**k leaves of an array, and of all its rows, in one pass.

Input: a row-chunked dask array, and a statistic. Output: a result for each number of rows. Cost: that of `estimate`; a
statistic that looks at its rows more than once is computed of each number of rows, from the same pass, which takes it
twice the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.estimation.passes import Part, forests_of, results_of
from mvn_dask.estimation.row_source import RowSource, column_numbers, row_source
from mvn_dask.execution.client import current_client
from mvn_dask.execution.futures import refuse_unreadable_results
from mvn_dask.statistics.base import Indices, NextPass, Request, Scope, Statistic
from mvn_dask.statistics.prefixes import Prefixes, prefix_rows
from mvn_dask.statistics.results import Estimate, Result

if TYPE_CHECKING:
    import dask.array as da
    import xarray as xr


class Series(NamedTuple):
    """An estimate with its band, as rows are added; arrays of shape (m,), or (m, …) of several numbers."""

    rows: Indices
    """Numbers of first rows, shape (m,)."""
    value: Float64Array
    """Estimates of these."""
    low: Float64Array
    """Lower bounds of their confidence intervals."""
    high: Float64Array
    """Upper bounds."""


@dataclass(frozen=True, eq=False)
class Convergence:
    """Results of a statistic, each of so many first rows of an array."""

    rows: tuple[int, ...]
    """Numbers of first rows: powers of two of leaves, and all rows."""
    results: tuple[Any, ...]
    """What the statistic gives of each, as `mvn_dask.estimate` does of an array that has no more rows."""

    def __repr__(self) -> str:
        return f"Convergence(rows={self.rows})"

    def series(self, *names: str) -> Series:
        """Values and bounds of an estimate, which names find in results that consist of several.

        Raises
        ------
        ArgumentError
            If there is no estimate of that name.
        """
        return series_of(self.rows, self.results, *names)


def series_of(rows: Sequence[int], results: Sequence[Any], *names: str) -> Series:
    """The same of any results."""
    found: list[Any] = list(results)
    for name in names:
        found = [getattr(each, name, None) for each in found]
    if not all(isinstance(each, Estimate) for each in found):
        path = ".".join(names)
        kind = type(results[0]).__name__
        raise ArgumentError(f"{kind} has no estimate named {path!r}" if names else f"{kind} is no estimate: name one")
    intervals = [each.confidence_interval for each in found]
    value, low, high = (
        np.array(each, np.float64)
        for each in ([f.value for f in found], [i.low for i in intervals], [i.high for i in intervals])
    )
    return Series(np.array(rows, np.int64), value, low, high)


def convergence(
    array: "da.Array | xr.DataArray",
    statistic: Request[Any],
    /,
    *,
    columns: Any = None,
    nan: str = "raise",
    confidence_level: float = 0.95,
) -> Convergence:
    """Estimate a statistic of the first rows of a lazy array, for every power of two of leaves, in one pass.

    Parameters
    ----------
    array, statistic, columns, nan, confidence_level
        As for `mvn_dask.estimate`.

    Returns
    -------
    Convergence
        The result of the first 1, 2, 4, … leaves of min(2048, ``stripe_height(columns)``) rows, and of all rows.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        For arguments that make no sense, and a statistic with arrays of its own.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Mean
    >>> x = mvn_dask.MultivariateNormal([1.0], 4.0).sample(100_000, seed=1)
    >>> found = convergence(x, Mean(), columns=0)
    >>> found.rows
    (2048, 4096, 8192, 16384, 32768, 65536, 100000)
    >>> found.series().value.round(2)
    array([0.98, 0.97, 0.98, 0.99, 1.  , 0.99, 1.  ])
    """
    if not isinstance(statistic, Request):
        raise ArgumentTypeError(f"`statistic` must be one of mvn_dask.statistics, not {statistic!r}")
    if statistic.further_arrays:
        raise ArgumentError("a statistic with `controls` is of several arrays: its convergence is not known")
    if nan not in ("raise", "omit"):
        raise ArgumentError(f'`nan` must be "raise" or "omit", not {nan!r}')
    current_client()  # raises where it cannot be waited for: nothing is computed yet
    source = row_source(array)
    refuse_unreadable_results(source.array)
    numbers, single = column_numbers(columns, source)
    chosen = None if numbers == tuple(range(source.columns)) else np.array(numbers, np.int64)

    def prepared(rows: int) -> Statistic[Any, Any]:
        return statistic.prepared(Scope(rows, len(numbers), source.array.dtype, confidence_level))

    whole = prepared(source.rows)
    if whole.first_rows(source.rows) == source.rows:
        prefixes = Prefixes(whole, source.rows, source.leaf_rows)
        part = Part((prefixes,), 0, source.rows)
        (found,) = results_of(source, [part], columns=chosen, leaf_rows=source.leaf_rows, omit=nan == "omit")
        results = dict(found.inner[0])
        if any(isinstance(each, NextPass) for each in results.values()):
            raise ArgumentError(
                f"{type(statistic).__name__} looks at rows more than once: its convergence is not known"
            )
    else:
        each = {rows: prepared(rows) for rows in prefix_rows(source.rows, source.leaf_rows)}
        results = _in_shared_passes(source, each, chosen, omit=nan == "omit")
    squeezed = [each.squeezed() if single and isinstance(each, Result) else each for each in results.values()]
    return Convergence(tuple(results), tuple(squeezed))


def _in_shared_passes(
    source: RowSource, statistics: dict[int, Statistic[Any, Any]], columns: Indices | None, *, omit: bool
) -> dict[int, Any]:
    """Results of statistics, each of so many first rows; passes over all of these are made together."""
    pending, found = dict(statistics), dict[int, Any]()
    while pending:
        looks = {rows: each.first_rows(rows) for rows, each in pending.items()}
        # Passes over few of the rows come first.
        now = {rows: look for rows, look in looks.items() if look < rows} or looks
        parts = [Part((pending[rows],), 0, look) for rows, look in now.items()]
        forests = forests_of(source, parts, columns=columns, leaf_rows=source.leaf_rows, omit=omit)
        for part, rows in enumerate(now):
            counted: Any = forests[part].result()
            (result,) = counted.inner
            if isinstance(result, NextPass):
                pending[rows] = result.statistic
            else:
                found[rows] = result
                del pending[rows]
    return {rows: found[rows] for rows in statistics}
