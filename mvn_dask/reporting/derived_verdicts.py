"""Verdicts on a derived store: whether something changes along its rows, and what is odd about its numbers.

Input: summaries of columns. Output: six verdicts. Nothing is known of the law of the numbers, so that rows are
compared with one another: if they are independent and equally distributed, every order of them is as probable as any
other, and the p-values hold for any law, heavy tails and equal numbers included. Each family has an equal part of
`ERROR_RATE`, and each test an equal part of its family's. Cost: a p-value for each segment, threshold and column.
"""

from collections.abc import Callable
from dataclasses import replace
from math import sqrt

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.readable import plural
from mvn_dask.reporting.bonferroni import bonferroni
from mvn_dask.reporting.certain_verdicts import chunks_verdict
from mvn_dask.reporting.column_summaries import ColumnSegments, ColumnSummaries, ColumnSummary
from mvn_dask.reporting.exchangeability import hypergeometric_p_values, rank_p_values
from mvn_dask.reporting.number_format import number, percent, to_precision
from mvn_dask.reporting.row_repeats import repeated_rows_verdict
from mvn_dask.reporting.verdict import ERROR_RATE, Verdict
from mvn_dask.reporting.verdicts import DEPENDENT_ROWS

NO_SEGMENTS = "nothing to test: too few rows, or no column that varies"
LISTED_COLUMNS = 3
"""Columns that are named, at most."""


def whole_segments(segments: ColumnSegments) -> int:
    """Segments of equally many rows: the last one may have fewer."""
    return len(segments.rows) - int(segments.rows[-1] < segments.rows[0])


def split_p_values(segments: ColumnSegments, numbers: Float64Array) -> Float64Array:
    """p-values of a change of a number of segments before each of them but the first; none where they do not vary."""
    m = whole_segments(segments)
    chosen = numbers[:m]
    if m < 2 or not np.isfinite(chosen).all() or (chosen == chosen[0]).all():
        return np.full(max(0, m - 1), np.nan)
    return rank_p_values(chosen)


def share_p_values(segments: ColumnSegments) -> Float64Array:
    """p-values of counts above thresholds, and of missing numbers, shape (thresholds + 1, 2, segments).

    Each is of one segment and of the segments up to it, compared with all rows.
    """
    missing = segments.rows - segments.counts
    hits = np.concatenate([segments.above.T, missing[None]])
    drawn = np.concatenate([np.broadcast_to(segments.counts, segments.above.T.shape), segments.rows[None]])
    totals = hits.sum(axis=1, keepdims=True), drawn.sum(axis=1, keepdims=True)
    each = hypergeometric_p_values(hits, totals[0], drawn, totals[1])
    up_to = hypergeometric_p_values(np.cumsum(hits, axis=1), totals[0], np.cumsum(drawn, axis=1), totals[1])
    # Those up to the last one are all.
    return np.stack([each, up_to], axis=1)


def _stacked(found: list[Float64Array]) -> Float64Array:
    """Arrays of one shape for each column, with NaN where they have fewer numbers."""
    if not found:
        return np.full((0, 0), np.nan)
    shape = np.max([each.shape for each in found], axis=0)
    stacked = np.full((len(found), *shape), np.nan)
    for row, each in zip(stacked, found, strict=True):
        row[tuple(map(slice, each.shape))] = each
    return stacked


def _of_splits(
    summaries: ColumnSummaries, error_rate: float, family: str, title: str,
    numbers: Callable[[ColumnSegments], Float64Array], describe: Callable[[ColumnSegments, slice], tuple[str, str]],
) -> Verdict:  # fmt: skip
    columns = summaries.columns
    p_values = _stacked([split_p_values(each.segments, numbers(each.segments)) for each in columns])

    def text(column: int, split: int) -> str:
        segments = columns[column].segments
        (what, before), (_, after) = (describe(segments, part) for part in (slice(split + 1), slice(split + 1, None)))
        row = int(segments.rows[: split + 1].sum())
        return f"{columns[column].name}: {what} {before} up to row {row - 1:,}, {after} from there on"

    return bonferroni(family, title, p_values, error_rate, text, NO_SEGMENTS, lambda i, _: (columns[i].number,))


def _mean(segments: ColumnSegments, part: slice) -> tuple[str, str]:
    mean, deviation = _moments(segments, part)
    return "mean", to_precision(mean, deviation / sqrt(max(1, segments.counts[part].sum())))


def _deviation(segments: ColumnSegments, part: slice) -> tuple[str, str]:
    _, deviation = _moments(segments, part)
    return "standard deviation", number(deviation)


def _moments(segments: ColumnSegments, part: slice) -> tuple[float, float]:
    """Mean, and standard deviation around the means of segments."""
    counts = segments.counts[part]
    known = counts > 0
    weights = counts[known].astype(np.float64)
    mean = float(np.average(segments.means[part][known], weights=weights)) if known.any() else np.nan
    spread = np.nan_to_num(segments.variances[part][known])
    return mean, sqrt(float(np.average(spread, weights=weights))) if known.any() else np.nan


def means_along(summaries: ColumnSummaries, error_rate: float) -> Verdict:
    """A change of the mean: ranks of the means of segments, before and after each of these."""
    return _of_splits(summaries, error_rate, "means_along", "Means along the rows", lambda each: each.means, _mean)


def variances_along(summaries: ColumnSummaries, error_rate: float) -> Verdict:
    """A change of the variance: likewise."""
    title = "Variances along the rows"
    return _of_splits(summaries, error_rate, "variances_along", title, lambda each: each.variances, _deviation)


def shares_along(summaries: ColumnSummaries, error_rate: float) -> Verdict:
    """Shares of numbers above thresholds, in single segments as well: the hypergeometric test."""
    columns = summaries.columns
    p_values = _stacked([share_p_values(each.segments) for each in columns])

    def describe(column: int, threshold: int, up_to: int, segment: int) -> str:
        segments = columns[column].segments
        starts = np.concatenate([[0], np.cumsum(segments.rows)])
        part = slice(0 if up_to else segment, segment + 1)
        if threshold < len(segments.thresholds):
            what = f"above {number(segments.thresholds[threshold])}"
            hits, drawn = segments.above[:, threshold], segments.counts
        else:
            what, hits, drawn = "missing (NaN)", segments.rows - segments.counts, segments.rows
        seen, every = hits[part].sum() / max(1, drawn[part].sum()), hits.sum() / max(1, drawn.sum())
        rows = f"rows {starts[part.start]:,} to {starts[part.stop] - 1:,}"
        return f"{columns[column].name}: {percent(seen)} of {rows} are {what}, of all rows {percent(every)}"

    title = "Shares along the rows"
    return bonferroni(
        "shares_along", title, p_values, error_rate, describe, NO_SEGMENTS, lambda i, *_: (columns[i].number,)
    )


def repeated_rows(summaries: ColumnSummaries, error_rate: float) -> Verdict:
    """Rows that come again at one distance, however far apart: `RepeatedRows`."""
    _, places = np.unique(summaries.selection.parts, return_index=True)
    names = [summaries.columns[place].name for place in places.tolist()]
    return repeated_rows_verdict(summaries.repeats, names, error_rate)


def numbers_verdict(summaries: ColumnSummaries) -> Verdict:
    """Missing, infinite and constant numbers: a warning; a fault where a column has no finite one."""
    odd = [each for each in summaries.columns if each.missing or any(each.infinite) or each.constant]
    empty = [each for each in odd if each.count == sum(each.infinite)]
    ok, rows = not empty, summaries.selection.rows
    if not rows or not summaries.columns:
        return Verdict("numbers", "Numbers", ok=True, tests=0, p_value=None, text="there are none")
    listed = (empty or odd)[:LISTED_COLUMNS]
    shown = "; ".join(_oddities(each, rows) for each in listed)
    if len(empty or odd) > LISTED_COLUMNS:
        shown += f"; and {plural(len(empty or odd) - LISTED_COLUMNS, 'column')} more"
    text, named = shown or "every one is finite", tuple(each.number for each in listed)
    return Verdict("numbers", "Numbers", ok, 0, float(ok), text, warning=bool(odd), variables=named)


def _oddities(column: ColumnSummary, rows: int) -> str:
    infinite = sum(column.infinite)
    counts = [f"{column.missing:,} missing (NaN)"] * bool(column.missing) + [f"{infinite:,} infinite"] * bool(infinite)
    texts = [f"{' and '.join(counts)} of {plural(rows, 'number', ',')}"] * bool(counts)
    if column.constant:
        others = "all others are" if counts else f"all {plural(rows, 'number', ',')} are"
        texts.append(f"{others} {number(float(column.extremes.smallest[0]), 6)}")
    return f"{column.name}: {'; '.join(texts)}"


DERIVED_FAMILIES = (means_along, variances_along, shares_along, repeated_rows)
"""Families of tests that share the error rate."""


def verdicts_on_columns(summaries: ColumnSummaries, error_rate: float = ERROR_RATE) -> tuple[Verdict, ...]:
    """All verdicts."""
    own = error_rate / len(DERIVED_FAMILIES)
    found = [family(summaries, own) for family in DERIVED_FAMILIES]
    if summaries.selection.has_points:
        found = [replace(each, ok=True, tests=0, p_value=None, text=DEPENDENT_ROWS) for each in found]
    return (*found, numbers_verdict(summaries), chunks_verdict(summaries.selection.manifest, summaries.chunks))


def changes(column: ColumnSummary, error_rate: float) -> npt.NDArray[np.int64]:
    """Numbers of the segments before which the mean or the variance of a column changes most, if it is significant."""
    found = []
    for numbers in (column.segments.means, column.segments.variances):
        p_values = split_p_values(column.segments, numbers)
        if np.isfinite(p_values).any() and len(p_values) * np.nanmin(p_values) < error_rate:
            found.append(int(np.nanargmin(p_values)) + 1)
    return np.unique(np.array(found, np.int64))
