import numpy as np

import mvn_dask
from mvn_dask.reporting.sample_pictures import sample_pictures
from mvn_dask.reporting.verdicts import FAMILIES, verdicts_on
from tests.reporting.samples import COV, MEAN, estimate, sample


def test_points_have_no_pictures_with_bands_of_independent_rows() -> None:
    normal = mvn_dask.MultivariateNormal(MEAN, COV)
    rows, points = estimate(sample()), estimate(normal.sample(2**13, seed=1, points="sobol"))
    limits = {each.family: 1e-4 for each in verdicts_on(rows)}
    assert len(FAMILIES) == 7
    shown, less = sample_pictures(rows, limits, 1e-3), sample_pictures(points, limits, 1e-3)
    assert all(shown[name] for name in ("histograms", "qq_plot", "heatmaps", "running_means", "row_blocks"))
    assert [name for name in shown if shown[name] is not None and less[name] is None] == [
        "qq_plot",
        "running_means",
        "row_blocks",
    ]
    assert less["failed_pairs"] == 0


def test_an_empty_sample_has_none() -> None:
    empty = estimate(mvn_dask.MultivariateNormal(np.zeros(1), 1.0).sample(0, seed=1))
    limits = {each.family: 1e-4 for each in verdicts_on(empty)}
    assert not any(value for name, value in sample_pictures(empty, limits, 1e-3).items() if name != "framed_pairs")
