"""Results of statistics: an estimate, and how far it may be off.

Input: numbers of a statistic's node. Output: frozen values that print, show themselves in notebooks, and become plain
dictionaries. Cost: none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from html import escape
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from mvn_dask.readable import plural

# Of one column they are plain numbers; type checkers would have users tell these from arrays at every step.
Number: TypeAlias = Any
"""A float or an int; or float64 or int64 for each column."""
SHOWN = 6
"""Columns that are printed, at most."""


class Result:
    """What a statistic gives: a dataclass whose fields are estimates, arrays and plain values."""

    def described(self, columns: tuple[str, ...] | None, omitted: npt.NDArray[np.int64] | int) -> Self:
        """The same with labels of the columns, and how many missing numbers were left out."""
        parts = {name: each.described(columns, omitted) for name, each in self._results()}
        return replace(self, **parts)  # type: ignore[type-var]

    def warned(self, warning: str) -> Self:
        """The same with a reason why its intervals mislead."""
        return replace(self, **{name: each.warned(warning) for name, each in self._results()})  # type: ignore[type-var]

    def squeezed(self) -> Self:
        """The same for one column, with numbers in place of arrays along the columns."""
        return replace(self, **{name: each.squeezed() for name, each in self._results()})  # type: ignore[type-var]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, texts, lists and dictionaries; None stands for NaN and what there is not."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}  # type: ignore[arg-type]

    def _results(self) -> Iterable[tuple[str, "Result"]]:
        pairs = ((each.name, getattr(self, each.name)) for each in fields(self))  # type: ignore[arg-type]
        return [(name, value) for name, value in pairs if isinstance(value, Result)]

    def __str__(self) -> str:
        return "\n".join(f"{name}: {each}" for name, each in self._results())

    def _repr_html_(self) -> str:
        rows = [(name, each) for name, each in self._results() if isinstance(each, Estimate)]
        return html_table([line for name, each in rows for line in each.lines(name)])


@dataclass(frozen=True)
class ConfidenceInterval:
    """Bounds that hold the value that is estimated with the probability `level`.

    >>> low, high = ConfidenceInterval(0.9, 1.1, 0.95)
    >>> low, high
    (0.9, 1.1)
    """

    low: Number
    """Lower bound, shaped as the value."""
    high: Number
    """Upper bound, shaped as the value."""
    level: float
    """The probability."""

    def __iter__(self) -> Iterator[Number]:
        """Lower and upper bound, so that an interval unpacks as those of scipy do."""
        return iter((self.low, self.high))


@dataclass(frozen=True, eq=False, repr=False)
class Estimate(Result):
    """An estimate of a number, or of one for each column."""

    value: Number
    """The estimate: a float, or float64 of shape (columns,), or (columns, columns) of pairs."""
    standard_error: Number
    """Standard deviation of the estimate, shaped as the value; NaN where it is not known."""
    confidence_interval: ConfidenceInterval
    """Where the estimated value lies."""
    count: Number
    """Rows that it rests on; of each column, if missing numbers were left out of some."""
    method: str
    """What the interval rests on."""
    omitted: Number = 0
    """Missing numbers (NaN) that were left out, or rows with any, for statistics of several columns."""
    effective_sample_size: Number | None = None
    """Rows without weights that would give as small an error, where there are weights."""
    columns: tuple[str, ...] | None = None
    """Labels of the columns, if they have any."""
    warning: str | None = None
    """Why the interval may mislead, if there is a reason."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Estimate) and repr(self.to_dict()) == repr(other.to_dict())

    def __hash__(self) -> int:
        return hash(repr(self.to_dict()))

    def __repr__(self) -> str:
        interval = self.confidence_interval
        value, error, low, high, count = (
            np.array2string(
                np.asarray(each), formatter={"float_kind": "{:.6g}".format}, separator=", ", threshold=SHOWN
            )
            for each in (self.value, self.standard_error, interval.low, interval.high, self.count)
        )
        numbers = f"value={value}, standard_error={error}, confidence_interval=[{low}, {high}], count={count}"
        text = f"{type(self).__name__}({numbers})"
        return " ".join(text.split())

    def described(self, columns: tuple[str, ...] | None, omitted: npt.NDArray[np.int64] | int) -> Self:
        return replace(self, columns=columns, omitted=omitted)

    def warned(self, warning: str) -> Self:
        return replace(self, warning="; ".join(filter(None, (self.warning, warning))))

    def squeezed(self) -> Self:
        low, high = (_first(bound) for bound in (self.confidence_interval.low, self.confidence_interval.high))
        interval = ConfidenceInterval(low, high, self.confidence_interval.level)
        count, omitted = (int(np.reshape(each, -1)[0]) for each in (self.count, self.omitted))
        size = None if self.effective_sample_size is None else _first(self.effective_sample_size)
        return replace(
            self, value=_first(self.value), standard_error=_first(self.standard_error), confidence_interval=interval,
            count=count, omitted=omitted, effective_sample_size=size,
        )  # fmt: skip

    def lines(self, name: str = "") -> list[tuple[str, str, str, str]]:
        """Label, value, standard error and interval of each number, as texts; of many, those of the first ones."""
        shape = np.shape(self.value)
        places = list(np.ndindex(*shape))
        lines = [self._line(name, place) for place in places[:SHOWN]]
        if len(places) > SHOWN:
            lines.append((f"… {len(places) - SHOWN} more", "", "", ""))
        return lines

    def _line(self, name: str, place: tuple[int, ...]) -> tuple[str, str, str, str]:
        labels = self._labels(place)
        interval = self.confidence_interval
        value, error, low, high = (
            f"{np.asarray(each)[place]:.6g}" for each in (self.value, self.standard_error, interval.low, interval.high)
        )
        return " ".join(filter(None, (name, ", ".join(labels)))), value, error, f"[{low}, {high}]"

    def _labels(self, place: tuple[int, ...]) -> list[str]:
        """What tells a number from the others, along each axis of the value."""
        return [str(step) if self.columns is None else self.columns[step] for step in place]

    def __str__(self) -> str:
        lines = [
            (f"{label}: " if label else "") + (f"{value} ± {error}, {self._percent} {bounds}" if value else "")
            for label, value, error, bounds in self.lines()
        ]
        return "\n".join([*lines, self.note])

    @property
    def _percent(self) -> str:
        return f"{100 * self.confidence_interval.level:g} %"

    @property
    def note(self) -> str:
        """What the numbers rest on."""
        count = np.reshape(self.count, -1)
        least, most = int(count.min()), int(count.max())
        rows = plural(most, "row", ",") if least == most else f"{least:,} to {plural(most, 'row', ',')}"
        size = self.effective_sample_size
        parts = [
            rows,
            f"{int(np.sum(self.omitted)):,} missing left out" if np.any(self.omitted) else "",
            "" if size is None else f"effective sample size {np.min(size):,.0f}",
            self.method,
            self.warning or "",
        ]
        return "; ".join(filter(None, parts))

    def _repr_html_(self) -> str:
        return html_table(self.lines(), self._percent) + f"<p>{escape(self.note)}</p>"


def html_table(lines: Iterable[tuple[str, str, str, str]], percent: str = "") -> str:
    """A table of estimates."""
    head = "".join(f"<th>{escape(text)}</th>" for text in ("", "estimate", "standard error", f"{percent} interval"))
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in line) + "</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _first(number: Any) -> float:
    return float(np.reshape(number, -1)[0])


def _plain(value: Any) -> Any:
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, ConfidenceInterval):
        return {"low": _plain(value.low), "high": _plain(value.high), "level": value.level}
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, float) and np.isnan(value):
        return None
    return value
