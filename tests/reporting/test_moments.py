import numpy as np

import mvn_dask
from mvn_dask.reporting.moments import correlations, drift, means, spreads
from tests.reporting.planting import Block, look, sample

LIMIT = 0.001 / 6


def test_sound() -> None:
    for family in (means, spreads, correlations, drift):
        verdict = family(look(sample()), LIMIT)
        assert verdict.ok, verdict
    assert means(look(sample()), LIMIT).tests == 4
    assert correlations(look(sample()), LIMIT).tests == 6
    assert drift(look(sample()), LIMIT).tests == 4 * 128


def test_a_shift_is_named() -> None:
    def shift(numbers: Block) -> Block:
        numbers[:, 2] += 0.03
        return numbers

    verdict = means(look(sample(), shift), LIMIT)
    assert not verdict.ok
    assert verdict.words.startswith("variable 2: mean −1.97")
    assert "expected −2.0000, +8." in verdict.words


def test_a_shift_of_some_rows_is_found_along_the_rows() -> None:
    def shift(numbers: Block) -> Block:
        numbers[20_000:20_400, 3] += 0.8
        return numbers

    verdict = drift(look(sample(), shift), LIMIT)
    assert not verdict.ok
    assert verdict.words.startswith("variable 3 in rows 20,000 to 20,312: mean 10.")


def test_a_wrong_variance_is_named() -> None:
    def stretch(numbers: Block) -> Block:
        numbers[:, 1] = 1.0 + 1.05 * (numbers[:, 1] - 1.0)
        return numbers

    verdict = spreads(look(sample(), stretch), LIMIT)
    assert not verdict.ok
    assert verdict.words.startswith("variable 1: 1.48")
    assert "expected 1.414" in verdict.words


def test_a_wrong_sign_is_named() -> None:
    def turn(numbers: Block) -> Block:
        numbers[:, 0] = -numbers[:, 0]
        return numbers

    findings = look(sample(), turn)
    verdict = correlations(findings, LIMIT)
    assert not verdict.ok
    assert verdict.words.startswith("variable 0 and variable 1: correlation −0.35")
    assert "expected 0.3536" in verdict.words
    assert means(findings, LIMIT).ok
    assert spreads(findings, LIMIT).ok


def test_nothing_to_test() -> None:
    single = look(mvn_dask.MultivariateNormal([0.0], 1.0).sample(1, seed=1))
    assert means(single, LIMIT).tests == 1
    assert [family(single, LIMIT).grade for family in (spreads, correlations)] == ["not tested"] * 2
    constant = look(mvn_dask.MultivariateNormal([0.0, 1.0], 0.0).sample(10, seed=1))
    assert [family(constant, LIMIT).grade for family in (means, spreads, correlations, drift)] == ["not tested"] * 4


def test_float32_of_a_large_mean_is_no_fault() -> None:
    """Its rounding, to 0.06, is three standard errors of the mean."""
    normal = mvn_dask.MultivariateNormal([1e6, -1e6], np.array([[100.0, 5.0], [5.0, 200.0]]))
    findings = look(normal.sample(200_000, seed=1, dtype="float32"))
    assert findings.expectation.testable.all()
    for family in (means, spreads, correlations, drift):
        assert family(findings, LIMIT).ok
