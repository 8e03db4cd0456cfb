import numpy as np

import mvn_dask
from mvn_dask.reporting.trails import SHOWN, trails, worst
from tests.reporting.planting import Block, look, sample
from tests.reporting.test_histograms import parts


def shift(numbers: Block) -> Block:
    numbers[20_000:, 2] += 0.5
    return numbers


def test_the_worst_come_first() -> None:
    assert worst(look(sample(), shift))[0] == 2
    many = look(mvn_dask.MultivariateNormal(np.zeros(30), 1.0).sample(1000, seed=1))
    chosen = worst(many)
    assert len(chosen) == SHOWN
    assert np.abs(many.mean_errors[chosen]).min() >= np.delete(np.abs(many.mean_errors), chosen).max()


def test_lines_and_their_names() -> None:
    findings = look(sample(), shift)
    picture = trails(findings, 1e-6)
    assert picture is not None
    assert len(parts(picture, "trail t0")) == 1
    assert [each.text for each in parts(picture, "name t0")] == ["no. 2"]
    heights = [float(step.split()[1]) for step in parts(picture, "trail t0")[0].attrib["d"][1:].split("L")]
    assert len(heights) == findings.selection.segments
    middle = float(parts(picture, "expected")[0].attrib["d"].split()[1].split("L")[0])
    # Level until half of the rows, then up, which is towards 0 in a picture.
    assert abs(heights[63] - middle) < 30
    assert middle - heights[-1] > 80


def test_names_do_not_cover_each_other() -> None:
    picture = trails(look(mvn_dask.MultivariateNormal(np.zeros(30), 1.0).sample(4000, seed=1)), 1e-6)
    assert picture is not None
    places = sorted(float(parts(picture, f"name t{i}")[0].attrib["y"]) for i in range(SHOWN))
    assert min(np.diff(places)) > 12.9


def test_nothing_to_show() -> None:
    assert trails(look(sample(20)), 1e-6) is None
    assert trails(look(mvn_dask.MultivariateNormal([1.0], 0.0).sample(4000, seed=1)), 1e-6) is None
