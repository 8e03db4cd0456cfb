import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import t

import mvn_dask
from mvn_dask.reporting.figures.marginal_qq import marginal_qq_plots, quantiles
from mvn_dask.reporting.marginal_tests import MARGINALS_SHOWN, compare_marginals
from tests.reporting.samples import Block, estimate, sample

LIMIT = 1e-3 / 6 / 252


def points(picture: str, class_: str) -> list[ET.Element]:
    return [each for each in ET.fromstring(picture).iter("circle") if each.attrib["class"] == class_]  # noqa: S314 our own


def test_quantiles_are_those_of_the_law() -> None:
    probability = np.array([1e-12, 0.3, 0.5, 0.999])
    assert quantiles(ndtr, probability) == pytest.approx(ndtri(probability), abs=1e-6)
    assert quantiles(ndtr, np.array([0.0, 1.0])).tolist()[0] == pytest.approx(-40.0)


def test_points_are_the_bounds_of_the_test() -> None:
    estimates = estimate(sample())
    plots, tests = marginal_qq_plots(estimates, LIMIT), compare_marginals(estimates)
    assert [column for column, _ in plots] == [0, 1, 2, 3]
    for column, picture in plots:
        shown = points(picture, "point")
        known = (tests.below[column] > 0) & (tests.below[column] < 40_000)
        assert len(shown) == np.count_nonzero(known)
        expected, seen = ndtri(tests.below[column][known] / 40_000), tests.bounds[known]
        low, high = min(expected[0], seen[0]) - 0.3, max(expected[-1], seen[-1]) + 0.3
        across = [float(each.attrib["cx"]) for each in shown]
        assert across == pytest.approx(34 + (expected - low) / (high - low) * 242, abs=0.02)
        assert points(picture, "point failed") == []
        share = re.search(r"([\d.e-]+) % lie above 2 standard deviations, expected 2.275 %", picture)
        assert share is not None
        index = list(tests.bounds).index(2.0)
        assert float(share[1]) == pytest.approx(100 - tests.below[column][index] / 400, rel=1e-3)


def test_a_heavy_tail_of_one_variable_fails_where_it_is() -> None:
    """A t distribution of 3 degrees of freedom and the right variance: its middle is too narrow, its tails too wide."""

    def change(numbers: Block) -> Block:
        numbers[:, 4] = t(3, scale=3**-0.5).ppf(ndtr(numbers[:, 4]))
        return numbers

    x = mvn_dask.MultivariateNormal(np.zeros(20), 1.0).sample(20_000, seed=1)
    sound, faulty = (marginal_qq_plots(estimate(x, each), LIMIT / 5) for each in (None, change))
    assert len(sound) == len(faulty) == MARGINALS_SHOWN
    assert not any(points(picture, "point failed") for _, picture in sound)
    failed = {column: points(picture, "point failed") for column, picture in faulty}
    assert [column for column in failed if failed[column]] == [4]
    titles = [each.findtext("title") or "" for each in failed[4]]
    assert any("lie below −5 standard deviations, expected 2.867e-05 %" in each for each in titles)
    assert any("lie above 5 standard deviations" in each for each in titles)


def test_nothing_to_show() -> None:
    assert marginal_qq_plots(estimate(sample(0)), LIMIT) == []
    assert marginal_qq_plots(estimate(mvn_dask.MultivariateNormal([0.0], 0.0).sample(10, seed=1)), LIMIT) == []
