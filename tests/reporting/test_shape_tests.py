from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import mvn_dask
from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.covariance import Covariance, MatrixFactor
from mvn_dask.hashing import digest
from mvn_dask.reporting.shape_tests import distances, marginals
from tests.reporting.samples import COV, MEAN, Block, estimate, sample
from tests.toys.mixture import Mixture
from tests.toys.selection import selection

LIMIT = 0.001 / 6


@dataclass(frozen=True, eq=False)
class WideFactor(MatrixFactor):
    """Of more normals than variables, inverted by the pseudo-inverse."""

    kind: ClassVar[str] = "wide"

    @property
    def rank(self) -> int:
        return int(np.linalg.matrix_rank(self.matrix))

    def whiten(self, x: FloatArray) -> FloatArray:
        return np.asarray(x @ np.linalg.pinv(self.matrix).T)


class Wide(Covariance):
    """Of 3 variables of 8 normals."""

    kind: ClassVar[str] = "wide"
    matrix = np.random.default_rng(0).standard_normal((3, 8))

    @property
    def ndim(self) -> int:
        return 3

    def factorize(self) -> WideFactor:
        return WideFactor(self.matrix)

    def variances(self) -> Float64Array:
        return self.factorize().variances()

    def to_dense(self) -> Float64Array:
        return np.asarray(self.matrix @ self.matrix.T)

    def digest(self) -> str:
        return digest(self.matrix)


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


def test_a_factor_that_cannot_be_inverted_is_not_tested() -> None:
    toy = mvn_dask.MultivariateNormal(np.zeros(4), selection(4, 9))
    estimates = estimate(toy.sample(5000, seed=1))
    verdict = distances(estimates, LIMIT)
    assert (verdict.grade, verdict.tests) == ("not tested", 0)
    assert verdict.text == "not tested: a factor of kind 'selection' cannot be inverted cheaply"
    assert marginals(estimates, LIMIT).tests == 4 * 63


def test_degrees_of_freedom_are_the_rank_where_there_are_more_normals_than_variables() -> None:
    verdict = distances(estimate(mvn_dask.MultivariateNormal(np.zeros(3), Wide()).sample(20_000, seed=1)), LIMIT)
    assert verdict.ok, verdict
    assert verdict.tests > 128


def test_laws_are_those_of_the_distribution() -> None:
    mixture, normal = Mixture(MEAN, COV), mvn_dask.MultivariateNormal(MEAN, COV)
    found = estimate(mixture.sample(40_000, seed=1))
    assert found.reference.kurtosis_excess == 0.5625
    assert [family(found, LIMIT).ok for family in (marginals, distances)] == [True, True]
    other = estimate(normal.sample(40_000, seed=1), lambda _: mixture.sample(40_000, seed=1).compute())
    assert [family(other, LIMIT).ok for family in (marginals, distances)] == [False, False]
