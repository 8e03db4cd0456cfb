import xml.etree.ElementTree as ET

import numpy as np
import pytest
from scipy.special import ndtr

import mvn_dask
from mvn_dask.reporting.figures.corner_plot import CornerPlot, corner_plot, worst_variables
from tests.reporting.samples import Block, estimate, sample

LIMIT = 1e-5


def plot(found: CornerPlot | None) -> tuple[CornerPlot, ET.Element]:
    assert found is not None
    return found, ET.fromstring(found.picture)  # noqa: S314 our own


def test_the_worst_pairs_are_shown_and_framed() -> None:
    def change(numbers: Block) -> Block:
        numbers[:, 6] = np.sqrt(0.98) * numbers[:, 6] + np.sqrt(0.02) * numbers[:, 1]
        return numbers

    normal = mvn_dask.MultivariateNormal(np.zeros(8), 1.0)
    for change_, frames in ((None, 0), (change, 1)):
        found, root = plot(corner_plot(estimate(normal.sample(20_000, seed=2), change_), LIMIT))
        assert found.shown == 4
        assert len(list(root.iter("image"))) == 6
        marked = [each for each in root.iter("rect") if each.attrib.get("class") == "marked"]
        assert len(marked) == frames
    assert {"variable 1", "variable 6"} <= {each.text for each in root.iter("text")}
    assert "variable 6 over variable 1: correlation 0.14" in found.picture


def test_a_joint_fault_that_no_single_variable_shows_leaves_the_ellipses() -> None:
    """Numbers of the second variable are made those of the first, with random signs: uncorrelated, and normal."""

    def change(numbers: Block) -> Block:
        numbers[:, 1] = numbers[:, 0] * np.random.default_rng(0).choice([-1, 1], len(numbers))
        return numbers

    x = mvn_dask.MultivariateNormal([0.0, 0.0], 1.0).sample(9000, seed=1)
    found, _ = plot(corner_plot(estimate(x, change), LIMIT))
    # Rows have the length √2 |z|; those shorter than the radius of one half are 59.5 %, by 4 standard errors.
    share = 2.0 * ndtr(np.sqrt(np.log(2.0))) - 1.0
    assert float(found.within[0][1].rstrip(" %")) == pytest.approx(100.0 * share, abs=2.1)
    assert abs(share - 0.5) > 0.09


def test_worst_variables() -> None:
    p = np.full((6, 6), 0.5)
    p[0, 5] = 1e-9
    p[2, 3] = 1e-3
    assert worst_variables(p) == [0, 2, 3, 5]
    assert worst_variables(np.full((3, 3), np.nan)) == []


def test_nothing_to_show() -> None:
    assert corner_plot(estimate(sample(100)), LIMIT) is None
    assert corner_plot(estimate(mvn_dask.MultivariateNormal(np.zeros(11), 1.0).sample(500, seed=1)), LIMIT) is None
    assert corner_plot(estimate(mvn_dask.MultivariateNormal([0.0, 1.0], [0.0, 1.0]).sample(500, seed=1)), LIMIT) is None
