"""Statistics of the rows of an array, in one pass: a file each, by the contract of `base.Statistic`."""

from mvn_dask.statistics.base import Statistic
from mvn_dask.statistics.correlation import Correlation
from mvn_dask.statistics.expected_shortfall import ExpectedShortfall
from mvn_dask.statistics.extremes import Extremes
from mvn_dask.statistics.histogram import Histogram
from mvn_dask.statistics.mean import Mean
from mvn_dask.statistics.mean_and_covariance import MeanAndCovariance, MeanAndCovarianceResult
from mvn_dask.statistics.moments import Moments
from mvn_dask.statistics.probability import Probability
from mvn_dask.statistics.quantile import Quantile
from mvn_dask.statistics.value_at_risk import ValueAtRisk

__all__ = [
    "Correlation",
    "ExpectedShortfall",
    "Extremes",
    "Histogram",
    "Mean",
    "MeanAndCovariance",
    "MeanAndCovarianceResult",
    "Moments",
    "Probability",
    "Quantile",
    "Statistic",
    "ValueAtRisk",
]
