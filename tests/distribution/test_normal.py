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
        normal.sample(3)  # type: ignore[call-arg]
    with pytest.raises(ArgumentTypeError, match="`seed` cannot be Generator"):
        normal.sample(3, seed=mvn_dask.default_rng(1))  # type: ignore[arg-type]
    assert normal.sample(3, seed=None).name != normal.sample(3, seed=None).name


def test_checks_happen_at_once() -> None:
    with pytest.warns(RuntimeWarning, match="positive-semidefinite"):
        mvn_dask.MultivariateNormal([0, 0], [[1, 2], [2, 1]])
    with pytest.raises(ArgumentError, match="mean and cov must have same length"):
        mvn_dask.MultivariateNormal([0, 0], [1, 2, 3])


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("mean", [-0.0, -1e-60])
def test_no_mean_is_minus_zero(mean: float) -> None:
    """Sums with it keep the sign of a zero, which differs between compiled code and numpy's."""
    for cov in ([0.0, 1.0], [[1.0, 1.0], [1.0, 1.0]]):
        normal = mvn_dask.MultivariateNormal([mean, 0.0], cov)
        sampler = normal.sampler(np.dtype("f4"))
        stored = {**sampler.parameters(), "mean": np.array([-0.0, 0.0], "f4")}
        for each in (sampler, type(sampler).from_parameters(sampler.record(), stored)):
            assert not np.signbit(each.location).any()
    rows = mvn_dask.MultivariateNormal([mean, 0.0], [0.0, 1.0]).sample(99, seed=1, dtype="f4").compute()
    assert not np.signbit(rows[:, 0]).any()


def test_records_that_no_normal_distribution_gives() -> None:
    sampler = mvn_dask.MultivariateNormal([0.0, 1.0], 1.0).sampler(np.dtype("f8"))
    record, parameters = sampler.record(), sampler.parameters()
    wrongs: list[dict[str, object]] = [{"factor": "scale"}, {"factor": {}}, {"covariance": None}, {"more": 1}]
    for wrong in wrongs:
        with pytest.raises(ArgumentError):
            type(sampler).from_parameters({**record, **wrong}, parameters)
    for wrong_mean in (np.zeros(3), np.zeros((2, 1)), np.zeros(2, int), np.zeros(0)):
        with pytest.raises(ArgumentError, match=r"mean"):
            type(sampler).from_parameters(record, {**parameters, "mean": wrong_mean})
