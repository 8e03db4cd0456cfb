import base64
import io
import xml.etree.ElementTree as ET

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

import mvn_dask
from mvn_dask.reporting.figures.corner_plot import corner_plot
from mvn_dask.reporting.figures.pair_panels import shaded
from mvn_dask.reporting.pair_densities import pair_scale
from tests.reporting.samples import estimate

LIMIT = 1e-5
COV = np.array([[1.0, 1.2], [1.2, 4.0]])


def texts(picture: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(picture).iter("text")]  # noqa: S314 our own


def test_the_density_and_its_regions() -> None:
    estimates = estimate(x := mvn_dask.MultivariateNormal([1.0, 2.0], COV).sample(20_000, seed=1))
    found = corner_plot(estimates, LIMIT)
    assert found is not None
    assert (found.shown, found.rows) == (2, 20_000)
    root = ET.fromstring(found.picture)  # noqa: S314 our own
    squares = np.einsum("ni,ij,nj->n", y := x.compute() - [1.0, 2.0], np.linalg.inv(COV), y)
    for (level, share), radius in zip(found.within, pair_scale(estimates.reference).radii, strict=True):
        assert float(share.rstrip(" %")) == pytest.approx(100 * np.mean(squares <= radius**2), rel=1e-3)
        assert f"{level} of a sound sample lie within; here {share}" in found.picture
    (image,) = root.iter("image")
    file = base64.b64decode(image.attrib["href"].partition(",")[2])
    pixels = np.rint(255 * matplotlib.image.imread(io.BytesIO(file), format="png"))
    assert estimates.measured.densities is not None
    assert pixels == pytest.approx(shaded(estimates.measured.densities.counts[0][1:-1, 1:-1]))
    assert (image.findtext("title") or "").startswith("variable 1 over variable 0: correlation 0.6")
    # Most of the picture is the density.
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    assert float(image.attrib["width"]) * float(image.attrib["height"]) > 0.5 * width * height


def test_histograms_stand_at_the_sides_of_the_density() -> None:
    estimates = estimate(x := mvn_dask.MultivariateNormal([1.0, 2.0], COV).sample(20_000, seed=1))
    found = corner_plot(estimates, LIMIT)
    assert found is not None
    root = ET.fromstring(found.picture)  # noqa: S314 our own
    above, beside = (each.attrib["d"] for each in root.iter("path") if each.attrib["class"] == "bar")
    counts = [
        np.histogram((column - mean) / deviation, np.linspace(-3.5, 3.5, 49))[0]
        for column, mean, deviation in zip(x.compute().T, (1.0, 2.0), (1.0, 2.0), strict=True)
    ]
    low, heights = (
        float(above.split("V")[-1].rstrip("z")),
        [float(bar.split("V")[1].split("H")[0]) for bar in above.split("M")[1:]],
    )
    assert (low - np.array(heights)) / (low - min(heights)) == pytest.approx(
        counts[0][counts[0] > 0] / counts[0].max(), abs=2e-3
    )
    left, ends = float(beside[1:].split()[0]), [float(bar.split("H")[1].split("V")[0]) for bar in beside.split("M")[1:]]
    assert (np.array(ends) - left) / (max(ends) - left) == pytest.approx(
        counts[1][counts[1] > 0] / counts[1].max(), abs=2e-3
    )


def test_values_stand_beside_standard_deviations() -> None:
    named = mvn_dask.MultivariateNormal([1.0, 20.0], pd.DataFrame(COV, ["oil", "gas"], ["oil", "gas"]))
    found = corner_plot(estimate(named.sample(1000, seed=1)), LIMIT)
    assert found is not None
    shown = texts(found.picture)
    assert {"−1.00", "1.00", "3.00", "16.00", "20.00", "24.00"} <= set(shown)
    assert {"oil, standard deviations, and values", "gas, standard deviations, and values"} <= set(shown)


def test_scores_have_no_values() -> None:
    scored = mvn_dask.MultivariateT([1.0, 20.0], COV, 3.0)
    found = corner_plot(estimate(scored.sample(1000, seed=1)), LIMIT)
    assert found is not None
    assert {"variable 0, scales", "variable 1, scales"} <= set(texts(found.picture))
