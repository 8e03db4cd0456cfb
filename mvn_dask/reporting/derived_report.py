"""A report about a derived store: columns with their intervals, tails, and where along the rows something changes.

Input: summaries of columns. Output: a `DerivedReport`. Cost: the page some 0.1 s.
"""

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from markupsafe import Markup

from mvn_dask.reporting.base import Report
from mvn_dask.reporting.column_summaries import CONVERGING, ColumnSummaries, ColumnSummary
from mvn_dask.reporting.derived_verdicts import DERIVED_FAMILIES, changes
from mvn_dask.reporting.downloads import csv_lines
from mvn_dask.reporting.figures.along_rows import along_rows
from mvn_dask.reporting.figures.convergence_picture import convergence_picture
from mvn_dask.reporting.figures.distribution import histogram_picture, tail_picture
from mvn_dask.reporting.figures.log_density import log_density_picture
from mvn_dask.reporting.figures.segment_blocks import segment_blocks
from mvn_dask.reporting.figures.svg import render
from mvn_dask.reporting.number_format import number, to_precision
from mvn_dask.reporting.plain_numbers import finite
from mvn_dask.statistics.level_estimate import tuple_of
from mvn_dask.statistics.results import Estimate
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, inner_chunk_count


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DerivedReport(Report):
    """What a store of derived numbers, such as losses, holds."""

    summaries: ColumnSummaries = field(repr=False)
    """The numbers behind verdicts and figures."""

    @property
    def html(self) -> str:
        return str(render("derived.html", **_derived_values(self)))

    @property
    def left_out(self) -> list[str]:
        return self.summaries.selection.left_out()

    @property
    def compared_with(self) -> str:
        return "stores of independent rows"

    @property
    def table(self) -> list[str]:
        heads = ["number", "name", "estimate", "value", "standard_error", "low", "high"]
        lines = (
            [column.number, column.name, name, *finite(numbers)]
            for column in self.summaries.columns
            for name, *numbers in _estimates(column)
        )
        return csv_lines([heads, *lines])

    @property
    def tabled_what(self) -> str:
        return "estimates"

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.common(),
            "expression": self.content["expression"],
            "samples": list(self.content["samples"]),
            "columns": [finite(each.to_dict()) for each in self.summaries.columns],
        }


class ColumnPart(NamedTuple):
    """What the page says of a column."""

    column: ColumnSummary
    """Its numbers."""
    lines: list[tuple[str, str, str, str]]
    """Names of estimates, their values, and the ends of their intervals."""
    notes: list[str]
    """What intervals may mislead for."""
    extremes: list[tuple[str, int, str, int]]
    """Smallest numbers and their rows, largest ones and theirs."""
    pictures: list[tuple[str, Markup]]
    """Captions and pictures."""


def _derived_values(report: DerivedReport) -> dict[str, object]:
    """What the template of the page takes."""
    summaries = report.summaries
    manifest = summaries.selection.manifest
    rate = report.error_rate / len(DERIVED_FAMILIES) / max(1, len(summaries.columns))
    points = summaries.selection.has_points
    tests = {each.family: each.tests for each in report.verdicts}
    limits = [
        report.error_rate / len(DERIVED_FAMILIES) / max(1, tests[each]) for each in ("shares_along", "repeated_rows")
    ]
    return {
        **report.page_values(),
        "segment_blocks": None if points else segment_blocks(summaries, *limits),
        "families": len(DERIVED_FAMILIES),
        "chunks": chunk_count(manifest),
        "inner_chunks": inner_chunk_count(manifest),
        "chunk_bytes": chunk_bytes(manifest),
        # No change is shown where none is tested.
        "parts": [_part(each, 0.0 if points else rate) for each in summaries.columns if each.count],
    }


class ColumnEstimate(NamedTuple):
    """An estimate of a column."""

    name: str
    """What is estimated."""
    value: float
    """The estimate."""
    error: float
    """Its standard error; NaN where it is not known."""
    low: float
    """Lower end of its interval; NaN likewise."""
    high: float
    """Upper end."""


def _estimates(column: ColumnSummary) -> list[ColumnEstimate]:
    """All estimates of a column, in the order in which they are shown."""
    moments, nan = column.moments, math.nan
    # Errors of the shapes are those of normal rows alone.
    shapes = {"Skewness": moments.skewness, "Excess kurtosis": moments.kurtosis}
    levels = {"quantile": column.quantiles, "expected shortfall": column.shortfalls}
    return [
        _estimate("Mean", moments.mean),
        _estimate("Variance", moments.variance),
        *(ColumnEstimate(name, float(each.value), nan, nan, nan) for name, each in shapes.items()),
        *(
            _estimate(f"{100 * level:g} % {what}", found, i)
            for what, found in levels.items()
            for i, level in enumerate(tuple_of(found.levels))
        ),
    ]


def _part(column: ColumnSummary, rate: float) -> ColumnPart:
    moments, extremes = column.moments, column.extremes
    lines = [_line(each) for each in _estimates(column)]
    warned = {"Variance": moments.variance, "Quantiles": column.quantiles, "Expected shortfalls": column.shortfalls}
    notes = [f"{name}: {each.warning}." for name, each in warned.items() if each.warning]
    table = [
        (number(low, 6), int(low_row), number(high, 6), int(high_row))
        for low, low_row, high, high_row in zip(
            extremes.smallest, extremes.smallest_rows, extremes.largest, extremes.largest_rows, strict=True
        )
        if low_row >= 0
    ]
    return ColumnPart(column, lines, notes, table, _pictures(column, rate))


def _estimate(name: str, estimate: Estimate, place: int | None = None) -> ColumnEstimate:
    interval = estimate.confidence_interval
    values = (estimate.value, estimate.standard_error, interval.low, interval.high)
    return ColumnEstimate(name, *(float(each if place is None else each[place]) for each in values))


def _line(estimate: ColumnEstimate) -> tuple[str, str, str, str]:
    """Name, value and ends of the interval, with as many digits as the error leaves sense in."""
    name, value, error, low, high = estimate
    digits = 4 if math.isnan(error) and math.isnan(low) else 6
    numbers = [to_precision(each, error) if error > 0 else number(each, digits) for each in (value, low, high)]
    ends = ["" if math.isnan(each) else text for each, text in zip((low, high), numbers[1:], strict=True)]
    return name, numbers[0], ends[0], ends[1]


def _pictures(column: ColumnSummary, rate: float) -> list[tuple[str, Markup]]:
    """Those that have something to show."""
    quantile = f"{100 * CONVERGING:g} % quantile"
    found = [
        ("Histogram", histogram_picture(column)),
        ("Density, on a log scale", log_density_picture(column)),
        ("Upper tail", tail_picture(column, upper=True)),
        ("Lower tail", tail_picture(column, upper=False)),
        ("Along the rows", along_rows(column, changes(column, rate).tolist())),
        ("Mean, as rows are added", convergence_picture(column.mean_series, name=f"mean-{column.number}", what="mean")),
        (
            f"{quantile}, as rows are added",
            convergence_picture(column.quantile_series, name=f"quantile-{column.number}", what=quantile),
        ),
    ]
    return [(caption, picture) for caption, picture in found if picture is not None]
