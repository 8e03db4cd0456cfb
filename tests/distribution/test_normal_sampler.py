import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import ArgumentError


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


@pytest.mark.filterwarnings("ignore:covariance is not symmetric:RuntimeWarning")
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_the_variances_asked_for_are_kept_beside_the_factor(dtype: str) -> None:
    normal = mvn_dask.MultivariateNormal([0.0, 0.0], [[2.0, 3.0], [3.0, 2.0]], method="svd")
    sampler = normal.sampler(np.dtype(dtype))
    again = type(sampler).from_parameters(sampler.record(), sampler.parameters())
    for each in (sampler, again):
        np.testing.assert_array_equal(each.requested_variances(), [2.0, 2.0])
        np.testing.assert_allclose(each.variances(), [3.0, 3.0], rtol=1e-6)
        assert each.requested_variances().dtype == np.float64
        assert each.dtype == np.dtype(dtype)
    record, parameters = sampler.record(), sampler.parameters()
    for wrong in (np.zeros(3), np.zeros(2, "f4"), np.zeros((2, 1)), np.zeros(2, int)):
        with pytest.raises(ArgumentError, match="variances"):
            type(sampler).from_parameters(record, {**parameters, "variances": wrong})
    mixed = {**parameters, "mean": np.zeros(2, "f8" if dtype == "f4" else "f4")}
    with pytest.raises(ArgumentError, match="mean and factor are of"):
        type(sampler).from_parameters(record, mixed)
