import xml.etree.ElementTree as ET

import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.spectrum import Spectrum, spectrum_of
from tests.reporting.samples import COV, Block, estimate, sample

RATE = 1e-3


def spectrum(estimates: Estimates, rate: float = RATE) -> Spectrum:
    found = spectrum_of(estimates, rate)
    assert isinstance(found, Spectrum)
    return found


def test_against_numpy() -> None:
    found = spectrum(estimate(x := sample()))
    deviation = np.sqrt(np.diag(COV))
    scale = np.multiply.outer(deviation, deviation)
    asked, drawn = np.linalg.eigvalsh(COV / scale)[::-1], np.linalg.eigvalsh(np.cov(x.compute().T) / scale)[::-1]
    assert found.asked == pytest.approx(asked)
    assert found.drawn == pytest.approx(drawn)
    assert found.condition_numbers == pytest.approx((asked[0] / asked[-1], drawn[0] / drawn[-1]))
    reach = (2.0 + np.sqrt(2.0 * np.log(2.0 / RATE))) / np.sqrt(len(x) - 1)
    assert found.low == pytest.approx(asked * (1.0 - reach) ** 2)
    assert found.high == pytest.approx(asked * (1.0 + reach) ** 2)
    assert found.outside == 0
    assert found.rank == 4
    picture = ET.fromstring(found.picture or "")  # noqa: S314 our own
    assert [each.findtext("title") for each in picture.iter("circle")] == [
        f"Eigenvalues: number {i + 1}, eigenvalue {value:.4g}" for i, value in enumerate(drawn)
    ]


@pytest.mark.parametrize("rows", [30, 300])
def test_sound_samples_stay_in_the_band(rows: int) -> None:
    """At a rate of a half, at most 4 standard errors more of 60: the bound is an inequality, and mostly far from it."""
    normal = mvn_dask.MultivariateNormal(np.zeros(20), 0.9 ** np.abs(np.subtract.outer(np.arange(20), np.arange(20))))
    left = sum(spectrum(estimate(normal.sample(rows, seed=seed)), 0.5).outside > 0 for seed in range(60))
    assert left <= 30 + 4 * np.sqrt(15)


def test_fewer_rows_than_variables_have_a_band_down_to_0() -> None:
    found = spectrum(estimate(mvn_dask.MultivariateNormal(np.zeros(20), np.eye(20)).sample(10, seed=1)))
    assert (found.low == 0).all()
    assert found.drawn[9:] == pytest.approx(0)
    assert found.condition_numbers == pytest.approx((1.0, np.inf))
    assert found.outside == 0
    assert found.picture is not None


def test_another_correlation_leaves_the_band() -> None:
    def change(numbers: Block) -> Block:
        numbers[:, 1] = numbers[:, 0]
        return numbers

    found = spectrum(estimate(mvn_dask.MultivariateNormal(np.zeros(5), np.eye(5)).sample(5000, seed=1), change))
    assert found.outside == 2
    assert found.drawn[0] > found.high[0]
    assert found.drawn[-1] < found.low[-1]


def test_singular_covariances() -> None:
    cov = np.ones((3, 3))
    cov[2] = cov[:, 2] = 0.0
    cov[2, 2] = 1.0
    found = spectrum(estimate(mvn_dask.MultivariateNormal(np.zeros(3), cov).sample(1000, seed=1)))
    assert found.rank == 2
    assert found.outside == 0
    assert found.condition_numbers[0] == pytest.approx(2.0)


def test_scores_of_a_copula() -> None:
    from scipy.stats import expon

    copula = mvn_dask.GaussianCopula(0.5 * np.eye(3) + 0.5, expon())
    found = spectrum(estimate(copula.sample(5000, seed=1)))
    assert found.asked == pytest.approx([2.0, 0.5, 0.5])
    assert found.outside == 0


def test_why_there_is_none() -> None:
    student = mvn_dask.MultivariateT(np.zeros(3), np.eye(3), 3.0).sample(100, seed=1)
    assert "the covariance of normal scores is not known" in str(spectrum_of(estimate(student), RATE))
    cut = mvn_dask.MultivariateNormal(np.zeros(4), np.eye(4) + 0.2).sample(100, seed=1, chunks=(50, 2))
    assert "no chunk holds all variables" in str(spectrum_of(estimate(cut), RATE))
    assert spectrum_of(estimate(mvn_dask.MultivariateNormal([0.0], 1.0).sample(100, seed=1)), RATE) == ""
    points = mvn_dask.MultivariateNormal(np.zeros(3), np.eye(3)).sample(256, seed=1, points="sobol")
    assert not spectrum(estimate(points)).has_band
