import base64
import io
import xml.etree.ElementTree as ET

import matplotlib.image
import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.figures.heatmaps import heatmaps
from mvn_dask.reporting.figures.png import diverging
from tests.reporting.samples import estimate, sample


def test_cells() -> None:
    estimates = estimate(sample())
    shown = heatmaps(estimates)
    assert [caption for caption, _ in shown] == ["Sample", "Expected", "Difference, in standard errors"]
    expected = (estimates.correlation, estimates.reference.correlation, estimates.covariance_errors)
    for (_, picture), values, limit in zip(shown, expected, (1.0, 1.0, 5.0), strict=True):
        root = ET.fromstring(picture)  # noqa: S314 our own
        (image,) = root.findall("image")
        file = base64.b64decode(image.attrib["href"].partition(",")[2])
        read = matplotlib.image.imread(io.BytesIO(file), format="png")
        assert np.rint(255 * read) == pytest.approx(diverging(values, limit))
        written = [each.text for each in root.iter("text") if each.attrib["class"].startswith("cell")]
        assert len(written) == 16


def test_names_and_numbers_of_variables() -> None:
    for d, expected in ((10, [str(i) for i in range(10)]), (300, ["0", "58", "119", "178", "239", "297"])):
        normal = mvn_dask.MultivariateNormal(np.zeros(d), np.eye(d) + 0.1, method="cholesky")
        root = ET.fromstring(heatmaps(estimate(normal.sample(500, seed=1)))[0][1])  # noqa: S314 our own
        assert [each.text for each in root.iter("text") if "style" in each.attrib] == expected


def test_nothing_to_show() -> None:
    assert heatmaps(estimate(sample(1))) == []
    assert heatmaps(estimate(mvn_dask.MultivariateNormal([1.0], 1.0).sample(100, seed=1))) == []
    assert len(heatmaps(estimate(mvn_dask.MultivariateNormal([1.0, 2.0], 0.0).sample(100, seed=1)))) == 3
