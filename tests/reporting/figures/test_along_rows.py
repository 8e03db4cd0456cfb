"""Means along the rows, and where they change."""

import numpy as np

from mvn_dask.reporting.figures.along_rows import along_rows
from tests.reporting.derived_stores import summaries
from tests.reporting.figures.test_marginals import parts


def test_points_and_changes() -> None:
    numbers = np.random.default_rng(1).standard_normal(10_000)
    numbers[5000:] += 1.0
    picture = along_rows(summaries(numbers).columns[0], [39])
    assert picture is not None
    assert len(parts(picture, "point")) == -(-10_000 // 128)
    (mark,) = parts(picture, "change")
    # Half way along the axis.
    assert abs(float(mark.attrib["x1"]) - 164.0) < 2.0


def test_nothing_to_show() -> None:
    assert along_rows(summaries(np.arange(50.0)).columns[0], []) is None
    assert along_rows(summaries(np.full(5000, 2.0)).columns[0], []) is None
    assert along_rows(summaries(np.full(5000, np.nan)).columns[0], []) is None
