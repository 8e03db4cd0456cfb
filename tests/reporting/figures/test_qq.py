import numpy as np
import pytest
from scipy.stats import chi2

import mvn_dask
from mvn_dask.reporting.figures.qq import accepted_counts, qq_plot
from mvn_dask.reporting.p_values import binomial_p_value
from tests.reporting.figures.test_marginals import parts
from tests.reporting.samples import COV, MEAN, Block, estimate, sample


def points(picture: str) -> Block:
    shown = [*parts(picture, "point"), *parts(picture, "point failed")]
    found = sorted([float(each.attrib["cx"]), float(each.attrib["cy"])] for each in shown)
    return np.array(found, np.float64)


def test_points_of_a_sound_sample_lie_on_the_diagonal() -> None:
    picture = qq_plot(estimate(sample()), 1e-6)
    assert picture is not None
    found = points(picture)
    (x, y), (right, top) = (
        map(float, step.split()) for step in parts(picture, "expected")[0].attrib["d"][1:].split("L")
    )
    across, up = (found[:, 0] - x) / (right - x), (found[:, 1] - y) / (top - y)
    assert len(found) > 30
    assert not parts(picture, "point failed")
    assert across[:-8] == pytest.approx(up[:-8], abs=0.03)


def test_heavy_tails_leave_the_diagonal() -> None:
    def heavy(numbers: Block) -> Block:
        numbers -= MEAN
        numbers *= np.sqrt(3.0 / np.random.default_rng(0).chisquare(5, (len(numbers), 1)))
        numbers += MEAN
        return numbers

    picture = qq_plot(estimate(sample(), heavy), 1e-6)
    assert picture is not None
    last = points(picture)[-1]
    assert parts(picture, "point failed")
    (_, _), (right, top) = (
        map(float, step.split()) for step in parts(picture, "expected")[0].attrib["d"][1:].split("L")
    )
    assert last[0] < 0.6 * right
    assert last[1] < top + 40


@pytest.mark.parametrize("total", [1, 10, 40_000])
def test_the_band_is_what_the_test_accepts(total: int) -> None:
    p = chi2.cdf(np.linspace(0.1, 30, 50), 4)
    least, most = accepted_counts(p, total, 1e-4)
    assert (binomial_p_value(least, total, p, p) >= 1e-4).all()
    assert (binomial_p_value(most, total, p, p) >= 1e-4).all()
    assert (binomial_p_value(least[least > 0] - 1, total, p[least > 0], p[least > 0]) < 1e-4).all()
    assert (binomial_p_value(most[most < total] + 1, total, p[most < total], p[most < total]) < 1e-4).all()


def test_nothing_to_show() -> None:
    assert qq_plot(estimate(sample(0)), 1e-6) is None
    assert qq_plot(estimate(mvn_dask.MultivariateNormal(MEAN, COV).sample(100, seed=1, chunks=(50, 2))), 1e-6) is None
    assert qq_plot(estimate(sample(1)), 1e-6) is None
    assert qq_plot(estimate(sample(2)), 1e-6) is not None
