import re
import xml.etree.ElementTree as ET

import numpy as np
import numpy.typing as npt
import pytest

from mvn_dask.reporting.figures.log_density import log_density_picture
from tests.reporting.derived_stores import summaries


def test_densities_are_those_of_numpy() -> None:
    numbers = np.random.default_rng(0).standard_t(3, (20_000, 1))
    picture = log_density_picture(summaries(numbers).columns[0])
    assert picture is not None
    titles = [each.findtext("title") or "" for each in ET.fromstring(picture).iter("circle")]  # noqa: S314 our own
    shown = [re.search(r"value (\S+), density, on a log scale (\S+)", each) for each in titles]
    points = np.array([[float(text.replace("−", "-")) for text in each.groups()] for each in shown if each])
    assert len(points) >= 10
    # Parts are at least a 48th of the range wide; in the middle a density is that of numpy's histogram.
    width = np.ptp(numbers) / 48
    for middle, density in points[np.abs(points[:, 0]) < 2.0]:
        near = np.abs(numbers - middle) < width / 2
        assert density == pytest.approx(near.mean() / width, rel=0.2)


@pytest.mark.parametrize("numbers", [np.ones((500, 1)), np.full((500, 1), np.nan), np.zeros((0, 1))])
def test_nothing_to_show(numbers: npt.NDArray[np.float64]) -> None:
    assert all(log_density_picture(each) is None for each in summaries(numbers).columns)
