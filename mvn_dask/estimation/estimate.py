"""Estimates from the rows of a lazy array, with their errors, in one pass.

Input: a row-chunked dask array, and statistics. Output: results, with the same bits for any chunks and schedulers.
Cost: that of computing each row once, or twice for some statistics, and of the statistics; rows are dropped where they
were made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, overload

import numpy as np

from mvn_dask import checks
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.estimation.joined_columns import joined_columns
from mvn_dask.estimation.labelled_results import labelled_result
from mvn_dask.estimation.passes import Part, results_of
from mvn_dask.estimation.repetition import batch_bounds, over_batches, over_replicates, replicate
from mvn_dask.estimation.row_source import RowSource, column_numbers, row_source
from mvn_dask.execution.client import current_client
from mvn_dask.execution.futures import refuse_unreadable_results
from mvn_dask.signatures import short_signature
from mvn_dask.statistics.base import Request, Scope, Statistic
from mvn_dask.statistics.missing_values import Counted
from mvn_dask.statistics.selected_columns import SelectedColumns

if TYPE_CHECKING:
    import dask.array as da
    import xarray as xr

Found = TypeVar("Found")
Second = TypeVar("Second")
Third = TypeVar("Third")
Columns: TypeAlias = str | int | Sequence[str | int] | None
"""Columns by number or name, or all."""
NanPolicy = Literal["raise", "omit"]
"""What missing numbers are."""
LOG_WEIGHTS, CONTROLS = "log_weights", "controls"
"""Names of arguments that are arrays with the same rows."""


@overload
def estimate(
    array: "da.Array | xr.DataArray",
    statistic: Request[Found],
    /,
    *,
    columns: Columns = None,
    nan: NanPolicy = "raise",
    batches: int | None = None,
    replicates: int | None = None,
    log_weights: "da.Array | None" = None,
    confidence_level: float = 0.95,
) -> Found: ...
@overload
def estimate(
    array: "da.Array | xr.DataArray",
    statistic: Request[Found],
    second: Request[Second],
    /,
    *,
    columns: Columns = None,
    nan: NanPolicy = "raise",
    batches: int | None = None,
    replicates: int | None = None,
    log_weights: "da.Array | None" = None,
    confidence_level: float = 0.95,
) -> tuple[Found, Second]: ...
@overload
def estimate(
    array: "da.Array | xr.DataArray",
    statistic: Request[Found],
    second: Request[Second],
    third: Request[Third],
    /,
    *,
    columns: Columns = None,
    nan: NanPolicy = "raise",
    batches: int | None = None,
    replicates: int | None = None,
    log_weights: "da.Array | None" = None,
    confidence_level: float = 0.95,
) -> tuple[Found, Second, Third]: ...
@overload
def estimate(
    array: "da.Array | xr.DataArray",
    *statistics: Request[Any],
    columns: Columns = None,
    nan: NanPolicy = "raise",
    batches: int | None = None,
    replicates: int | None = None,
    log_weights: "da.Array | None" = None,
    confidence_level: float = 0.95,
) -> Any: ...
@short_signature
def estimate(
    array: "da.Array | xr.DataArray",
    *statistics: Request[Any],
    columns: Columns = None,
    nan: NanPolicy = "raise",
    batches: int | None = None,
    replicates: int | None = None,
    log_weights: "da.Array | None" = None,
    confidence_level: float = 0.95,
) -> Any:
    """Estimate statistics of the rows of a lazy array, in one pass over it, on the current dask scheduler.

    Parameters
    ----------
    array : dask.array.Array or xarray.DataArray, shape (n,) or (n, …)
        A sample, anything that is computed from one, or what `from_zarr` opened. Its first axis are rows; the others,
        in C order, are columns, and must not be cut into chunks.
    *statistics : Statistic
        What is estimated, such as ``Mean()`` or ``ValueAtRisk(0.999)`` of `mvn_dask.statistics`.
    columns : int, str or sequence of these, optional
        Columns that are looked at, by number, or by name where the array is a sample of a named distribution, a store
        with names or a DataArray; all by default. One that is given by itself gives numbers in place of arrays.
    nan : {"raise", "omit"}
        What missing numbers (NaN) are: an error, or left out and counted. Statistics of several columns leave out the
        whole row.
    batches : int, optional
        Take the error from so many consecutive batches of rows, and Student's t of one degree less: for rows that
        depend on each other over much shorter distances than a batch is long.
    replicates : int, optional
        Of an array that is computed from samples of scrambled Sobol' points: compute it with so many independent
        scrambles, and take the mean of the results, and Student's t of one degree less. 8 are usual.
    log_weights : dask.array.Array, shape (n,), optional
        Logarithms of the weights of rows: estimates are of weight times value, as in importance sampling. Mean and
        Probability take them.
    confidence_level : float
        Probability with which intervals hold the true value.

    Returns
    -------
    result, or tuple of results
        What each statistic gives; of one, its result itself. Those of `mvn_dask.statistics` have ``value``,
        ``standard_error``, ``confidence_interval``, ``count``, ``omitted`` and ``method``, or consist of such.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        For arguments that make no sense, missing numbers under ``nan="raise"``, weights that overflow.
    JobCancelledError, WorkersLostError, ResultsLostError
        As for `to_zarr`.

    See Also
    --------
    mvn_dask.estimate_until : As many rows as a precision takes.
    mvn_dask.combine : Weighted sums of columns, with bits that do not depend on blocks.
    mvn_dask.statistics : What can be estimated.
    mvn_dask.estimation.convergence.convergence : Estimates of the first rows as well.

    Notes
    -----
    Rows are numbered from row 0 of the array, cut into leaves of min(2048, ``stripe_height(columns)``) rows, and the
    leaves are merged in a binary tree that depends on their number alone. So a result has the same bits for any chunks,
    for threads, processes and clusters, and if workers are killed on the way. A derived array is as reproducible as
    what it is made of: elementwise functions are, ``x @ w`` goes through BLAS, whose bits may change with the height of
    a block; `mvn_dask.combine` does not.

    A sample is drawn in pieces of about 16 MiB, whatever its chunks; other arrays are computed a block at a time.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Mean, Moments
    >>> normal = mvn_dask.MultivariateNormal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]], names=["oil", "gas"])
    >>> x = normal.sample(100_000, seed=1)
    >>> mvn_dask.estimate(x, Mean(), columns="gas")
    Estimate(value=2.00188, standard_error=0.0044837, confidence_interval=[1.99309, 2.01067], count=100000)
    >>> mean, moments = mvn_dask.estimate(x.max(axis=1), Mean(), Moments())
    >>> round(mean.value, 2), round(moments.variance.value, 2)
    (2.2, 1.76)
    """
    _refuse_bad_options(statistics, nan)
    _refuse_repetitions(statistics, batches, replicates)
    confidence_level = checks.share("confidence_level", confidence_level)
    current_client()  # raises where it cannot be waited for: nothing is computed yet
    source = row_source(array)
    numbers, single = column_numbers(columns, source)
    weights = None if log_weights is None else _weights(log_weights)
    question = _Question(source, statistics, numbers, weights, confidence_level)
    refuse_unreadable_results(question.rows.array)
    parts = [Part(question.statistics, 0, source.rows)]
    options = {"columns": question.columns, "leaf_rows": source.leaf_rows, "omit": nan == "omit"}
    if replicates is not None:
        runs = [
            results_of(replace(question.rows, array=replicate(question.rows.array, number)), parts, **options)[0]
            for number in range(checks.count("replicates", replicates, least=2))
        ]
        found = over_replicates(runs, confidence_level)
    elif batches is not None:
        bounds = batch_bounds(source.rows, checks.count("batches", batches, least=2))
        parts += [Part(question.statistics, start, stop) for start, stop in bounds]
        whole, *each = results_of(question.rows, parts, **options)
        found = over_batches(whole, each, confidence_level)
    else:
        (found,) = results_of(question.rows, parts, **options)
    results = question.described(found, single=single, repeated=replicates is not None or batches is not None)
    return results[0] if len(results) == 1 else results


def _refuse_repetitions(statistics: Sequence[Request[Any]], batches: object, replicates: object) -> None:
    """Raise ArgumentError for repetitions of what has no error, and for both kinds at once."""
    if batches is not None and replicates is not None:
        raise ArgumentError("`batches` and `replicates` exclude each other: each gives an error of its own")
    if batches is None and replicates is None:
        return
    if without := [type(each).__name__ for each in statistics if not each.has_error]:
        option = "replicates" if batches is None else "batches"
        raise ArgumentError(
            f"`{option}` are for the error of estimates, and {without[0]} gives none: estimate it in a call of its own"
        )


def _refuse_bad_options(statistics: Sequence[Any], nan: object) -> None:
    if not statistics:
        raise ArgumentError("`estimate` needs a statistic, such as mvn_dask.statistics.Mean()")
    for each in statistics:
        if not isinstance(each, Request):
            hint = f": call it, as in {each.__name__}()" if isinstance(each, type) and issubclass(each, Request) else ""
            raise ArgumentTypeError(f"statistics are those of mvn_dask.statistics, and {each!r} is none{hint}")
    if not isinstance(nan, str) or nan not in ("raise", "omit"):
        raise ArgumentError(f'`nan` must be "raise" or "omit", not {nan!r}')


def _weights(log_weights: Any) -> RowSource:
    found = row_source(log_weights, LOG_WEIGHTS)
    if found.columns != 1:
        raise ArgumentError(f"`{LOG_WEIGHTS}` must have one number a row: its shape is {found.array.shape}")
    return found


@dataclass(frozen=True, init=False, eq=False)
class _Question:
    """What is asked of which rows: with the columns of all arrays that statistics and weights bring along."""

    rows: RowSource
    """Rows of the array, and behind its columns those of the others."""
    columns: Any
    """Columns that are looked at; None for all."""
    statistics: tuple[Statistic[Any, Any], ...]
    """What is computed of these."""
    source: RowSource
    """Rows of the array alone."""
    numbers: tuple[int, ...]
    """Columns of these that were asked for."""

    def __init__(
        self, source: RowSource, requests: Sequence[Request[Any]], numbers: tuple[int, ...], weights: RowSource | None,
        confidence_level: float,
    ) -> None:  # fmt: skip
        others: list[tuple[str, RowSource]] = []
        scope = Scope(source.rows, len(numbers), source.array.dtype, confidence_level)
        own, end, statistics = tuple(range(len(numbers))), len(numbers), []
        offset = source.columns
        joined = list(numbers)
        for request in requests:
            places = own
            for array in request.further_arrays:
                further = row_source(array, CONTROLS)
                others.append((CONTROLS, further))
                places += tuple(range(end, end + further.columns))
                joined += range(offset, offset + further.columns)
                end, offset = end + further.columns, offset + further.columns
            asked = replace(scope, further_columns=len(places) - len(own))
            statistics.append((request.prepared(asked), places))
        if weights is not None:
            others.append((LOG_WEIGHTS, weights))
            joined.append(offset)
            statistics = [(each.weighted(), (*places, end)) for each, places in statistics]
            end += 1
        # Where nothing is joined, every statistic sees the same rows, without a copy.
        chosen = [each if not others else SelectedColumns(each, places) for each, places in statistics]
        sizes = (("array", source.columns), *((name, other.columns) for name, other in others))
        rows = RowSource(joined_columns(source, others), arguments=sizes) if others else source
        object.__setattr__(self, "rows", rows)
        every = joined == list(range(rows.columns))
        object.__setattr__(self, "columns", None if every else np.array(joined, np.int64))
        object.__setattr__(self, "statistics", tuple(chosen))
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "numbers", numbers)

    def described(self, found: Counted, *, single: bool, repeated: bool) -> tuple[Any, ...]:
        """Results with labels and what was left out."""
        pairs = zip(self.statistics, found.inner, strict=True)
        return tuple(
            labelled_result(
                result, statistic, found.omitted, self.source, self.numbers, single=single, repeated=repeated
            )
            for statistic, result in pairs
        )
