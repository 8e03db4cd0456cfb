import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

import mvn_dask
from mvn_dask.covariance import Diagonal
from mvn_dask.errors import ArgumentError, ArgumentTypeError


def test_vectors_and_scalars_are_diagonals() -> None:
    scalar = mvn_dask.MultivariateNormal([0, 0, 0], 4.0)
    vector = mvn_dask.MultivariateNormal([0, 0, 0], [4, 4, 4])
    assert isinstance(scalar.covariance, Diagonal)
    np.testing.assert_array_equal(scalar.sample(5, seed=1), vector.sample(5, seed=1))
    whole = mvn_dask.MultivariateNormal([0, 0, 0], 4 * np.eye(3), method="cholesky")
    np.testing.assert_allclose(scalar.sample(5, seed=1).compute(), whole.sample(5, seed=1).compute())


def test_a_million_independent_variables() -> None:
    normal = mvn_dask.MultivariateNormal(np.zeros(10**6), 1.0)
    rows = normal.sample(20, seed=1)
    assert mvn_dask.stripe_height(10**6, 10**6) == 8
    assert abs(float(rows.std()) - 1) < 1e-3


def test_it_is_a_value() -> None:
    mean = np.zeros(2)
    normal = mvn_dask.MultivariateNormal(mean, np.eye(2))
    mean[0] = 7.0
    assert normal.mean[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        normal.mean[0] = 1.0
    with pytest.raises(FrozenInstanceError):
        normal.mean = mean  # type: ignore[misc]
    assert normal.sample(5, seed=1).name == normal.sample(5, seed=1).name
    copy = pickle.loads(pickle.dumps(normal))  # noqa: S301
    assert copy.sample(5, seed=1).name == normal.sample(5, seed=1).name


def test_distributions_of_the_same_numbers_are_equal() -> None:
    cov = [[2.0, 1.0], [1.0, 2.0]]
    normal = mvn_dask.MultivariateNormal([0, 1], cov)
    same = mvn_dask.MultivariateNormal(np.array([-0.0, 1.0]), np.array(cov))
    assert normal == same
    assert len({normal, same, pickle.loads(pickle.dumps(normal))}) == 1  # noqa: S301
    assert mvn_dask.MultivariateNormal([0, 1], 2.0) == mvn_dask.MultivariateNormal([0, 1], [2, 2])
    others = [
        mvn_dask.MultivariateNormal([0, 2], cov),
        mvn_dask.MultivariateNormal([0, 1], [[2.0, 1.0], [1.0, 3.0]]),
        mvn_dask.MultivariateNormal([0, 1], cov, method="eigh"),
        mvn_dask.MultivariateNormal([0, 1], cov, names=["a", "b"]),
        mvn_dask.MultivariateNormal([0], 2.0),
        np.zeros(2),
        None,
    ]
    assert [other for other in others if np.all(normal == other)] == []


def test_names_are_given() -> None:
    normal = mvn_dask.MultivariateNormal([0, 0], 1.0, names=["a", "b"])
    assert normal.names == ("a", "b")
    with pytest.raises(ArgumentError, match="`names` must name every variable"):
        mvn_dask.MultivariateNormal([0, 0], 1.0, names=["a"])


def test_names_come_from_pandas() -> None:
    frame = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"])
    assert mvn_dask.MultivariateNormal([0, 0], frame).names == ("a", "b")
    with pytest.raises(ArgumentError, match="must agree"):
        mvn_dask.MultivariateNormal(pd.Series([0, 0], index=["b", "a"]), frame)


def test_sample_asks_for_a_seed_and_no_generator() -> None:
    normal = mvn_dask.MultivariateNormal([0.0], 1.0)
    with pytest.raises(TypeError, match="seed"):
        normal.sample(3)  # type: ignore[call-overload]
    with pytest.raises(ArgumentTypeError, match="`seed` cannot be Generator"):
        normal.sample(3, seed=mvn_dask.default_rng(1))  # type: ignore[call-overload]
    assert normal.sample(3, seed=None).name != normal.sample(3, seed=None).name


def test_checks_happen_at_once() -> None:
    with pytest.warns(RuntimeWarning, match="positive-semidefinite"):
        mvn_dask.MultivariateNormal([0, 0], [[1, 2], [2, 1]])
    with pytest.raises(ArgumentError, match="mean and cov must have same length"):
        mvn_dask.MultivariateNormal([0, 0], [1, 2, 3])


def test_auto_is_the_default_and_right_in_mixed_units() -> None:
    deviations = np.array([1e-12, 1e-9, 1.0, 1e3, 100.0])
    normal = mvn_dask.MultivariateNormal(
        np.zeros(5), np.outer(deviations, deviations) * (0.5 + 0.5 * np.eye(5)), check_valid="raise"
    )
    # A standard error of 200,000 rows is 0.16 %; seven of them.
    np.testing.assert_allclose(normal.sample(200_000, seed=1).compute().std(axis=0) / deviations, 1.0, atol=0.011)


def test_float32_that_does_not_resolve_the_variation_is_refused() -> None:
    """A mean of 1.7e9, seconds since 1970, and a deviation of 10: float32 numbers are 128 apart there."""
    normal = mvn_dask.MultivariateNormal([0.0, 1.7e9], [1.0, 100.0], names=["price", "time"])
    with pytest.raises(ArgumentError, match=r"float32 is too coarse for variable 1 \(time\).*128 apart.*np\.float64"):
        normal.sample(10, seed=1, dtype="float32")
    assert normal.sample(10, seed=1).shape == (10, 2)
    unnamed = mvn_dask.MultivariateNormal([1.7e9], [1.0])
    with pytest.raises(ArgumentError, match="for variable 0: near"):
        unnamed.sample(1, seed=1, dtype=np.float32)
    with pytest.raises(ArgumentError, match="too coarse"):
        mvn_dask.default_rng(1).multivariate_normal([1.7e9], [[1.0]], dtype=np.float32)


@pytest.mark.parametrize("mean", [1.0, -1.0, 0.0, 3.0e5])
def test_the_limit_is_a_sixteenth_of_a_deviation(mean: float) -> None:
    spacing = float(np.spacing(np.float32(abs(mean))))
    for factor, refused in ((15.9, True), (16.1, False)):
        normal = mvn_dask.MultivariateNormal([mean, 5.0], [(factor * spacing) ** 2, 0.0])
        if refused and mean:
            with pytest.raises(ArgumentError, match="too coarse for variable 0"):
                normal.sample(1, seed=1, dtype="f4")
        elif mean:
            rows = normal.sample(1000, seed=1, dtype="f4").compute()
            assert len(np.unique(rows[:, 0])) > 50
            assert (rows[:, 1] == 5.0).all(), "what is constant may have any mean"
