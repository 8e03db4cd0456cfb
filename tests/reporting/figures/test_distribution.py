"""Histograms and tails of columns of any law."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mvn_dask.reporting.column_summaries import ColumnSummary
from mvn_dask.reporting.figures.distribution import finite_bins, histogram_picture, tail_picture
from tests.reporting.derived_stores import summaries
from tests.reporting.figures.test_marginals import parts

RNG = np.random.default_rng(1)
LAWS: dict[str, npt.NDArray[Any]] = {
    "normal": RNG.standard_normal(5000),
    "lognormal": np.exp(2.0 * RNG.standard_normal(5000)),
    "Cauchy": RNG.standard_cauchy(5000),
    "mostly zeros": np.where(RNG.random(5000) < 0.95, 0.0, RNG.exponential(size=5000)),
    "integers": RNG.poisson(3.0, 5000),
    "infinite": np.where(RNG.random(5000) < 0.01, np.inf, RNG.standard_normal(5000)),
    "huge": 1e307 * RNG.standard_normal(5000),
    "tiny": 1e-310 * RNG.standard_normal(5000),
    "far away": 1e9 + RNG.standard_normal(5000),
}


def column(numbers: npt.NDArray[Any]) -> ColumnSummary:
    return summaries(numbers, 1000).columns[0]


@pytest.mark.parametrize("name", LAWS)
def test_pictures_of_any_law(name: str) -> None:
    found = column(LAWS[name])
    edges, counts = finite_bins(found)
    assert np.isfinite(edges).all()
    assert counts.sum() == np.isfinite(LAWS[name]).sum()
    for picture in (histogram_picture(found), tail_picture(found, upper=True), tail_picture(found, upper=False)):
        if picture is not None:
            assert "nan" not in picture
            assert "inf" not in picture.replace("infinite", "")
            assert len(picture) < 20_000
    assert (histogram_picture(found) is None) == (name == "tiny")
    if name in {"normal", "lognormal", "Cauchy", "far away"}:
        assert tail_picture(found, upper=True) is not None
        assert tail_picture(found, upper=False) is not None


def test_a_tail_falls_to_the_largest_number() -> None:
    picture = tail_picture(column(LAWS["lognormal"]), upper=True)
    assert picture is not None
    line = [tuple(map(float, each.split())) for each in parts(picture, "running t0")[0].attrib["d"][1:].split("L")]
    assert (np.diff([x for x, _ in line]) >= 0).all()
    assert (np.diff([y for _, y in line]) >= 0).all()
    assert line[-1][0] == 282.0
    assert "on a log scale" in picture


def test_nothing_to_show() -> None:
    constant = column(np.full(100, 3.0))
    assert histogram_picture(constant) is None
    assert tail_picture(constant, upper=True) is None
    missing = column(np.full(100, np.nan))
    assert histogram_picture(missing) is None
    assert tail_picture(missing, upper=False) is None
    assert tail_picture(column(np.arange(5.0)), upper=True) is None
