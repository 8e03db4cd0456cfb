"""What a report says of each column of a derived store, from one pass over its rows.

Input: a store. Output: estimates with their intervals, counts, extremes, segments of the rows, and how estimates
converge, for each column that is looked at. Cost: that of `column_passes`; some 90 ns a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.estimation.convergence import Series, series_of
from mvn_dask.reporting.column_passes import ColumnAnswers, ColumnQuestion, answers_to
from mvn_dask.reporting.column_selection import ColumnSelection
from mvn_dask.statistics.base import Counts
from mvn_dask.statistics.expected_shortfall import ExpectedShortfall
from mvn_dask.statistics.extremes import Extremes, ExtremeValues
from mvn_dask.statistics.graded_histogram import GradedHistogram
from mvn_dask.statistics.level_estimate import LevelEstimate, tuple_of
from mvn_dask.statistics.moments import MomentEstimates, Moments
from mvn_dask.statistics.prefixes import Prefixes, prefix_rows
from mvn_dask.statistics.quantile import Quantile
from mvn_dask.statistics.repeated_rows import RepeatedRows, RowRepeats
from mvn_dask.statistics.repeats import Repeated
from mvn_dask.statistics.segment_moments import SegmentMoments
from mvn_dask.store.reading import Stored

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)
"""Quantiles that are shown."""
SHORTFALLS = (0.9, 0.95, 0.99, 0.999)
"""Levels of the expected shortfalls that are shown."""
CONVERGING = 0.99
"""Quantile whose convergence is shown, one of `QUANTILES`."""
EXTREMES_SHOWN = 5
"""Smallest and largest numbers that are shown."""
REPEATS = 6
"""Place of the rows that come again among the statistics of all rows, behind those of single columns."""

Part = TypeVar("Part")


class ColumnSegments(NamedTuple):
    """A column in consecutive segments of the rows; the last one may have fewer rows."""

    rows: Counts
    """Rows of each, with those whose number is missing, shape (segments,)."""
    counts: Counts
    """Numbers of each that are not missing, shape (segments,)."""
    means: Float64Array
    """Means; NaN where there are no numbers, or infinite ones."""
    variances: Float64Array
    """Sample variances; NaN likewise, and of single numbers."""
    thresholds: Float64Array
    """Numbers that others are compared with, shape (thresholds,)."""
    above: Counts
    """How many are larger, shape (segments, thresholds)."""


@dataclass(frozen=True, eq=False)
class ColumnSummary:
    """What was found in a column."""

    number: int
    """Its number."""
    name: str
    """Its name, or its number as a text."""
    missing: int
    """Missing numbers (NaN), which are left out."""
    infinite: tuple[int, int]
    """Numbers that are -inf, and inf."""
    moments: MomentEstimates
    """Mean, variance, skewness and kurtosis."""
    quantiles: LevelEstimate
    """Those of `QUANTILES`, exactly."""
    shortfalls: LevelEstimate
    """Expected shortfalls of `SHORTFALLS`: means of the largest numbers."""
    extremes: ExtremeValues
    """The smallest and the largest numbers, and their rows."""
    edges: Float64Array
    """Bounds of the bins of its histogram, ascending from -inf to inf, shape (bins + 1,)."""
    counts: Counts
    """Finite numbers in each bin, shape (bins,)."""
    segments: ColumnSegments
    """Along the rows."""
    mean_series: Series
    """How its mean converges."""
    quantile_series: Series
    """How its quantile of `CONVERGING` does."""

    @property
    def count(self) -> int:
        """Numbers that are not missing."""
        return int(self.moments.mean.count)

    @property
    def constant(self) -> bool:
        """Whether there are several numbers, all finite, and all alike."""
        low, high = self.extremes.smallest[0], self.extremes.largest[0]
        return self.count > 1 and bool(np.isfinite(low)) and bool(low == high)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, texts, lists and dictionaries."""
        seen = np.flatnonzero(self.counts)
        bins = slice(int(seen[0]), int(seen[-1]) + 1) if len(seen) else slice(0, 0)
        return {
            "number": self.number,
            "name": self.name,
            "missing": self.missing,
            "infinite": list(self.infinite),
            "moments": self.moments.to_dict(),
            "quantiles": self.quantiles.to_dict(),
            "expected_shortfalls": self.shortfalls.to_dict(),
            "extremes": self.extremes.to_dict(),
            "histogram": {
                "edges": self.edges[bins.start : bins.stop + 1].tolist(),
                "counts": self.counts[bins].tolist(),
            },
            "segments": {name: values.tolist() for name, values in self.segments._asdict().items()},
            "convergence": {
                "mean": {name: values.tolist() for name, values in self.mean_series._asdict().items()},
                f"quantile {CONVERGING}": {
                    name: values.tolist() for name, values in self.quantile_series._asdict().items()
                },
            },
        }


@dataclass(frozen=True, eq=False)
class ColumnSummaries:
    """What was found in a derived store."""

    selection: ColumnSelection
    """What was looked at."""
    columns: tuple[ColumnSummary, ...]
    """Columns that were looked at."""
    chunks: Repeated
    """Fingerprints of chunks, and which of them repeat."""
    repeats: tuple[RowRepeats, ...]
    """Rows that come again, of each part of the columns: those that lie in the same chunks."""


def summaries_of(stored: Stored) -> ColumnSummaries:
    """Read all chunks of a finished store. Raises the errors of `mvn_dask.report`."""
    selection = ColumnSelection(stored.manifest)
    rows, leaf_rows = selection.rows, selection.leaf_rows
    every = ColumnQuestion(
        rows,
        (
            Prefixes(Moments(), rows, leaf_rows),
            Quantile(QUANTILES),
            ExpectedShortfall(SHORTFALLS),
            Extremes(EXTREMES_SHOWN),
            SegmentMoments(leaf_rows),
            GradedHistogram(),
            RepeatedRows(rows),
        ),
    )
    firsts = [ColumnQuestion(few, (Quantile((CONVERGING,)),)) for few in prefix_rows(rows, leaf_rows)[:-1]]
    answers = answers_to(stored, selection, [every, *firsts])
    columns = [_summary(selection, answers, len(firsts), position) for position in range(len(selection.columns))]
    repeats = tuple(answers.results[0, REPEATS, part] for part in np.unique(selection.parts).tolist())
    return ColumnSummaries(selection, tuple(columns), answers.chunks, repeats)


def _summary(selection: ColumnSelection, answers: ColumnAnswers, firsts: int, position: int) -> ColumnSummary:
    part = int(selection.parts[position])
    # Its place among the columns of its part.
    own = int(np.count_nonzero(selection.parts[:position] == part))
    prefixes, quantiles, shortfalls, extremes, segments, histogram = (
        answers.results[0, place, part] for place in range(REPEATS)
    )
    moments = [with_own_warning(one_column(result, own)) for _, result in prefixes]
    every = one_column(quantiles, own)
    if np.isfinite([every.confidence_interval.low, every.confidence_interval.high]).all():
        every = replace(every, warning=None)
    converging = [one_column(answers.results[number, 0, part], own) for number in range(1, 1 + firsts)]
    number = int(selection.columns[position])
    return ColumnSummary(
        number,
        selection.name(number),
        int(answers.missing[position]),
        (int(histogram.infinite[0, own]), int(histogram.infinite[1, own])),
        moments[-1],
        every,
        one_column(shortfalls, own),
        one_column(extremes, own),
        histogram.edges[:, own],
        histogram.counts[:, own],
        ColumnSegments(segments.rows, *(each[..., own] for each in segments[1:])),
        series_of([few for few, _ in prefixes], moments, "mean"),
        _quantile_series([few for few, _ in prefixes], [*converging, every]),
    )


def _quantile_series(rows: Sequence[int], results: Sequence[LevelEstimate]) -> Series:
    """That of `CONVERGING`, which is the only level of all results but the last."""
    places = [tuple_of(each.levels).index(CONVERGING) for each in results]
    singles = [
        replace(
            each,
            value=each.value[place],
            confidence_interval=replace(
                each.confidence_interval,
                low=each.confidence_interval.low[place],
                high=each.confidence_interval.high[place],
            ),
        )
        for each, place in zip(results, places, strict=True)
    ]
    return series_of(rows, singles)


def with_own_warning(moments: MomentEstimates) -> MomentEstimates:
    """Moments of one column, whose variance bears no warning that another column has given reason for."""
    variance = moments.variance
    coarse = variance.standard_error > Moments.COARSE * variance.value
    heavy = moments.kurtosis.value > Moments.HEAVY * variance.count
    return moments if coarse or heavy else replace(moments, variance=replace(variance, warning=None))


def one_column(result: Part, column: int) -> Part:
    """A result of several columns, for one of them: of all arrays, that place along the last axis."""
    if isinstance(result, np.ndarray):
        return cast("Part", result[..., column])
    if not is_dataclass(result) or isinstance(result, type):
        return result
    return replace(result, **{each.name: one_column(getattr(result, each.name), column) for each in fields(result)})
