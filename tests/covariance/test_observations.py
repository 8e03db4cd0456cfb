"""What was observed, and the error for variables that determine one another."""

import numpy as np
import pytest

from mvn_dask.covariance.observations import Observations


def test_exact_values_leave_the_other_variables() -> None:
    exact = Observations(np.array([3, 0]), np.zeros(2), None, None)
    np.testing.assert_array_equal(exact.kept(5), [1, 2, 4])
    noisy = Observations(np.array([3, 0]), np.zeros(2), np.ones(2), None)
    np.testing.assert_array_equal(noisy.kept(5), np.arange(5))


@pytest.mark.parametrize(("noise", "cure"), [(None, ", or give the variance of its error as `noise`"), (1.0, "")])
def test_errors_name_the_variable_and_the_way_out(noise: float | None, cure: str) -> None:
    observed = Observations(np.array([1, 0]), np.zeros(2), None if noise is None else np.full(2, noise), ("oil", "gas"))
    assert str(observed.dependent(0)) == f"variable 1 (gas) has no variance: leave it out{cure}"
    text = "variable 0 (oil) has no variance, to rounding, given the variables before it in `which`: leave it out"
    assert str(observed.dependent(1)) == text + cure
