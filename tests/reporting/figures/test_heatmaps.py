import base64
import io
import xml.etree.ElementTree as ET

import matplotlib.image
import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.figures.heatmaps import NEGATIVE, POSITIVE, UNKNOWN, data_url, diverging, heatmaps, png
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


def test_another_reader_sees_the_same_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 4)).astype(np.uint8)
    read = matplotlib.image.imread(io.BytesIO(png(pixels)), format="png")
    assert (np.rint(255 * read).astype(int) == pixels).all()
    head, text = data_url(png(pixels)).split(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(text) == png(pixels)


def test_colours() -> None:
    pixels = diverging(np.array([[-9.0, -2.5, 0.0], [2.5, np.inf, np.nan]]), 5.0)
    assert pixels[0, 0].tolist() == [*NEGATIVE, 255]
    assert pixels[0, 1].tolist() == [*NEGATIVE, 128]
    assert pixels[0, 2, 3] == 0
    assert pixels[1, 0].tolist() == [*POSITIVE, 128]
    assert pixels[1, 1].tolist() == [*POSITIVE, 255]
    assert pixels[1, 2].tolist() == [*UNKNOWN, 70]


@pytest.mark.parametrize("background", [0, 255])
def test_full_colours_stand_out_from_any_background(background: int) -> None:
    """At least 3 to 1, which WCAG 2 asks of graphics."""
    for colour in (NEGATIVE, POSITIVE):
        one, other = sorted(luminance(each) for each in (colour, (background,) * 3))
        assert (other + 0.05) / (one + 0.05) > 3


def luminance(colour: tuple[int, ...]) -> float:
    channels = [each / 255 for each in colour]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
