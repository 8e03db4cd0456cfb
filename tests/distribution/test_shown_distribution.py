"""Distributions in a terminal and in a notebook."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import scipy.sparse
import scipy.stats

import mvn_dask
from mvn_dask import covariance
from mvn_dask.distribution import Distribution
from mvn_dask.distribution.shown_distribution import mean_map

COV = [[4.0, -1.0], [-1.0, 1.0]]
MARGINALS = [scipy.stats.lognorm(0.5, scale=2.0), scipy.stats.gamma(3.0)]


def texts(shown: Distribution) -> list[str]:
    root = ET.fromstring(shown._repr_html_())  # noqa: S314 our own
    return list(root[2].itertext())


@pytest.mark.parametrize(
    ("shown", "line", "row"),
    [
        (
            mvn_dask.MultivariateNormal([1.0, 2.0], COV, names=["oil", "gas"]),
            "MultivariateNormal(ndim=2, names=('oil', 'gas'), covariance=Dense(ndim=2, method='auto'))",
            ["oil", "1", "2", "gas", "2", "1"],
        ),
        (
            mvn_dask.MultivariateT([1.0, 2.0], COV, df=4, names=["oil", "gas"]),
            "MultivariateT(ndim=2, names=('oil', 'gas'), shape=Dense(ndim=2, method='auto'), df=4.0)",
            ["oil", "1", "2", "gas", "2", "1"],
        ),
        (
            mvn_dask.GaussianCopula([[1.0, -0.5], [-0.5, 1.0]], MARGINALS, names=["oil", "gas"]),
            "GaussianCopula(ndim=2, names=('oil', 'gas'), correlation=Dense(ndim=2, method='auto'), "
            "marginals=[lognorm, gamma])",
            ["oil", "lognorm(0.5, scale=2)", "gas", "gamma(3)"],
        ),
    ],
    ids=["normal", "t", "copula"],
)
def test_variables_and_correlations(shown: Distribution, line: str, row: list[str]) -> None:
    assert repr(shown) == line
    found = texts(shown)
    start = found.index("oil")
    assert found[start : start + len(row)] == row
    assert found.count("−0.50") == 2


def test_standard_deviations_of_a_t_distribution() -> None:
    assert "scales × 1.414" in texts(mvn_dask.MultivariateT([1.0, 2.0], COV, df=4))
    assert "infinite" in texts(mvn_dask.MultivariateT([1.0, 2.0], COV, df=2))


def test_many_variables_take_little_room() -> None:
    names = [f"<img src=x onerror=alert({i})>" for i in range(10_000)]
    normal = mvn_dask.MultivariateNormal(
        np.arange(10_000.0), covariance.LowRank(np.ones((10_000, 2)), 1.0), names=names
    )
    html = normal._repr_html_()
    assert len(html) < 20_000
    assert "<img src=x" not in html
    assert len(repr(normal)) < 250
    found = texts(normal)
    assert "9,990 more" in found
    assert "9999" in found


def test_nothing_is_solved_to_show_a_precision() -> None:
    large = scipy.sparse.diags_array([[-1.0] * 59_999, [3.0] * 60_000, [-1.0] * 59_999], offsets=[-1, 0, 1])
    normal = mvn_dask.MultivariateNormal(0.0, covariance.Precision(large))
    assert "standard deviation" not in texts(normal)
    small = mvn_dask.MultivariateNormal(0.0, covariance.Precision(large.tocsr()[:3, :3]))
    assert "standard deviation" in texts(small)


def test_fields_show_their_axes_and_a_map() -> None:
    grid = covariance.StationaryGrid(covariance.exponential(2.0), (30, 40))
    mean = np.arange(1200.0).reshape(30, 40)
    coords = {"lat": np.linspace(0.0, 1.0, 30)}
    field = mvn_dask.MultivariateNormal(mean, grid, dims=("lat", "lon"), coords=coords)
    assert "dims=('lat', 'lon')" in repr(field)
    found = texts(field)
    assert "draws of the shape (lat: 30, lon: 40)" in found
    assert "0, 0.0344828, 0.0689655, …, 1 (30 labels)" in found
    assert {"Mean", "0", "1199"} <= set(found)


def test_maps_of_means() -> None:
    assert list(mean_map(np.zeros((3, 4)))) == []
    assert list(mean_map(None)) == []
    (large,) = mean_map(np.arange(100.0 * 100.0).reshape(100, 100))
    assert "Mean, of 34 × 34 of its points" in large
    (small,) = mean_map(np.array([[-1e308, 1e308]]))
    assert "1e+308" in small
