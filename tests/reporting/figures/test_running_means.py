import numpy as np

import mvn_dask
from mvn_dask.reporting.figures.running_means import MEANS_SHOWN, farthest_off, running_means
from tests.reporting.figures.test_marginals import parts
from tests.reporting.samples import Block, estimate, sample


def shift(numbers: Block) -> Block:
    numbers[20_000:, 2] += 0.5
    return numbers


def test_those_farthest_off_come_first() -> None:
    assert farthest_off(estimate(sample(), shift))[0] == 2
    many = estimate(mvn_dask.MultivariateNormal(np.zeros(30), 1.0).sample(1000, seed=1))
    chosen = farthest_off(many)
    assert len(chosen) == MEANS_SHOWN
    assert np.abs(many.mean_errors[chosen]).min() >= np.delete(np.abs(many.mean_errors), chosen).max()


def test_lines_and_their_names() -> None:
    estimates = estimate(sample(), shift)
    picture = running_means(estimates, 1e-6)
    assert picture is not None
    assert len(parts(picture, "running t0")) == 1
    assert [each.text for each in parts(picture, "name t0")] == ["no. 2"]
    heights = [float(step.split()[1]) for step in parts(picture, "running t0")[0].attrib["d"][1:].split("L")]
    assert len(heights) == estimates.selection.segments
    middle = float(parts(picture, "expected")[0].attrib["d"].split()[1].split("L")[0])
    # Level until half of the rows, then up, which is towards 0 in a picture.
    assert abs(heights[31] - middle) < 30
    assert middle - heights[-1] > 80


def test_names_do_not_cover_each_other() -> None:
    picture = running_means(estimate(mvn_dask.MultivariateNormal(np.zeros(30), 1.0).sample(4000, seed=1)), 1e-6)
    assert picture is not None
    places = sorted(float(parts(picture, f"name t{i}")[0].attrib["y"]) for i in range(MEANS_SHOWN))
    assert min(np.diff(places)) > 12.9


def test_nothing_to_show() -> None:
    assert running_means(estimate(sample(20)), 1e-6) is None
    assert running_means(estimate(mvn_dask.MultivariateNormal([1.0], 0.0).sample(4000, seed=1)), 1e-6) is None
