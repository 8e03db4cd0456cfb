import xml.etree.ElementTree as ET

import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.figures.marginal_qq import marginal_qq_plots
from mvn_dask.reporting.figures.marginals import histograms
from mvn_dask.reporting.marginal_tests import MARGINALS_SHOWN
from tests.reporting.samples import Block, estimate, sample


def parts(picture: str, class_: str) -> list[ET.Element]:
    return [each for each in ET.fromstring(picture).iter() if each.attrib.get("class") == class_]  # noqa: S314 our own


def test_bars_have_the_height_of_their_share() -> None:
    x = sample()
    (_, picture) = histograms(estimate(x))[0]
    steps = [bar.attrib["d"] for bar in parts(picture, "bar")]
    seen = np.histogram(x.compute()[:, 0], np.linspace(-4.5, 4.5, 37))[0]
    heights = [128.0 - float(step.split("V")[1].split("H")[0]) for step in steps]
    scale = (128.0 - 16.0) / max(0.42, 1.04 * seen.max() * 4 / 40_000)
    assert heights == pytest.approx(seen[seen > 0] * 4 / 40_000 * scale, abs=0.011)
    said = [mark.findtext("title", "") for mark in parts(picture, "mark")]
    assert len(said) == 36
    assert "variable 0, 0 to 0.25 standard deviations (0.00 to 0.25): " in said[18]
    assert f"{100 * seen[18] / 40_000:.4g} % of the rows, expected 9.871 %" in said[18]


def test_those_with_the_largest_errors_are_shown_in_their_order() -> None:
    def change(numbers: Block) -> Block:
        numbers[:, [3, 17]] *= 1.5
        return numbers

    estimates = estimate(mvn_dask.MultivariateNormal(np.zeros(30), 1.0).sample(5000, seed=1), change)
    shown = [column for column, _ in histograms(estimates)]
    assert len(shown) == MARGINALS_SHOWN
    assert shown == sorted(shown)
    assert {3, 17} <= set(shown)
    assert shown == [column for column, _ in marginal_qq_plots(estimates, 1e-6)]


def test_nothing_to_show() -> None:
    assert histograms(estimate(sample(0))) == []
    constant = estimate(mvn_dask.MultivariateNormal([0.0, 1.0], [0.0, 1.0]).sample(10, seed=1))
    assert [column for column, _ in histograms(constant)] == [1]


def test_errors_that_fail_have_another_colour_and_those_that_are_cut_a_mark() -> None:
    def change(numbers: Block) -> Block:
        middle = np.abs(numbers[:, 1] - 1.125 * np.sqrt(2.0) - 1.0) < 0.1 * np.sqrt(2.0)
        numbers[middle, 1] = 1.0 + 0.1 * np.sqrt(2.0)
        return numbers

    x = sample()
    sound, faulty = (histograms(estimate(x, each), 1e-6) for each in (None, change))
    assert not any(parts(picture, "error failed") for _, picture in sound)
    failed = {column: parts(picture, "error failed") for column, picture in faulty}
    assert [column for column in failed if failed[column]] == [1]
    # A bar is too high, its triangle above the axis, and the one that it was taken from too low.
    high, low = failed[1]
    assert [each.attrib["d"].count("M") for each in (high, low)] == [2, 2]
    up, down = (float(each.attrib["d"].rpartition("L")[2].split()[1].rstrip("z")) for each in (high, low))
    assert up < 142.0
    assert down > 174.0
