from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvn_dask.errors import InvalidDistributionError
from mvn_dask.job.inputs.base import Origin, as_input_array
from mvn_dask.job.inputs.correlations import covariance_from_correlation
from mvn_dask.job.inputs.distribution_inputs import distribution_inputs
from tests.support.job_inputs import job_in


def covariance(correlation: Any, deviations: Any) -> Any:
    return covariance_from_correlation(
        as_input_array(Origin("job.toml", "correlation"), correlation),
        as_input_array(Origin("job.toml", "standard_deviations"), deviations),
    )


@given(st.integers(1, 6), st.integers(0, 1000))
def test_it_is_d_r_d_and_exactly_symmetric(d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((d, d + 1))
    r = np.corrcoef(a).reshape(d, d)
    r = (r + r.T) / 2
    s = rng.lognormal(size=d)
    found = covariance(r, s)
    assert np.array_equal(found, found.T)
    np.testing.assert_allclose(found, np.diag(s) @ r @ np.diag(s), rtol=1e-13)


def test_one_standard_deviation_for_all() -> None:
    assert covariance([[1, 0.5], [0.5, 1]], 2).tolist() == [[4, 2], [2, 4]]
    assert covariance([[1, 0.5], [0.5, 1]], [0, 2]).tolist() == [[0, 0], [0, 4]]


FAULTS: list[tuple[Any, Any, str]] = [
    ([[1, 0.5], [0.5, 0.9]], 1, "correlation: must have ones on its diagonal: correlation[1, 1] is 0.9"),
    ([[1, 1.5], [1.5, 1]], 1, "correlation: must lie between -1 and 1: correlation[0, 1] is 1.5"),
    ([[1, -2], [-2, 1]], 1, "correlation: must lie between -1 and 1: correlation[0, 1] is -2.0"),
    (1, 1, "correlation: must be a square matrix, and its shape is ()"),
    ([1, 1], 1, "correlation: must be a square matrix, and its shape is (2,)"),
    ([[1, 0]], 1, "correlation: must be a square matrix, and its shape is (1, 2)"),
    (np.eye(2), [1, 2, 3], "standard_deviations: has 3 variables, and correlation has 2"),
    (np.eye(2), np.eye(2), "standard_deviations: must be a number or a vector, and its shape is (2, 2)"),
    (np.eye(2), [1, -2], "standard_deviations: must not be negative: standard_deviations[1] is -2.0"),
    (np.eye(2), -2, "standard_deviations: must not be negative: standard_deviations is -2.0"),
    (np.eye(2), [1, 1e200], "standard_deviations: is too large: the square of 1e+200 is no float64"),
]


def test_what_gives_no_covariance() -> None:
    for correlation, deviations, text in FAULTS:
        with pytest.raises(InvalidDistributionError) as caught:
            covariance(correlation, deviations)
        assert str(caught.value) == f"job.toml: distribution.{text}"


def test_rounding_is_no_fault() -> None:
    assert covariance([[1 + 1e-12, 1 + 1e-15], [1 + 1e-15, 1]], 1).shape == (2, 2)


def test_names_from_either(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("a,b\n1,0.5\n0.5,1\n")
    (tmp_path / "s.csv").write_text("a,2\nb,3\n")
    for correlation, deviations in (("r.csv", [2, 3]), ([[1, 0.5], [0.5, 1]], "s.csv"), ("r.csv", "s.csv")):
        one = job_in(tmp_path, mean=0, cov=None, correlation=correlation, standard_deviations=deviations)
        found = distribution_inputs(one)
        assert found.names == ("a", "b")
        assert found.cov.tolist() == [[4, 3], [3, 9]]
