"""The tables ``[[estimate]]``: a statistic of the sample each, of a column of it, or of a function of its rows."""

import math
from itertools import pairwise
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from mvn_dask.errors import ArgumentError
from mvn_dask.job.quantities import integer
from mvn_dask.job.schema.base import Faults, Positive, Table, Text
from mvn_dask.job.schema.covariance_table import IMPORTED, key_faults, tuple_of
from mvn_dask.job.thresholds import threshold
from mvn_dask.job.toml_format import preview

StatisticName = Literal[
    "mean", "moments", "mean-and-covariance", "correlation", "quantile", "value-at-risk", "expected-shortfall",
    "probability", "histogram", "extremes",
]  # fmt: skip
ARGUMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(get_args(StatisticName), ()),
    "quantile": ("q",),
    "value-at-risk": ("level",),
    "expected-shortfall": ("level",),
    "probability": ("event",),
    "histogram": ("bins",),
    "extremes": ("k",),
}
"""Keys that each statistic requires: the arguments of the class of `mvn_dask.statistics` of that name."""
SUBJECTS = ("column", "combination", "function")
"""Keys that say what is estimated, one of them; without any, all columns."""


def _column(value: object) -> int | str:
    if isinstance(value, str):
        if not value.strip():
            raise ArgumentError("must be the number of a column, or its name, not an empty text")
        return value
    try:
        return integer(value, 0)
    except ArgumentError:
        rule = "must be the number of a column, counted from 0, or its name"
        raise ArgumentError(f"{rule}, not {preview(value)}") from None


def _number(value: object, rule: str) -> float:
    """A finite number as a float."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise ArgumentError(f"must be {rule}, and {preview(value)} is no number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise ArgumentError(f"must be {rule}, and {preview(value)} is not finite in float64")
    return found


def _combination(value: object) -> tuple[float, ...] | dict[str, float]:
    rule = "a list of weights, or a table of columns and their weights"
    if not isinstance(value, (dict, list, tuple)):
        raise ArgumentError(f"must be {rule}, not {preview(value)}")
    if not value:
        raise ArgumentError("must not be empty")
    if isinstance(value, dict):
        return {name: _number(weight, rule) for name, weight in value.items()}
    return tuple(_number(weight, rule) for weight in value)


def _share(value: object) -> float | tuple[float, ...]:
    rule = "a number greater than 0 and less than 1, or a list of these"
    if isinstance(value, (list, tuple)):
        return tuple(_single_share(each, rule) for each in tuple_of(value, "numbers"))
    return _single_share(value, rule)


def _single_share(value: object, rule: str) -> float:
    if not 0.0 < _number(value, rule) < 1.0:
        raise ArgumentError(f"must be {rule}, not {preview(value)}")
    return _number(value, rule)


def _bins(value: object) -> int | tuple[float, ...]:
    if not isinstance(value, (list, tuple)):
        return integer(value, 1)
    rule = "the number of bins, or at least two edges, ascending"
    edges = tuple(_number(edge, rule) for edge in value)
    if len(edges) < 2 or any(right <= left for left, right in pairwise(edges)):
        raise ArgumentError(f"must be {rule}, not {preview(list(edges))}")
    return edges


def _imported(text: str) -> str:
    if not IMPORTED.fullmatch(text):
        raise ArgumentError(f'must be a module and a name in it, as "module:name", not {preview(text)}')
    return text


def _event(text: str) -> str:
    if threshold(text) is None and not IMPORTED.fullmatch(text):
        rule = 'must be a comparison with a number, as "> 3.0" (or >=, <, <=), or a function, as "module:name"'
        raise ArgumentError(f"{rule}, not {preview(text)}")
    return text


def subjects_of(statistic: str) -> tuple[str, ...]:
    """Keys that say what a statistic is of; a correlation is of several columns."""
    return ("function",) if statistic == "correlation" else SUBJECTS


Share = Annotated[float | tuple[float, ...], BeforeValidator(_share)]
"""A number between 0 and 1, or several."""


class EstimateTable(Table):
    """A statistic, and what it is of."""

    statistic: StatisticName = Field(
        description='"mean", "moments", "mean-and-covariance", "correlation", "quantile", "value-at-risk", '
        '"expected-shortfall", "probability", "histogram" or "extremes": a class of mvn_dask.statistics',
        examples=["mean"],
    )
    name: Text | None = Field(default=None, description="what the result is called", examples=["expected loss"])
    column: Annotated[int | str, BeforeValidator(_column)] | None = Field(
        default=None,
        description="column of the sample, by its number, counted from 0, or its name; without column, combination and "
        "function, all columns",
        examples=[0, "oil"],
    )
    combination: Annotated[tuple[float, ...] | dict[str, float], BeforeValidator(_combination)] | None = Field(
        default=None,
        description="instead of column: weights of the columns, whose weighted sum is looked at: a number for each "
        "column, or a table of names of columns and their weights, the others being 0",
        examples=[[0.5, 0.5], {"oil": 0.3, "gas": 0.7}],
    )
    function: Annotated[Text, AfterValidator(_imported)] | None = Field(
        default=None,
        description="instead of column: a function that takes rows, an array of shape (n, columns), and gives a number "
        'of each, or a row of numbers, as "module:name": imported from the folder of the job file, or from Python\'s '
        "path, and called as code of your own",
        examples=["losses:portfolio_loss"],
    )
    q: Share | None = Field(
        default=None, description='of "quantile": the share of values that are not greater, or several', examples=[0.99]
    )
    level: Share | None = Field(
        default=None,
        description='of "value-at-risk" and "expected-shortfall": the level, or several; what is looked at are losses',
        examples=[0.999, [0.99, 0.999]],
    )
    event: Annotated[Text, AfterValidator(_event)] | None = Field(
        default=None,
        description='of "probability": a comparison with a number, or a function that takes rows and gives true or '
        'false of each, as "module:name"',
        examples=["> 3.0", "losses:is_ruin"],
    )
    bins: Annotated[int | tuple[float, ...], BeforeValidator(_bins)] | None = Field(
        default=None,
        description='of "histogram": number of bins between the smallest and the largest value, or their edges',
        examples=[100, [-1.0, 0.0, 1.0]],
    )
    k: Positive | None = Field(default=None, description='of "extremes": how many values of each end', examples=[10])

    def contradictions(self) -> Faults:
        required = ARGUMENTS[self.statistic]
        optional = (*subjects_of(self.statistic), "name")
        faults = key_faults(self, f'statistic = "{self.statistic}"', required, optional)
        first, *others = [key for key in SUBJECTS if getattr(self, key) is not None] or [""]
        return faults + [(key, f"must not be given beside {first}: it is one or the other") for key in others]

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the statistic, as they are written."""
        return {key: getattr(self, key) for key in ARGUMENTS[self.statistic]}

    @property
    def title(self) -> str:
        """What the result is called: the name, or what is estimated of what."""
        if self.name is not None:
            return self.name
        values = [preview(list(value) if isinstance(value, tuple) else value) for value in self.arguments.values()]
        subject = next((f"{key} {preview(self._shown(key))}" for key in SUBJECTS if getattr(self, key) is not None), "")
        return " ".join([self.statistic, *values, *([f"of {subject}"] if subject else [])])

    def _shown(self, key: str) -> object:
        value = getattr(self, key)
        return list(value) if isinstance(value, tuple) else value
