"""Correlations of every pair of columns.

Input: rows. Output: correlations, with their standard errors and intervals. Cost: that of `MeanAndCovariance`.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.readable import plural
from mvn_dask.statistics.base import Scope
from mvn_dask.statistics.cross_products import refuse_too_many_columns, square_of
from mvn_dask.statistics.intervals import fisher_interval
from mvn_dask.statistics.product_statistic import ProductStatistic
from mvn_dask.statistics.results import Estimate

NAMED_COLUMNS = 5
"""Columns without variance that a warning names."""


@dataclass(frozen=True)
class Correlation(ProductStatistic[Estimate]):
    """The correlation of every pair of columns, shape (columns, columns).

    See Also
    --------
    mvn_dask.statistics.MeanAndCovariance : The same in units.

    Notes
    -----
    Intervals are by Fisher's transformation, and standard errors are (1 - r²)/√(n - 1): both rest on independent normal
    rows. A column without variance has no correlation: NaN, with a warning in the result, also on the diagonal.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Correlation
    >>> x = mvn_dask.MultivariateNormal([1.0, 2.0], [[4.0, 1.0], [1.0, 1.0]]).sample(100_000, seed=1)
    >>> mvn_dask.estimate(x, Correlation()).value.round(2)
    array([[1. , 0.5],
           [0.5, 1. ]])
    """

    confidence_level: float = 0.95
    """Probability with which an interval holds the correlation; that of `mvn_dask.estimate` takes its place."""

    def prepared(self, scope: Scope) -> Self:
        refuse_too_many_columns(scope.columns)
        return replace(self, confidence_level=scope.confidence_level)

    def finalize(self, node: Float64Array) -> Estimate:
        count, square = float(node[0]), square_of(node)
        squares = square.diagonal()
        has_variance = (squares > 0) & np.isfinite(squares)
        with np.errstate(all="ignore"):
            roots = np.sqrt(squares)
            value = np.clip(square / roots[:, None] / roots, -1.0, 1.0)
            # Rounding would put it beside 1.
            np.fill_diagonal(value, 1.0)
            value[~has_variance], value[:, ~has_variance] = np.nan, np.nan
            error = (1.0 - value * value) / np.sqrt(count - 1.0 if count > 1 else np.nan)
        interval = fisher_interval(value, np.array(count), self.confidence_level)
        method = "Fisher's transformation: rows are taken to be independent and normal"
        return Estimate(value, error, interval, int(count), method, warning=_warning(has_variance))


def _warning(has_variance: np.ndarray) -> str | None:
    """What is said of columns without a positive, finite variance."""
    places = np.flatnonzero(~has_variance).tolist()
    if not places:
        return None
    named = ", ".join(map(str, places[:NAMED_COLUMNS])) + (", …" if len(places) > NAMED_COLUMNS else "")
    verb = "has" if len(places) == 1 else "have"
    return f"{plural(len(places), 'column')} ({named}) {verb} no variance, or no finite one, and so no correlation"
