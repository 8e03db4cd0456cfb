import base64
import io
import xml.etree.ElementTree as ET

import matplotlib.image
import numpy as np
import pytest

import mvn_dask
from mvn_dask.display.pixels import diverging
from mvn_dask.reporting.figures.heatmaps import MOST_MARKED, heatmaps, most_extreme, pair_order
from tests.reporting.samples import Block, estimate, sample


def test_cells() -> None:
    estimates = estimate(sample())
    shown = heatmaps(estimates)
    assert [caption for caption, _ in shown] == ["Sample", "Expected", "Difference, in standard errors"]
    order = pair_order(estimates)
    assert order is not None
    assert order.tolist() == [1, 0, 2, 3]
    expected = [
        each[np.ix_(order, order)]
        for each in (estimates.correlation, estimates.reference.correlation, estimates.covariance_errors)
    ]
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
        names = [each for each in root.iter("text") if "style" in each.attrib]
        assert [each.text for each in names if "transform" not in each.attrib] == expected
        # Of few variables below the columns as well.
        assert [each.text for each in names if "transform" in each.attrib] == (expected if d < 300 else [])


def test_forty_names_in_the_order_of_clusters() -> None:
    """Twenty pairs of twins, whose own order has them far from one another."""
    correlation = np.eye(40) + 0.8 * (np.abs(np.subtract.outer(np.arange(40), np.arange(40))) == 20)
    names = [f"{kind} {i}" for kind in ("first", "second") for i in range(20)]
    estimates = estimate(mvn_dask.MultivariateNormal(np.zeros(40), correlation, names=names).sample(500, seed=1))
    order = pair_order(estimates)
    assert order is not None
    assert sorted(order.tolist()) == list(range(40))
    assert all(abs(i - j) == 20 for i, j in order.reshape(20, 2).tolist())
    root = ET.fromstring(heatmaps(estimates)[0][1])  # noqa: S314 our own
    written = [each.text for each in root.iter("text") if "style" in each.attrib]
    assert written == 2 * [names[i] for i in order]
    titles = [each.findtext("title") for each in root.iter("path") if each.find("title") is not None]
    assert titles[1] == f"{names[order[0]]}, {names[order[1]]}: {estimates.correlation[order[0], order[1]]:.2f}"


@pytest.mark.parametrize("name", ["normal", "t"])
def test_a_pair_with_another_correlation_has_a_frame(name: str) -> None:
    def turn(numbers: Block) -> Block:
        numbers[:, 2] = 0.95 * numbers[:, 2] + 0.3122 * numbers[:, 5]
        return numbers

    zero, one = np.zeros(8), np.eye(8)
    drawn = mvn_dask.MultivariateNormal(zero, one) if name == "normal" else mvn_dask.MultivariateT(zero, one, 3.0)
    x = drawn.sample(20_000, seed=1)
    for picture, expected in ((estimate(x), []), (estimate(x, turn), [(2, 5), (5, 2)])):
        root = ET.fromstring(heatmaps(picture, 1e-5)[2][1])  # noqa: S314 our own
        step = 250 / 8
        frames = [each for each in root.iter("rect") if each.attrib["class"] == "marked"]
        places = [(float(each.attrib["y"]), float(each.attrib["x"])) for each in frames]
        assert sorted((round((y - 8) / step), round((x - 56) / step)) for y, x in places) == expected


def test_nothing_to_show() -> None:
    assert heatmaps(estimate(sample(1))) == []
    assert heatmaps(estimate(mvn_dask.MultivariateNormal([1.0], 1.0).sample(100, seed=1))) == []
    assert len(heatmaps(estimate(mvn_dask.MultivariateNormal([1.0, 2.0], 0.0).sample(100, seed=1)))) == 3


def test_the_most_extreme() -> None:
    assert most_extreme(np.array([[np.nan, 2.0], [5.0, np.inf]])) == [(1, 1), (1, 0), (0, 1)]
    assert len(most_extreme(np.ones((10, 10)))) == MOST_MARKED
    assert most_extreme(np.full((2, 2), np.nan)) == []
