"""What was found in a store, beside what was expected: the numbers behind verdicts and figures."""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from mvn_dask.reporting.expectation import Expectation, Floats
from mvn_dask.reporting.scores import covariance_score, less
from mvn_dask.reporting.selection import Selection
from mvn_dask.reporting.summary import Summary

SUMMATION = 1e-10
"""By how much adding up many numbers may change a mean of products."""


@dataclass(frozen=True, eq=False)
class Findings:
    """Statistics of the chosen variables, in units of their expected standard deviations."""

    selection: Selection
    """What was looked at."""
    expectation: Expectation
    """What it should be."""
    summary: Summary
    """What it is."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.selection.rows

    def name(self, column: int) -> str:
        """Name of a chosen variable, by its position among them; its number where it has none."""
        variable = int(self.selection.columns[column])
        names = self.selection.record.names
        return f"variable {variable:,}" if names is None else names[variable]

    def label(self, column: int) -> str:
        """A name for pictures, where there is less room."""
        variable = int(self.selection.columns[column])
        return f"no. {variable:,}" if self.selection.record.names is None else self.name(column)

    @cached_property
    def shift(self) -> Floats:
        """Means less the expected ones, shape (columns,)."""
        shift: Floats = self.summary.sums / max(1, self.rows)
        return shift

    @property
    def mean_errors(self) -> Floats:
        """The same in standard errors, less what rounding explains."""
        return less(self.shift, self.rounding) * sqrt(self.rows)

    @cached_property
    def ratio(self) -> Floats:
        """Sample variances divided by the expected ones, shape (columns,)."""
        with np.errstate(all="ignore"):
            centred = self.summary.squares - self.summary.sums * self.shift
        return np.where(np.isfinite(centred), np.maximum(centred, 0.0), np.inf) / max(1, self.rows - 1)

    @cached_property
    def covariance(self) -> Floats:
        """Sample covariances of pairs, divided by both expected standard deviations, shape (pairs, pairs)."""
        sums = self.summary.sums[self.selection.paired]
        with np.errstate(all="ignore"):
            centred = self.summary.products - np.multiply.outer(sums, sums / max(1, self.rows))
        return np.where(np.isfinite(centred), centred, np.inf) / max(1, self.rows - 1)

    @cached_property
    def known(self) -> Floats:
        """1 where the covariance of a pair is known and can be tested, shape (pairs, pairs)."""
        testable = self.expectation.testable[self.selection.paired]
        return np.where(self.selection.together & np.logical_and.outer(testable, testable), 1.0, 0.0)

    @cached_property
    def correlation(self) -> Floats:
        """Sample correlations of pairs, NaN where unknown, shape (pairs, pairs)."""
        deviation = np.sqrt(np.diagonal(self.covariance))
        with np.errstate(all="ignore"):
            found = np.clip(self.covariance / np.multiply.outer(deviation, deviation), -1.0, 1.0)
        return np.where(self.known > 0, found, np.nan)

    @cached_property
    def covariance_errors(self) -> Floats:
        """Covariances less the expected ones, in standard errors √((σᵢᵢσⱼⱼ + σᵢⱼ²) / n), NaN where unknown."""
        expected = self.expectation.correlation
        with np.errstate(all="ignore"):
            found = less(self.covariance - expected, self._pair_rounding) / np.sqrt(
                (1.0 + expected**2) / (self.rows - 1)
            )
        return np.where(self.known > 0, found, np.nan)

    @cached_property
    def covariance_scores(self) -> Floats:
        """The same as scores, which are standard normal whatever the number of rows."""
        expected = self.expectation.correlation
        nearer = expected + less(self.covariance - expected, self._pair_rounding)
        return np.where(self.known > 0, covariance_score(nearer, expected, self.rows - 1), np.nan)

    @cached_property
    def segment_rows(self) -> Floats:
        """Rows of each stretch, shape (segments,)."""
        return np.maximum(np.diff(self.selection.starts), 1).astype(np.float64)

    @cached_property
    def segment_errors(self) -> Floats:
        """Means of each stretch in standard errors, less what rounding explains, shape (segments, followed)."""
        means = self.summary.segments / self.segment_rows[:, None]
        return less(means, self.rounding[self.selection.followed]) * np.sqrt(self.segment_rows)[:, None]

    @cached_property
    def running(self) -> Floats:
        """Mean of all rows up to the end of each stretch, less the expected one, shape (segments, followed)."""
        return np.cumsum(self.summary.segments, axis=0) / self.selection.starts[1:, None]

    @cached_property
    def rounding(self) -> Floats:
        """By how many standard deviations rounding may move a number, 0 for what is not tested, shape (columns,)."""
        return np.where(self.expectation.testable, self.expectation.rounding, 0.0)

    @property
    def _pair_rounding(self) -> Floats:
        rounding = self.rounding[self.selection.paired]
        return 2.0 * np.add.outer(rounding, rounding) + SUMMATION
