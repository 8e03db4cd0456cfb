import numpy as np

import mvn_dask
from mvn_dask.reporting.certain_verdicts import factor_verdict, numbers_verdict
from tests.reporting.samples import Block, estimate, sample


def test_numbers_that_are_not_finite_are_located() -> None:
    def change(numbers: Block) -> Block:
        numbers[17, 1] = np.nan
        numbers[20_000:20_005, 3] = -np.inf
        return numbers

    found = numbers_verdict(estimate(sample(), change))
    assert (found.ok, found.variables) == (False, (3,))
    assert found.text == (
        "6 numbers infinite or NaN, of 2 variables, 5 of these of variable 3 in rows 20,000 to 20,624"
    )


def test_a_constant_that_is_none_is_named() -> None:
    def change(numbers: Block) -> Block:
        numbers[77, 1] = 1.5
        return numbers

    x = mvn_dask.MultivariateNormal([1.0, 2.0, 3.0], [4.0, 0.0, 0.0]).sample(1000, seed=1)
    assert numbers_verdict(estimate(x)).ok
    found = numbers_verdict(estimate(x, change))
    assert (found.ok, found.variables) == (False, (1,))
    assert found.text == "1 number of variables without variance not at the mean, such as of variable 1"


def test_a_factor_has_the_variances_asked_for() -> None:
    found = factor_verdict(estimate(sample()))
    assert found.ok
    assert found.text.startswith("every variance is the one asked for")
