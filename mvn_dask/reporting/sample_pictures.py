"""The pictures of a report on a sample, as its templates take them.

Input: estimates, and the error rate of each family of tests. Output: pictures, or None in place of those that have
nothing to show. Cost: some 0.1 s.
"""

from collections.abc import Mapping
from typing import Any

from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.corner_plot import corner_plot
from mvn_dask.reporting.figures.heatmaps import MOST_MARKED, heatmaps, pair_order
from mvn_dask.reporting.figures.marginal_qq import marginal_qq_plots
from mvn_dask.reporting.figures.marginals import histograms
from mvn_dask.reporting.figures.qq import qq_plot
from mvn_dask.reporting.figures.row_blocks import row_blocks
from mvn_dask.reporting.figures.running_means import running_means
from mvn_dask.reporting.figures.spectrum import spectrum_of
from mvn_dask.reporting.pairs import compare_pairs


def sample_pictures(estimates: Estimates, limits: Mapping[str, float], error_rate: float) -> dict[str, Any]:
    """Pictures by the names that templates have for them.

    `limits` are the p-values at which a single test of a family fails, and `error_rate` is that of a family. Bands and
    frames are those of independent rows: points have none.
    """
    points = estimates.selection.has_points
    pair_limit = 0.0 if points else limits["covariances"]
    return {
        "histograms": histograms(estimates, 0.0 if points else limits["marginals"]),
        "marginal_qq_plots": [] if points else marginal_qq_plots(estimates, limits["marginals"]),
        "qq_plot": None if points else qq_plot(estimates, limits["distances"]),
        "heatmaps": heatmaps(estimates, pair_limit),
        "failed_pairs": compare_pairs(estimates).failed(pair_limit),
        "framed_pairs": MOST_MARKED,
        "clustered": pair_order(estimates) is not None,
        "corner_plot": corner_plot(estimates, pair_limit),
        "spectrum": spectrum_of(estimates, error_rate),
        "running_means": None if points else running_means(estimates, limits["means"]),
        "row_blocks": None if points else row_blocks(estimates, limits["drift"], limits["repeated_rows"]),
    }
