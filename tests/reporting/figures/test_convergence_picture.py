"""The picture of a convergence."""

import numpy as np

from mvn_dask.estimation.convergence import Series
from mvn_dask.reporting.figures.convergence_picture import convergence_picture
from tests.reporting.figures.test_marginals import parts

ROWS = np.array([2048, 4096, 8192])


def series(value: list[float], half: float = 0.1) -> Series:
    found = np.array(value)
    return Series(ROWS[: len(value)], found, found - half, found + half)


def test_a_line_in_its_band() -> None:
    picture = convergence_picture(series([1.0, 1.2, 1.1]), name="mean-0", what="mean")
    assert picture is not None
    assert len(parts(picture, "band")[0].attrib["d"].split("L")) == 6
    assert len(parts(picture, "running t0")[0].attrib["d"].split("L")) == 3
    assert "From 2,048 to 8,192 rows" in picture


def test_what_is_not_known_lies_beyond_the_frame() -> None:
    given = series([np.nan, 1.2, 1.1])
    given.high[1] = np.inf
    picture = convergence_picture(given, name="mean-0", what="mean")
    assert picture is not None
    assert len(parts(picture, "running t0")[0].attrib["d"].split("L")) == 2
    assert "nan" not in picture
    assert "inf" not in picture


def test_nothing_to_show() -> None:
    assert convergence_picture(series([1.0]), name="mean-0", what="mean") is None
    assert convergence_picture(series([1.0, 1.0, 1.0], 0.0), name="mean-0", what="mean") is None
    assert convergence_picture(series([np.nan] * 3), name="mean-0", what="mean") is None
