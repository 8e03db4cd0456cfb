import numpy as np

import mvn_dask
from mvn_dask.reporting.moment_tests import covariances, drift, means, variances
from tests.reporting.samples import Block, estimate, sample

LIMIT = 0.001 / 6


def test_sound() -> None:
    for family in (means, variances, covariances, drift):
        verdict = family(estimate(sample()), LIMIT)
        assert verdict.ok, verdict
    assert means(estimate(sample()), LIMIT).tests == 4
    assert covariances(estimate(sample()), LIMIT).tests == 6
    assert drift(estimate(sample()), LIMIT).tests == 4 * 128


def test_a_shift_is_named() -> None:
    def shift(numbers: Block) -> Block:
        numbers[:, 2] += 0.03
        return numbers

    verdict = means(estimate(sample(), shift), LIMIT)
    assert not verdict.ok
    assert verdict.text.startswith("variable 2: mean −1.97")
    assert "expected −2.0000, +8." in verdict.text


def test_a_shift_of_some_rows_is_found_along_the_rows() -> None:
    def shift(numbers: Block) -> Block:
        numbers[20_000:20_400, 3] += 0.8
        return numbers

    verdict = drift(estimate(sample(), shift), LIMIT)
    assert not verdict.ok
    assert verdict.text.startswith("variable 3 in rows 20,000 to 20,312: mean 10.")


def test_a_wrong_variance_is_named() -> None:
    def scale(numbers: Block) -> Block:
        numbers[:, 1] = 1.0 + 1.05 * (numbers[:, 1] - 1.0)
        return numbers

    verdict = variances(estimate(sample(), scale), LIMIT)
    assert not verdict.ok
    assert verdict.text.startswith("variable 1: 1.48")
    assert "expected 1.414" in verdict.text


def test_a_wrong_sign_is_named() -> None:
    def turn(numbers: Block) -> Block:
        numbers[:, 0] = -numbers[:, 0]
        return numbers

    estimates = estimate(sample(), turn)
    verdict = covariances(estimates, LIMIT)
    assert not verdict.ok
    assert verdict.text.startswith("variable 0 and variable 1: correlation −0.35")
    assert "expected 0.3536" in verdict.text
    assert means(estimates, LIMIT).ok
    assert variances(estimates, LIMIT).ok


def test_nothing_to_test() -> None:
    single = estimate(mvn_dask.MultivariateNormal([0.0], 1.0).sample(1, seed=1))
    assert means(single, LIMIT).tests == 1
    assert [family(single, LIMIT).grade for family in (variances, covariances)] == ["not tested"] * 2
    constant = estimate(mvn_dask.MultivariateNormal([0.0, 1.0], 0.0).sample(10, seed=1))
    assert [family(constant, LIMIT).grade for family in (means, variances, covariances, drift)] == ["not tested"] * 4


def test_float32_of_a_large_mean_is_no_fault() -> None:
    """Its rounding, to 0.06, is three standard errors of the mean."""
    normal = mvn_dask.MultivariateNormal([1e6, -1e6], np.array([[100.0, 5.0], [5.0, 200.0]]))
    estimates = estimate(normal.sample(200_000, seed=1, dtype="float32"))
    assert estimates.reference.testable.all()
    for family in (means, variances, covariances, drift):
        assert family(estimates, LIMIT).ok
