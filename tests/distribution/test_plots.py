"""Pictures of distributions."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

import mvn_dask
from mvn_dask import covariance
from mvn_dask.errors import ArgumentError

pytestmark = pytest.mark.usefixtures("closed_figures")

COV = [[2.0, 1.0], [1.0, 2.0]]
SHOWN: dict[str, Any] = {
    "normal": mvn_dask.MultivariateNormal([1.0, 2.0], COV, names=["oil", "gas"]),
    "t": mvn_dask.MultivariateT([1.0, 2.0], COV, df=3, names=["oil", "gas"]),
    "copula": mvn_dask.GaussianCopula([[1.0, 0.5], [0.5, 1.0]], stats.gamma(3.0), names=["oil", "gas"]),
}
GRID = covariance.StationaryGrid(covariance.exponential(2.0), (4, 6))


@pytest.mark.parametrize("name", SHOWN)
def test_pairs(name: str) -> None:
    axes = SHOWN[name].plot(rows=200)
    (rows,) = (each.get_offsets() for each in axes[1, 0].collections)
    np.testing.assert_allclose(rows, SHOWN[name].sample(200, seed=0).compute())
    assert len(axes[1, 0].lines) == (0 if name == "copula" else 3)
    assert len(axes[0, 0].lines) == 1
    one = SHOWN[name].plot("gas", rows=100, seed=1)
    assert one[0, 0].get_xlabel() == "gas"


def test_a_few_of_many_variables_cost_no_more() -> None:
    large = mvn_dask.MultivariateNormal(0.0, covariance.LowRank(np.ones((1_000_000, 2)), 1.0))
    assert large.plot([0, -1], rows=50)[1, 0].get_ylabel() == "999999"
    with pytest.raises(ArgumentError, match="1 to 10 variables, and these are 1000000: name some by `variables`"):
        large.plot()


def test_fields() -> None:
    field = mvn_dask.MultivariateNormal(np.arange(24.0).reshape(4, 6), GRID)
    axes = field.plot(figure=plt.figure())
    assert [each.get_title() for each in axes] == ["mean", "draw 0", "draw 1", "draw 2"]
    np.testing.assert_array_equal(axes[2].images[0].get_array(), field.sample(3, seed=0)[1].compute())
    assert field.plot([[0, 0], [3, 5]], rows=50).shape == (2, 2)
    copula = mvn_dask.GaussianCopula(GRID, stats.norm())
    assert [each.get_title() for each in copula.plot()] == ["draw 0", "draw 1", "draw 2"]


def test_refusals() -> None:
    cube = mvn_dask.MultivariateNormal(0.0, covariance.StationaryGrid(covariance.exponential(1.0), (2, 2, 2)))
    with pytest.raises(ArgumentError, match=r"maps are of fields of two axes, and a draw has the shape \(2, 2, 2\)"):
        cube.plot()
    with pytest.raises(ArgumentError, match="`variables` must not be empty"):
        SHOWN["normal"].plot([])
    with pytest.raises(ArgumentError, match="no variable is called 'coal'"):
        SHOWN["t"].plot("coal")
    with pytest.raises(ArgumentError, match="`rows` must be at least 1"):
        SHOWN["t"].plot(rows=0)
