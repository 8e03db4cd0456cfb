import numpy as np
import pytest
from scipy.stats import chi2

import mvn_dask
from mvn_dask.reporting.quantiles import _allowed, quantiles
from mvn_dask.reporting.scores import count_chance
from tests.reporting.planting import COV, MEAN, Block, look, sample
from tests.reporting.test_histograms import parts


def points(picture: str) -> Block:
    found = [[float(each.attrib["cx"]), float(each.attrib["cy"])] for each in parts(picture, "point")]
    return np.array(found, np.float64)


def test_points_of_a_sound_sample_lie_on_the_diagonal() -> None:
    picture = quantiles(look(sample()), 1e-6)
    assert picture is not None
    found = points(picture)
    (x, y), (right, top) = (
        map(float, step.split()) for step in parts(picture, "expected")[0].attrib["d"][1:].split("L")
    )
    across, up = (found[:, 0] - x) / (right - x), (found[:, 1] - y) / (top - y)
    assert len(found) > 30
    assert across[:-8] == pytest.approx(up[:-8], abs=0.03)


def test_heavy_tails_leave_the_diagonal() -> None:
    def heavy(numbers: Block) -> Block:
        numbers -= MEAN
        numbers *= np.sqrt(3.0 / np.random.default_rng(0).chisquare(5, (len(numbers), 1)))
        numbers += MEAN
        return numbers

    picture = quantiles(look(sample(), heavy), 1e-6)
    assert picture is not None
    last = points(picture)[-1]
    (_, _), (right, top) = (
        map(float, step.split()) for step in parts(picture, "expected")[0].attrib["d"][1:].split("L")
    )
    assert last[0] < 0.6 * right
    assert last[1] < top + 40


@pytest.mark.parametrize("total", [1, 10, 40_000])
def test_the_band_is_what_the_test_lets_pass(total: int) -> None:
    p = chi2.cdf(np.linspace(0.1, 30, 50), 4)
    least, most = (each.astype(np.int64) for each in _allowed(p, total, 1e-4))
    assert (count_chance(least, total, p, p) >= 1e-4).all()
    assert (count_chance(most, total, p, p) >= 1e-4).all()
    assert (count_chance(least[least > 0] - 1, total, p[least > 0], p[least > 0]) < 1e-4).all()
    assert (count_chance(most[most < total] + 1, total, p[most < total], p[most < total]) < 1e-4).all()


def test_nothing_to_show() -> None:
    assert quantiles(look(sample(0)), 1e-6) is None
    assert quantiles(look(mvn_dask.MultivariateNormal(MEAN, COV).sample(100, seed=1, chunks=(50, 2))), 1e-6) is None
    assert quantiles(look(sample(1)), 1e-6) is None
    assert quantiles(look(sample(2)), 1e-6) is not None
