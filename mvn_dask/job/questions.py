"""What the tables ``[[estimate]]`` of a job ask for. Input: the tables and the sample; output: questions to its rows.

Cost: importing functions of the user's own, and calling them with some rows of the sample.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask.errors import ArgumentError, ArgumentTypeError, JobFileError, MvnDaskError
from mvn_dask.estimation.joint_estimates import Question
from mvn_dask.estimation.row_function import applied, evaluated
from mvn_dask.estimation.row_source import column_numbers, row_source
from mvn_dask.job.inputs.own_functions import own_function
from mvn_dask.job.schema.estimate_table import EstimateTable
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.job.thresholds import threshold
from mvn_dask.readable import plural
from mvn_dask.statistics.base import Request
from mvn_dask.statistics.probability import Probability

CLASSES = {
    "mean": "Mean",
    "moments": "Moments",
    "mean-and-covariance": "MeanAndCovariance",
    "correlation": "Correlation",
    "quantile": "Quantile",
    "value-at-risk": "ValueAtRisk",
    "expected-shortfall": "ExpectedShortfall",
    "probability": "Probability",
    "histogram": "Histogram",
    "extremes": "Extremes",
}
"""Classes of `mvn_dask.statistics` by the words of a job."""


def questions_of(job: JobSpec, sample: da.Array, first: npt.NDArray[Any]) -> list[Question]:
    """The question of each table; `first` are some rows of the sample, shaped as its blocks are.

    Tables that look at the same combination, or the same function, share its array. Raises JobFileError with a line for
    each table that asks for what there is not, or whose function raises an error.
    """
    found: list[Question] = []
    faults: list[object] = []
    arrays = _Arrays(job, sample, first)
    for number, table in enumerate(job.estimates):
        try:
            found.append(_question(job, arrays, f"estimate.{number}", table))
        except JobFileError as error:
            faults += error.args
    if faults:
        raise JobFileError(*faults)
    return found


class _Arrays:
    """The arrays that tables look at, each with what it holds for the first rows."""

    def __init__(self, job: JobSpec, sample: da.Array, first: npt.NDArray[Any]) -> None:
        self._job, self.sample, self.first = job, sample, first
        self._derived: dict[str, tuple[da.Array, npt.NDArray[Any]]] = {}

    def of(self, key: str, table: EstimateTable) -> tuple[da.Array, npt.NDArray[Any]]:
        """The array of a table, and its first rows."""
        known = repr((table.combination, table.function))
        if known not in self._derived:
            self._derived[known] = self._made(key, table)
        return self._derived[known]

    def _made(self, key: str, table: EstimateTable) -> tuple[da.Array, npt.NDArray[Any]]:
        if table.function is not None:
            return self._function(f"{key}.function", table.function)
        if table.combination is not None:
            return self._combination(f"{key}.combination", table.combination)
        return self.sample, self.first

    def _function(self, key: str, text: str) -> tuple[da.Array, npt.NDArray[Any]]:
        place = self._job.place(key)
        function = own_function(place, self._job.folder, text, "a function of rows")
        with _named(place):
            given = _called(place, function, self.first)
            numbers = evaluated(self.first, function=lambda _: given, place=place)
        array = applied(function, self.sample, numbers.shape[1], place)
        # A number of each row is no row of one number.
        return (array[:, 0], numbers[:, 0]) if np.ndim(given) == 1 else (array, numbers)

    def _combination(
        self, key: str, weights: tuple[float, ...] | Mapping[str, float]
    ) -> tuple[da.Array, npt.NDArray[Any]]:
        from mvn_dask.estimation.combination import combine

        flat = self.sample if self.sample.ndim == 2 else self.sample.reshape(len(self.sample), -1)
        columns = flat.shape[1]
        with _named(self._job.place(key), "`weights` "):
            if isinstance(weights, tuple) and len(weights) != columns:
                raise ArgumentError(
                    f"must have a weight for each of {plural(columns, 'column')}: it has {len(weights)}"
                )
            array = combine(flat, dict(weights) if isinstance(weights, Mapping) else list(weights))
        return array, np.zeros(len(self.first))


def _question(job: JobSpec, arrays: _Arrays, key: str, table: EstimateTable) -> Question:
    array, first = arrays.of(key, table)
    if table.column is not None:
        with _named(job.place(f"{key}.column"), "`columns` "):
            (number,), _ = column_numbers(table.column, row_source(array))
        first = first.reshape(len(first), -1)[:, number]
    return Question(array, _statistic(job, key, table, first), table.column)


def _statistic(job: JobSpec, key: str, table: EstimateTable, first: npt.NDArray[Any]) -> Request[Any]:
    arguments = dict(table.arguments)
    if table.event is not None:
        arguments["event"] = _event(job, f"{key}.event", table.event, first)
    kind = getattr(import_module("mvn_dask.statistics"), CLASSES[table.statistic])
    (word,) = arguments or ("statistic",)
    with _named(job.place(f"{key}.{word}"), f"`{word}` "):
        statistic: Request[Any] = kind(**arguments)
        if isinstance(statistic, Probability):
            _called(job.place(f"{key}.{word}"), statistic.hits, first.reshape(len(first), -1).astype(np.float64))
    return statistic


def _event(job: JobSpec, key: str, text: str, first: npt.NDArray[Any]) -> Callable[..., Any]:
    place, found = job.place(key), threshold(text)
    if found is None:
        return own_function(place, job.folder, text, "a function of rows")
    if first.ndim > 1 and first[0].size > 1:
        raise JobFileError(
            f"{place}: compares one number of each row, and there are {first[0].size}: name a column, a combination, "
            'or a function that gives one; or a function "module:name" as the event'
        )
    return found


def _called(place: str, function: Callable[..., Any], rows: npt.NDArray[Any]) -> Any:
    """What a function of the user's own gives of rows; JobFileError if it raises what is no error of ours."""
    try:
        return function(rows)
    except MvnDaskError:
        raise
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise JobFileError(f"{place}: raises an error, of rows of shape {rows.shape}: {text}") from error


@contextmanager
def _named(place: str, own: str = "") -> Iterator[None]:
    """Name the job's file and key in errors about arguments, in place of an argument's own name."""
    try:
        yield
    except (ArgumentError, ArgumentTypeError) as error:
        text = error.text.removeprefix(f"{place} ").removeprefix(own)
        raise JobFileError(f"{place}: {text}") from error
