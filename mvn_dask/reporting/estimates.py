"""Estimates from a store compared with what is expected: differences in standard errors.

Input: measurements and their reference. Output: the numbers behind verdicts and figures. Cost: that of arrays of
bounded size, made when they are first used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import sqrt

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.measurements import Measurements
from mvn_dask.reporting.number_format import number, to_precision
from mvn_dask.reporting.p_values import beyond, chi2_p_value, covariance_z, normal_p_value
from mvn_dask.reporting.reference import Reference
from mvn_dask.reporting.selection import Selection

SUMMATION_ERROR = 1e-10
"""By how much adding up many numbers may change a mean of products."""
VALUE_STEP = 0.1
"""Standard deviations that values differ by, at least, where they are shown."""


@dataclass(frozen=True, eq=False)
class Estimates:
    """Statistics of the selected variables, in units of their expected standard deviations."""

    selection: Selection
    """What was looked at."""
    reference: Reference
    """What it should be."""
    measured: Measurements
    """What it is."""
    units: Mapping[int, str] = field(default_factory=dict)
    """Units by the numbers of the variables, where they are known."""

    def name(self, column: int, kind: str = "variable") -> str:
        """Name of a selected variable, by its position among them; its number where it has none."""
        variable = int(self.selection.columns[column])
        label = self.selection.manifest.event.label(variable)
        return f"{kind} {variable:,}" if label is None else label

    def unit(self, column: int) -> str:
        """Unit of a selected variable; an empty text where it is not known."""
        return self.units.get(int(self.selection.columns[column]), "")

    def value_at(self, column: int, deviations: float) -> str:
        """The number so many expected standard deviations from the expected mean, in the variable's own unit."""
        mean, deviation = float(self.reference.mean[column]), float(self.reference.deviation[column])
        return to_precision(mean + deviations * deviation, VALUE_STEP * deviation)

    def range_text(self, column: int, low: float, high: float) -> str:
        """A range in standard deviations from the expected mean, and in the variable's own unit."""
        text = f"{number(low)} to {number(high)} standard deviations"
        if self.reference.laws.of_scores:
            return f"scores {number(low)} to {number(high)}"
        unit = self.unit(column)
        return f"{text} ({self.value_at(column, low)} to {self.value_at(column, high)}{unit and f' {unit}'})"

    @cached_property
    def mean_p_values(self) -> Float64Array:
        """p-values of means, each for itself; NaN where nothing is tested, shape (columns,)."""
        tested = self.reference.testable & (self.selection.rows > 0) & (not self.selection.has_points)
        return np.where(tested, normal_p_value(self.mean_errors), np.nan)

    @cached_property
    def variance_p_values(self) -> Float64Array:
        """p-values of variances, each for itself; NaN where nothing is tested, shape (columns,)."""
        degrees = self.variance_degrees
        p_values = chi2_p_value(self.measured.variance * degrees, degrees, 2.0 * self.rounding)
        tested = self.reference.testable & (degrees > 0) & (not self.selection.has_points)
        return np.where(tested, p_values, np.nan)

    @cached_property
    def mean(self) -> Float64Array:
        """Sample means in the variables' own units, shape (columns,)."""
        return self.reference.mean + self.reference.deviation * self.measured.mean

    @cached_property
    def deviation(self) -> Float64Array:
        """Sample standard deviations in the variables' own units, shape (columns,)."""
        return self.reference.deviation * np.sqrt(self.measured.variance)

    @cached_property
    def mean_errors(self) -> Float64Array:
        """Means less the expected ones and less what rounding explains, in standard errors, shape (columns,)."""
        return beyond(self.measured.mean, self.rounding) * sqrt(self.selection.rows)

    @property
    def variance_errors(self) -> Float64Array:
        """Variances less the expected ones, in standard errors, shape (columns,)."""
        return (self.measured.variance - 1.0) * sqrt(self.variance_degrees / 2.0)

    @property
    def variance_degrees(self) -> float:
        """Degrees of freedom of the χ² distribution that has the mean and the variance of (n - 1) s² / σ²."""
        return max(0, self.selection.rows - 1) / (1.0 + 1.5 * self.reference.laws.kurtosis_excess)

    @property
    def covariance_degrees(self) -> Float64Array:
        """The same for pairs: n - 1 for normal ones, fewer for heavier tails, shape (pairs, pairs)."""
        kurtosis, squared = self.reference.laws.kurtosis_excess, self.reference.correlation**2
        return (self.selection.rows - 1) * (1.0 + squared) / ((1.0 + kurtosis) * (1.0 + squared) + kurtosis * squared)

    @cached_property
    def tested_pairs(self) -> npt.NDArray[np.bool_]:
        """Where the covariance of a pair is measured and can be tested, shape (pairs, pairs)."""
        return self.selection.together & self.testable_pairs & self.reference.laws.pairs_known

    @cached_property
    def testable_pairs(self) -> npt.NDArray[np.bool_]:
        """Where rounding hides neither of a pair, shape (pairs, pairs)."""
        testable = self.reference.testable[self.selection.paired]
        return np.logical_and.outer(testable, testable)

    @cached_property
    @np.errstate(all="ignore")
    def correlation(self) -> Float64Array:
        """Sample correlations of pairs, NaN where not tested, shape (pairs, pairs)."""
        deviation = np.sqrt(np.diagonal(self.measured.covariance))
        found = np.clip(self.measured.covariance / np.multiply.outer(deviation, deviation), -1.0, 1.0)
        return np.where(self.tested_pairs, found, np.nan)

    @cached_property
    @np.errstate(all="ignore")
    def covariance_errors(self) -> Float64Array:
        """Covariances less the factor's, in standard errors, NaN where not tested."""
        # For normal variables √((σᵢᵢσⱼⱼ + σᵢⱼ²) / (n - 1)).
        error = np.sqrt((1.0 + self.reference.correlation**2) / self.covariance_degrees)
        return np.where(self.tested_pairs, self._pair_differences / error, np.nan)

    @cached_property
    def covariance_z(self) -> Float64Array:
        """The same as numbers that are standard normal for any number of rows."""
        expected = self.reference.correlation
        z = covariance_z(expected + self._pair_differences, expected, self.covariance_degrees)
        return np.where(self.tested_pairs, z, np.nan)

    @property
    def _pair_differences(self) -> Float64Array:
        """Covariances less the factor's and less what rounding explains, in products of the factor's deviations."""
        # Not of those asked for, which a factor may miss: a standard error is the factor's, and so is a correlation.
        ratio = self.reference.deviation_ratio
        rounding = self.rounding[self.selection.paired] / ratio
        explained = 2.0 * np.add.outer(rounding, rounding) + SUMMATION_ERROR
        return beyond(self.measured.covariance / ratio[:, None] / ratio - self.reference.correlation, explained)

    @cached_property
    def segment_errors(self) -> Float64Array:
        """Means of segments in standard errors, less what rounding explains, shape (segments, segmented)."""
        rounding = self.rounding[self.selection.segmented]
        return beyond(self.measured.segment_means, rounding) * np.sqrt(self.measured.segment_rows)[:, None]

    @cached_property
    @np.errstate(all="ignore")
    def segment_variances(self) -> Float64Array:
        """Sample variances of segments, of single rows 0, in those expected, shape (segments, segmented)."""
        rows, means = self.measured.segment_rows[:, None], self.measured.segment_means
        scatter = np.maximum(self.measured.segment_mean_squares - means**2, 0.0)
        return np.where(np.isnan(scatter), np.inf, scatter) * (rows / np.maximum(rows - 1, 1))

    @property
    def segment_degrees(self) -> Float64Array:
        """Degrees of freedom as in `variance_degrees`, of each segment, shape (segments, 1)."""
        rows = self.measured.segment_rows[:, None]
        return np.asarray(np.maximum(rows - 1, 0) / (1.0 + 1.5 * self.reference.laws.kurtosis_excess), np.float64)

    @property
    def segment_variance_errors(self) -> Float64Array:
        """Variances of segments less the expected ones, in standard errors, shape (segments, segmented)."""
        return (self.segment_variances - 1.0) * np.sqrt(self.segment_degrees / 2.0)

    @cached_property
    @np.errstate(all="ignore")
    def segment_p_values(self) -> Float64Array:
        """p-values of means and of variances of segments, NaN where not tested, shape (2, segments, segmented)."""
        degrees, rounding = self.segment_degrees, self.rounding[self.selection.segmented]
        of_variances = chi2_p_value(self.segment_variances * degrees, degrees, 2.0 * rounding)
        p_values = np.stack([normal_p_value(self.segment_errors), np.where(degrees > 0, of_variances, np.nan)])
        tested = self.reference.testable[self.selection.segmented] & (self.selection.rows > 0)
        return np.where(tested, p_values, np.nan)

    @cached_property
    def running_means(self) -> Float64Array:
        """Means of all rows up to the end of each segment, less the expected ones, shape (segments, segmented)."""
        rows = self.measured.segment_rows[:, None]
        return np.cumsum(self.measured.segment_means * rows, axis=0) / np.maximum(np.cumsum(rows, axis=0), 1)

    @cached_property
    def rounding(self) -> Float64Array:
        """By how many standard deviations rounding may move a number, 0 for what is not tested, shape (columns,)."""
        return np.where(self.reference.testable, self.reference.rounding, 0.0)


def largest(errors: Float64Array, testable: npt.NDArray[np.bool_], most: int) -> list[int]:
    """Positions of the largest errors of testable variables, at most so many, in that order."""
    order = np.argsort(np.where(testable, -errors, np.inf), kind="stable")[:most]
    return [int(each) for each in order if testable[each]]
