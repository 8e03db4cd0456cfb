import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.shape_tests import distances, marginals
from tests.reporting.samples import COV, MEAN, Block, estimate, sample

LIMIT = 0.001 / 6


def heavy(numbers: Block) -> Block:
    """The same mean and covariance, of t with 5 degrees of freedom, in a tenth of the rows."""
    rng = np.random.default_rng(3)
    some = numbers[:4000] - MEAN
    numbers[:4000] = MEAN + some * np.sqrt(3.0 / rng.chisquare(5, (4000, 1)))
    return numbers


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sound(dtype: str) -> None:
    estimates = estimate(sample(dtype=dtype))
    assert marginals(estimates, LIMIT).ok
    assert marginals(estimates, LIMIT).tests == 4 * 63
    assert distances(estimates, LIMIT).ok
    assert distances(estimates, LIMIT).tests > 128


def test_heavy_tails_are_found() -> None:
    estimates = estimate(sample(), heavy)
    assert "more than" in marginals(estimates, LIMIT).text
    assert not distances(estimates, LIMIT).ok
    assert "of the squared distances lie above" in distances(estimates, LIMIT).text


def test_a_shape_of_the_right_moments_is_found() -> None:
    def uniform(numbers: Block) -> Block:
        numbers[:, 0] = np.random.default_rng(1).uniform(-np.sqrt(3), np.sqrt(3), len(numbers))
        return numbers

    verdict = marginals(estimate(sample(), uniform), LIMIT)
    assert not verdict.ok
    assert verdict.text.startswith("variable 0: ")


def test_rows_of_another_scale_are_found_along_the_rows() -> None:
    def scale(numbers: Block) -> Block:
        numbers[10_000:10_400] = MEAN + 1.25 * (numbers[10_000:10_400] - MEAN)
        return numbers

    verdict = distances(estimate(sample(), scale), LIMIT)
    assert not verdict.ok
    assert verdict.text.startswith("the mean squared distance in rows 10,000 to 10,312 is 6.")


def test_singular_covariances() -> None:
    a = np.random.default_rng(0).standard_normal((6, 2))
    for dtype in ("float64", "float32"):
        normal = mvn_dask.MultivariateNormal(np.arange(6.0), a @ a.T)
        verdict = distances(estimate(normal.sample(50_000, seed=1, dtype=dtype)), LIMIT)
        assert verdict.ok, verdict
        assert verdict.tests > 0


def test_what_rounding_hides_is_not_tested() -> None:
    cov = np.diag([1.0, 1e-13])
    normal = mvn_dask.MultivariateNormal([0.0, 1.0], cov)
    verdict = distances(estimate(normal.sample(1000, seed=1, dtype="float32")), LIMIT)
    assert verdict.grade == "not tested"
    assert "rounding of float32" in verdict.text
    assert distances(estimate(normal.sample(1000, seed=1)), LIMIT).grade == "ok"


def test_nothing_to_test() -> None:
    cut = estimate(mvn_dask.MultivariateNormal(MEAN, COV).sample(100, seed=1, chunks=(50, 2)))
    assert distances(cut, LIMIT).text == "nothing to test: no chunk holds whole rows"
    none = estimate(mvn_dask.MultivariateNormal(MEAN, COV).sample(0, seed=1))
    assert [each(none, LIMIT).grade for each in (marginals, distances)] == ["not tested"] * 2
