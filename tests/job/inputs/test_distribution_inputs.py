from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvn_dask.errors import InvalidDistributionError, NotPositiveDefiniteError
from mvn_dask.job.inputs.base import Origin, as_input_array
from mvn_dask.job.inputs.distribution_inputs import covariance_from_correlation, distribution_inputs, distribution_of
from tests.support.job_inputs import job_in

SHAPES: list[tuple[Any, Any, int, tuple[int, ...]]] = [
    (1, 2, 1, ()),
    (1, [4, 9], 2, (2,)),
    (1, [[4, 1], [1, 9]], 2, (2, 2)),
    ([1, 2, 3], 2, 3, ()),
    ([1, 2], [4, 9], 2, (2,)),
    ([1], [[4]], 1, (1, 1)),
]


def test_scalars_are_for_every_variable() -> None:
    for mean, cov, ndim, shape in SHAPES:
        found = distribution_inputs(job_in(Path(), mean=mean, cov=cov))
        assert (found.mean.shape, found.cov.shape, found.names) == ((ndim,), shape, None)
        assert np.array_equal(found.mean, np.broadcast_to(mean, (ndim,)))
        assert distribution_of(job_in(Path(), mean=mean, cov=cov)).ndim == ndim


def test_what_does_not_go_together() -> None:
    for mean, cov, text in [
        ([1, 2, 3], [4, 9], "distribution.mean: has 3 variables, and cov has 2"),
        ([1], [[4, 1], [1, 9]], "distribution.mean: has 1 variable, and cov has 2"),
        (0, [[4, 1]], "distribution.cov: must be a square matrix, and its shape is (1, 2)"),
        ([1, -1], [4, -9], "distribution: "),
    ]:
        with pytest.raises(InvalidDistributionError) as caught:
            distribution_of(job_in(Path(), mean=mean, cov=cov, check_valid="raise"))
        assert str(caught.value).startswith(f"job.toml: {text}")


def test_a_mean_that_is_a_matrix(tmp_path: Path) -> None:
    np.save(tmp_path / "mean.npy", np.eye(2))
    with pytest.raises(
        InvalidDistributionError, match=r"mean.npy: must be a number or a vector, and its shape is \(2, 2\)"
    ):
        distribution_inputs(job_in(tmp_path, mean="mean.npy", cov=1))


def test_names_must_agree(tmp_path: Path) -> None:
    (tmp_path / "mean.csv").write_text("oil,1\ngas,2\n")
    (tmp_path / "same.csv").write_text("oil,gas\n4,1\n1,9\n")
    (tmp_path / "order.csv").write_text("gas,oil\n4,1\n1,9\n")
    (tmp_path / "other.csv").write_text("oil,tin\n4,1\n1,9\n")
    (tmp_path / "more.csv").write_text("oil,gas,tin\n4,9,9\n")
    assert distribution_inputs(job_in(tmp_path, mean="mean.csv", cov="same.csv")).names == ("oil", "gas")
    assert distribution_of(job_in(tmp_path, mean=0, cov="same.csv")).names == ("oil", "gas")
    assert distribution_of(job_in(tmp_path, mean="mean.csv", cov=1)).names == ("oil", "gas")
    for name, text in {
        "order.csv": 'variable 1 is "oil" in one and "gas" in the other (the same names in another order)',
        "other.csv": 'variable 2 is "gas" in one and "tin" in the other',
        "more.csv": "there are 2 of one and 3 of the other",
    }.items():
        with pytest.raises(InvalidDistributionError) as caught:
            distribution_inputs(job_in(tmp_path, mean="mean.csv", cov=name))
        assert str(caught.value) == (
            f"job.toml: distribution.mean: {tmp_path / 'mean.csv'}: the variables must have the same names in the same "
            f"order as in cov: {text}"
        )


def test_the_covariance_is_checked() -> None:
    bad = [[1, 2], [2, 1]]
    with pytest.raises(
        InvalidDistributionError, match=r"^job.toml: distribution: covariance is not symmetric positive"
    ):
        distribution_of(job_in(Path(), mean=0, cov=bad))
    with pytest.raises(NotPositiveDefiniteError, match=r"^job.toml: distribution: "):
        distribution_of(job_in(Path(), mean=0, cov=bad, method="cholesky", check_valid="ignore"))
    with pytest.warns(RuntimeWarning, match="positive-semidefinite"):
        distribution_of(job_in(Path(), mean=0, cov=bad, check_valid="warn"))
    assert distribution_of(job_in(Path(), mean=0, cov=bad, check_valid="ignore")).ndim == 2


def test_the_distribution_is_that_of_the_same_arrays(tmp_path: Path) -> None:
    import mvn_dask

    cov = np.array([[4.0, 1.0], [1.0, 9.0]])
    np.savez(tmp_path / "a.npz", mean=[1.0, 2.0], cov=cov)
    ours = distribution_of(job_in(tmp_path, mean="a.npz", cov="a.npz", method="cholesky"))
    theirs = mvn_dask.MultivariateNormal([1.0, 2.0], cov, method="cholesky")
    assert np.array_equal(ours.sample(10, seed=1).compute(), theirs.sample(10, seed=1).compute())


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
