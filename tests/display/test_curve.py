import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from mvn_dask.display.curve import CURVE_HEIGHT, CURVE_LEFT, CURVE_WIDTH, POINTS, curve, step_curve


@pytest.mark.parametrize("y", [[1.0, 0.5, 0.25], [1.0, -0.5, 0.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -3.0]])
def test_curves_stay_within_the_picture(y: list[float]) -> None:
    root = ET.fromstring(curve([0, 5, 10], y, "title", "lag"))  # noqa: S314 our own
    (path,) = root.iter("path")
    numbers = [float(each) for each in re.findall(r"[\d.]+", path.attrib["d"])]
    assert numbers[::2] == [CURVE_LEFT, CURVE_LEFT + CURVE_WIDTH / 2, CURVE_LEFT + CURVE_WIDTH]
    assert all(8.0 <= height <= 8.0 + CURVE_HEIGHT for height in numbers[1::2])
    heights = numbers[1::2]
    assert (heights[0] < heights[1]) == (y[0] > y[1])
    assert {"lag", "0", "10"} <= set(root.itertext())


def test_one_point() -> None:
    assert "36.0 8.0" in curve([0], [1.0], "title", "lag")


def test_steps_of_many_bins_are_means() -> None:
    edges, density = np.linspace(0.0, 4.0, 9), np.array([0.0, 1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 0.0])
    (few,) = ET.fromstring(step_curve(edges, density)).iter("path")  # noqa: S314 our own
    assert len(few.attrib["d"].split("L")) == 2 * len(edges)
    many = step_curve(np.linspace(0.0, 4.0, 10_001), np.repeat([1.0, 3.0], 5000))
    (path,) = ET.fromstring(many).iter("path")  # noqa: S314 our own
    assert len(path.attrib["d"].split("L")) <= 2 * (POINTS + 1)
    assert 'aria-label="Density: begins at 0, ends at 0, at least 0, at most 3"' in many
