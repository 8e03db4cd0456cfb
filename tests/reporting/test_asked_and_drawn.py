"""The comparison has the ranges of all variables, and errors near 1 for a sound sample."""

import re

import numpy as np

import mvn_dask
from mvn_dask.reporting.asked_and_drawn import comparisons
from tests.reporting.samples import Block, estimate, sample


def test_lines_of_a_sound_sample() -> None:
    rows, means, deviations, correlations = comparisons(estimate(sample()))
    assert rows == ("Rows", "40,000 rows", "40,000 rows", "all are finite")
    assert means.asked == "−2 to 10"
    assert (deviations.asked, correlations.what) == ("0.7071 to 2", "Correlations")
    for line in (means, deviations, correlations):
        typical = re.match(r"(\S+) standard errors \(root mean square\), \S+ at most", line.difference)
        assert typical is not None
        assert 0.2 < float(typical[1]) < 2.5


def test_what_is_not_known_has_no_line() -> None:
    assert [each.what for each in comparisons(estimate(sample(0)))] == ["Rows"]
    constant = mvn_dask.MultivariateNormal([0.0, 1.0], 0.0).sample(10, seed=1)
    assert [each.what for each in comparisons(estimate(constant))] == ["Rows"]

    def change(numbers: Block) -> Block:
        numbers[3, 1] = np.nan
        return numbers

    assert comparisons(estimate(sample(), change))[0].difference == "1 number infinite or NaN"
    heavy = mvn_dask.MultivariateT([0.0, 1.0], np.eye(2), df=2).sample(2000, seed=1)
    assert [each.what for each in comparisons(estimate(heavy))][1] == "Means of scores"
