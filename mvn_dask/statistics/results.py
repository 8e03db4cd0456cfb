"""Results of statistics: an estimate, and how far it may be off.

Input: numbers of a statistic's node. Output: frozen values that print, show themselves in notebooks, and become plain
dictionaries. Cost: none.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from math import prod
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mvn_dask.display.correlation_view import PICTURED, WRITTEN, correlation_view
from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import beside, note, section, warning
from mvn_dask.display.markup import Html
from mvn_dask.display.one_line import OneLine, value_text
from mvn_dask.escaping import printable_lines
from mvn_dask.readable import plural
from mvn_dask.statistics.confidence_interval import ConfidenceInterval
from mvn_dask.statistics.number_lines import (
    Number,
    NumberLine,
    Place,
    estimate_table,
    listed,
    looked_at,
    number_text,
    pair_count,
)


class Result(OneLine, Shown):
    """What a statistic gives: a dataclass whose fields are estimates, arrays and plain values.

    See Also
    --------
    mvn_dask.estimate : Gives results.

    Examples
    --------
    >>> import dask.array as da
    >>> import mvn_dask
    >>> found = mvn_dask.estimate(da.from_array([1.0, 2.0, 3.0]), mvn_dask.statistics.Mean())
    >>> found.to_dict()["value"]
    2.0
    """

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

    def _results(self) -> list[tuple[str, "Result"]]:
        pairs = ((each.name, getattr(self, each.name)) for each in fields(self))  # type: ignore[arg-type]
        return [(name, value) for name, value in pairs if isinstance(value, Result)]

    def __str__(self) -> str:
        return "\n".join(f"{name}: {each}" for name, each in self._results())

    def _shown(self) -> Iterator[Html]:
        parts = self._results()
        estimates = [(name, each) for name, each in parts if isinstance(each, Estimate) and not np.shape(each.value)]
        if len(estimates) == len(parts) and parts:
            lines = [line for name, each in estimates for line in each.lines(name)[0]]
            yield estimate_table(lines, what="", percent=estimates[0][1].percent)
            yield from self._remarks(estimates)
            return
        for name, each in parts:
            yield section(name, each._shown(), str(each._summary()), is_open=True)

    def _remarks(self, estimates: Iterable[tuple[str, "Estimate"]]) -> Iterator[Html]:
        """What single numbers rest on, each remark once."""
        remarks: dict[tuple[str, str | None], list[str]] = {}
        for name, each in estimates:
            remarks.setdefault((each.basis, each.warning), []).append(name)
        for (basis, remark), names in remarks.items():
            of = f"{', '.join(names)}: " if len(remarks) > 1 else ""
            yield note(f"{of}{basis}")
            if remark:
                yield warning(f"{of}{remark}")


@dataclass(frozen=True, eq=False, repr=False)
class Estimate(Result):
    """An estimate of a number, or of one for each column.

    See Also
    --------
    mvn_dask.estimate : Gives it.

    Examples
    --------
    >>> import dask.array as da
    >>> import mvn_dask
    >>> found = mvn_dask.estimate(da.from_array([1.0, 2.0, 3.0]), mvn_dask.statistics.Mean())
    >>> found.value, round(found.standard_error, 4), found.count
    (2.0, 0.5774, 3)
    >>> found.note
    '3 rows; central limit theorem, independent rows'
    """

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

    def _essentials(self) -> Mapping[str, object]:
        interval = self.confidence_interval
        return {
            "value": self.value, "standard_error": self.standard_error,
            "confidence_interval": [interval.low, interval.high], "count": self.count,
        }  # fmt: skip

    def _as_item(self) -> str:
        return f"{value_text(self.value)} ± {value_text(self.standard_error)}"

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

    def lines(self, name: str = "") -> tuple[list[NumberLine], list[NumberLine]]:
        """A line for each number; of many, those of the first and of the last. Of pairs of columns, each has one."""
        first, last = listed(np.shape(self.value), is_symmetric=self._is_symmetric, has_diagonal=self._has_diagonal)
        return [self._line(name, place) for place in first], [self._line(name, place) for place in last]

    def _line(self, name: str, place: Place) -> NumberLine:
        interval = self.confidence_interval
        value, error, low, high = (
            float(np.asarray(each)[place]) for each in (self.value, self.standard_error, interval.low, interval.high)
        )
        counts = np.asarray(self.count)
        count = int(counts[place] if counts.shape == np.shape(self.value) else counts.reshape(-1)[0])
        return NumberLine(
            " ".join(filter(None, (name, ", ".join(self._labels(place))))), value, error, low, high, count
        )

    def _labels(self, place: Place) -> list[str]:
        """What tells a number from the others, along each axis of the value."""
        return [str(step) if self.columns is None else self.columns[step] for step in place]

    @cached_property
    def _is_symmetric(self) -> bool:
        """Whether there is a number for each pair of columns."""
        # Rounding may differ between the halves of a matrix.
        return np.ndim(self.value) == 2 and (
            np.shape(self.value) == np.shape(np.transpose(self.value))
            and np.allclose(self.value, np.transpose(self.value), rtol=1e-12, atol=0.0, equal_nan=True)
        )

    @cached_property
    def _has_diagonal(self) -> bool:
        """Whether the pairs of columns with themselves are estimates: correlations of these are known."""
        errors = np.diagonal(self.standard_error) if self._is_symmetric else np.ones(1)
        return bool((errors > 0).any())

    @property
    def _numbers(self) -> int:
        """How many numbers there are, each pair of columns once."""
        shape = np.shape(self.value)
        return pair_count(shape[0], has_diagonal=self._has_diagonal) if self._is_symmetric else prod(shape)

    def __str__(self) -> str:
        first, last = self.lines()
        hidden = self._numbers - len(first) - len(last)
        more = [f"… {hidden:,} more"] if hidden else []
        return printable_lines([*map(self._text, first), *more, *map(self._text, last), self.note])

    def _text(self, line: NumberLine) -> str:
        label = f"{line.label}: " if line.label else ""
        bounds = f"[{line.low:.6g}, {line.high:.6g}]"
        return f"{label}{line.value:.6g} ± {line.error:.6g}, {self.percent} {bounds}"

    @property
    def percent(self) -> str:
        """The probability of the interval."""
        return f"{100 * self.confidence_interval.level:g} %"

    @property
    def note(self) -> str:
        """What the numbers rest on, and why the interval may mislead."""
        return "; ".join(filter(None, (self.basis, self.warning)))

    @property
    def basis(self) -> str:
        """What the numbers rest on."""
        size = self.effective_sample_size
        parts = [
            looked_at(self.count, self.omitted),
            "" if size is None else f"effective sample size {np.min(size):,.0f}",
            self.method,
        ]
        return "; ".join(filter(None, parts))

    def _summary(self) -> str:
        if not np.shape(self.value):
            error = number_text(self.standard_error, self.standard_error)
            return f"{number_text(self.value, self.standard_error)} ± {error}"
        return plural(self._numbers, "pair" if self._is_symmetric else "number", ",")

    def _shown(self) -> Iterator[Html]:
        first, last = self.lines()
        what = "" if not np.shape(self.value) else self._what
        shown = estimate_table(first, last, self._numbers, what=what, percent=self.percent)
        yield beside(shown, self._picture())
        yield note(self.basis)
        if self.warning:
            yield warning(self.warning)

    @property
    def _what(self) -> str:
        """What labels are of."""
        return "columns" if self._is_symmetric else "column"

    def _picture(self) -> Html:
        """Correlations of the first columns, of pairs."""
        if not self._is_symmetric or (np.diagonal(self.value) < 0.0).any():
            return Html("")
        count = len(self.value)
        shown = min(count, PICTURED)
        labels = [self._labels((place,))[0] for place in range(shown)] if shown <= WRITTEN else []
        return correlation_view(self.value[:shown, :shown], labels, count)


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
