"""How an estimate converges: of the first 2**k leaves of an array, and of all its rows, in one pass.

Input: a row-chunked dask array, and a statistic. Output: a result for each number of rows. Cost: that of `estimate`; a
statistic that looks at its rows more than once is computed of each number of rows, from the same pass, which takes it
twice the time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import dask.array as da
import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import facts, note, section
from mvn_dask.display.markup import Html
from mvn_dask.display.one_line import OneLine
from mvn_dask.display.previews import preview
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.estimation.joined_columns import joined_blocks
from mvn_dask.estimation.joint_estimates import Question, empty_part
from mvn_dask.estimation.labelled_results import labelled_result
from mvn_dask.estimation.passes import Part, forests_of
from mvn_dask.estimation.row_source import RowSource, column_numbers, row_source
from mvn_dask.execution.client import current_client
from mvn_dask.execution.futures import refuse_unreadable_results
from mvn_dask.readable import plural
from mvn_dask.statistics.base import Indices, NextPass, Request, Scope, Statistic
from mvn_dask.statistics.number_lines import estimate_table
from mvn_dask.statistics.prefixes import Prefixes, prefix_rows
from mvn_dask.statistics.results import Estimate, Result

if TYPE_CHECKING:
    import xarray as xr


class Series(NamedTuple):
    """An estimate with its band, as rows are added; arrays of shape (m,), or (m, …) of several numbers.

    See Also
    --------
    mvn_dask.estimation.convergence.Convergence.series : Gives it.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([1.0, 2.0], 1.0).sample(5000, seed=1)
    >>> found = convergence(x, mvn_dask.statistics.Mean(), columns=0).series()
    >>> found.rows, bool((found.low < found.value).all())
    (array([2048, 4096, 5000]), True)
    """

    rows: Indices
    """Numbers of first rows, shape (m,)."""
    value: Float64Array
    """Estimates of these."""
    low: Float64Array
    """Lower bounds of their confidence intervals."""
    high: Float64Array
    """Upper bounds."""


@dataclass(frozen=True, eq=False, repr=False)
class Convergence(OneLine, Shown):
    """Results of a statistic, each of so many first rows of an array.

    See Also
    --------
    mvn_dask.estimation.convergence.convergence : Gives it.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Mean
    >>> x = mvn_dask.MultivariateNormal([1.0, 2.0], 1.0).sample(5000, seed=1)
    >>> found = convergence(x, Mean(), columns=0)
    >>> found.rows, found.results[-1].count
    ((2048, 4096, 5000), 5000)
    >>> found.series().value.round(1)
    array([1., 1., 1.])
    """

    rows: tuple[int, ...]
    """Numbers of first rows: powers of two of leaves, and all rows."""
    results: tuple[Any, ...]
    """What the statistic gives of each, as `mvn_dask.estimate` does of an array that has no more rows."""

    def _essentials(self) -> Mapping[str, object]:
        return {"rows": self.rows}

    def _summary(self) -> str:
        return f"{plural(len(self.rows), 'estimate')} of up to {plural(self.rows[-1], 'row', ',')}"

    def _shown(self) -> Iterator[Html]:
        if all(isinstance(each, Estimate) and not np.shape(each.value) for each in self.results):
            lines = [
                line._replace(label=f"{rows:,}", rows=0)
                for rows, each in zip(self.rows, self.results, strict=True) for line in each.lines()[0]
            ]  # fmt: skip
            yield estimate_table(lines, what="first rows", percent=self.results[-1].percent)
            yield note(self.results[-1].note)
        elif isinstance(self.results[-1], Result):
            yield facts({"first rows": preview([f"{rows:,}" for rows in self.rows], "number")})
            yield section("Of all rows", self.results[-1]._shown(), is_open=True)

    def series(self, *names: str) -> Series:
        """Values and bounds of an estimate, which names find in results that consist of several.

        See Also
        --------
        mvn_dask.estimation.convergence.Series : What it gives.
        mvn_dask.report : Shows them.

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
    array : dask.array.Array or xarray.DataArray, shape (n,) or (n, …)
        As for `mvn_dask.estimate`, and so are the others.
    statistic : Statistic
        What is estimated.
    columns : str, int, or sequence of them, optional
        Columns that it is estimated of; by default all.
    nan : {"raise", "omit"}
        What to do about missing numbers.
    confidence_level : float
        Probability with which intervals hold the value that is estimated.

    Returns
    -------
    Convergence
        The result of the first 1, 2, 4, … leaves of min(2048, ``stripe_height(columns)``) rows, and of all rows.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        For arguments that make no sense, and a statistic with arrays of its own.

    See Also
    --------
    mvn_dask.estimate : The estimate of all rows alone.
    mvn_dask.report : A page that shows how estimates converge.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Mean
    >>> x = mvn_dask.MultivariateNormal([1.0], 4.0).sample(100_000, seed=1)
    >>> found = convergence(x, Mean(), columns=0)
    >>> found.rows
    (2048, 4096, 8192, 16384, 32768, 65536, 100000)
    >>> found.series().value.round(2)
    array([1.04, 1.03, 1.  , 1.  , 1.01, 1.01, 1.  ])
    """
    if not isinstance(statistic, Request):
        raise ArgumentTypeError(f"`statistic` must be one of mvn_dask.statistics, not {statistic!r}")
    if nan not in ("raise", "omit"):
        raise ArgumentError(f'`nan` must be "raise" or "omit", not {nan!r}')
    question = Question(cast("da.Array", array), statistic, columns)
    (found,) = converge_jointly([question], omit=nan == "omit", confidence_level=confidence_level)
    return found


def converge_jointly(
    questions: Sequence[Question], *, omit: bool = False, confidence_level: float = 0.95
) -> list[Convergence]:
    """The convergence of each question, from shared passes over arrays that have the same rows.

    Raises what `convergence` and `estimate_jointly` raise.
    """
    current_client()  # raises where it cannot be waited for: nothing is computed yet
    sources = {_key(each): row_source(each.array) for each in questions}
    first, *others = sources.values()
    rows = joined_blocks([first, *others]) if others else first.array
    refuse_unreadable_results(rows)
    asked = [
        _Asked.of(each, list(sources).index(_key(each)), sources[_key(each)], confidence_level) for each in questions
    ]
    pending = {(number, stop): part for number, each in enumerate(asked) for stop, part in each.parts.items()}
    found = _in_shared_passes(RowSource(rows), pending, first.leaf_rows, omit=omit)
    return [each.answered({stop: found[number, stop] for stop in each.parts}) for number, each in enumerate(asked)]


def _key(question: Question) -> object:
    """What stands for an array: dask's name, which equal arrays share; of xarray's, itself."""
    array: object = question.array
    return array.name if isinstance(array, da.Array) else id(array)


@dataclass(frozen=True, eq=False)
class _Asked:
    """A question, and what is computed for it."""

    source: RowSource
    """The rows that it is about."""
    numbers: tuple[int, ...]
    """Numbers of its columns."""
    single: bool
    """Whether it is about one column by itself."""
    statistic: Statistic[Any, Any]
    """That of all rows."""
    parts: Mapping[int, Part]
    """By the number of first rows: of all rows and, where a result gives no others, of fewer."""

    @classmethod
    def of(cls, question: Question, array: int, source: RowSource, level: float) -> "_Asked":
        if question.statistic.further_arrays:
            raise ArgumentError("a statistic with `controls` is of several arrays: its convergence is not known")
        numbers, single = column_numbers(question.columns, source)
        leaf_rows = source.leaf_rows

        def prepared(rows: int) -> Statistic[Any, Any]:
            return question.statistic.prepared(Scope(rows, len(numbers), source.array.dtype, level))

        whole = prepared(source.rows)
        if whole.first_rows(source.rows) == source.rows:
            each: dict[int, Statistic[Any, Any]] = {source.rows: Prefixes(whole, source.rows, leaf_rows)}
        else:
            each = {rows: prepared(rows) for rows in prefix_rows(source.rows, leaf_rows)}
        empty = empty_part(source, numbers, array)
        parts = {rows: replace(empty, statistics=(statistic,), stop=rows) for rows, statistic in each.items()}
        return cls(source, numbers, single, whole, parts)

    def answered(self, found: Mapping[int, Any]) -> Convergence:
        """The convergence, from the results of the parts."""
        whole = self.parts[self.source.rows].statistics[0]
        results = dict(found[self.source.rows]) if isinstance(whole, Prefixes) else dict(found)
        if any(isinstance(each, NextPass) for each in results.values()):
            name = type(self.statistic).__name__
            raise ArgumentError(f"{name} looks at rows more than once: its convergence is not known")
        nothing = np.zeros(len(self.numbers) + 1, np.int64)
        labelled = (
            labelled_result(each, self.statistic, nothing, self.source, self.numbers, single=self.single)
            for each in results.values()
        )
        return Convergence(tuple(results), tuple(labelled))


def _in_shared_passes(
    source: RowSource, pending: dict[tuple[int, int], Part], leaf_rows: int, *, omit: bool
) -> dict[tuple[int, int], Any]:
    """Results of parts of one statistic each; passes over all of their rows are made together."""
    found: dict[tuple[int, int], Any] = {}
    while pending:
        looks = {key: part.statistics[0].first_rows(part.stop) for key, part in pending.items()}
        # Passes over few of the rows come first.
        now = {key: look for key, look in looks.items() if look < pending[key].stop} or looks
        parts = [replace(pending[key], stop=look) for key, look in now.items()]
        forests = forests_of(source, parts, columns=None, leaf_rows=leaf_rows, omit=omit)
        for number, key in enumerate(now):
            counted: Any = forests[number].result()
            (result,) = counted.inner
            if isinstance(result, NextPass):
                pending[key] = replace(pending[key], statistics=(result.statistic,))
            else:
                found[key] = result
                del pending[key]
    return found
