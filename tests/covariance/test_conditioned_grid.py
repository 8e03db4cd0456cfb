"""Conditional fields on grids, beside the formulas for whole matrices."""

import numpy as np
import pytest

import mvn_dask
from mvn_dask.covariance import StationaryGrid, exponential, gaussian
from mvn_dask.covariance.conditioned_grid import MAX_OBSERVATIONS, ConditionedGrid, conditional_of_grid
from mvn_dask.covariance.observations import Observations
from mvn_dask.errors import ArgumentError, NotPositiveDefiniteError, UnsupportedOperationError
from tests.support.conditionals import check_conditional
from tests.support.contracts import check_covariance

GRID = StationaryGrid(exponential(2.0, variance=3.0), (5, 6))
POINTS = np.array([[4, 0], [1, 5], [2, 2]])
PLACES = [24, 11, 14]


@pytest.mark.parametrize("noise", [0.5, [0.1, 2.0, 30.0]])
def test_observations_with_errors(noise: object) -> None:
    left = check_conditional(GRID, ConditionedGrid, PLACES, noise)
    check_covariance(left, left.to_dense(), rank=30)


def test_exact_observations_are_constants_of_the_whole_grid() -> None:
    values = np.array([1.0, -2.0, 0.5])
    shift, left = conditional_of_grid(GRID, Observations(np.array(PLACES), values, None, None))
    whole = GRID.to_dense()
    weights = np.linalg.solve(whole[np.ix_(PLACES, PLACES)], whole[PLACES])
    np.testing.assert_allclose(shift, values @ weights, rtol=1e-10)
    np.testing.assert_array_equal(shift[PLACES], values)
    np.testing.assert_allclose(left.to_dense(), whole - whole[:, PLACES] @ weights, atol=1e-12)
    np.testing.assert_array_equal(left.variances()[PLACES], np.zeros(3))
    check_covariance(left, left.to_dense(), rank=27)


def test_fields_go_through_the_observations() -> None:
    normal = mvn_dask.MultivariateNormal(7.0, GRID)
    given = normal.condition(POINTS, [1.0, -2.0, 0.5])
    assert given == normal.condition(PLACES, [1.0, -2.0, 0.5])
    assert repr(given.covariance) == f"ConditionedGrid({GRID!r}, observations=3)"
    fields = given.sample(20_000, seed=1).compute()
    assert fields.shape == (20_000, 5, 6)
    fields = fields.reshape(20_000, 30)
    np.testing.assert_array_equal(fields[:, PLACES], np.broadcast_to([1.0, -2.0, 0.5], (20_000, 3)))
    deviations = np.sqrt(given.covariance.variances())
    others = np.delete(np.arange(30), PLACES)
    errors = (fields.mean(axis=0) - given.mean.ravel())[others] / deviations[others] * np.sqrt(20_000)
    assert np.abs(errors).max() < 4.5
    covariance = np.cov(fields[:, others].T)
    np.testing.assert_allclose(covariance, given.covariance.to_dense()[np.ix_(others, others)], atol=0.15)
    coarse = given.sample(5, seed=1, dtype=np.float32).compute()
    assert coarse.dtype == np.float32
    np.testing.assert_array_equal(
        coarse.reshape(5, 30)[:, PLACES], np.broadcast_to(np.array([1.0, -2.0, 0.5], np.float32), (5, 3))
    )


def test_a_store_of_conditional_fields(tmp_path: object) -> None:
    given = mvn_dask.MultivariateNormal(7.0, GRID).condition(POINTS, [1.0, -2.0, 0.5], noise=0.1)
    rows = given.sample(40, seed=1)
    mvn_dask.to_zarr(rows, f"{tmp_path}/fields.zarr")
    np.testing.assert_array_equal(mvn_dask.from_zarr(f"{tmp_path}/fields.zarr").compute(), rows.compute())
    assert mvn_dask.verify(f"{tmp_path}/fields.zarr").ok


def test_bad_points() -> None:
    normal = mvn_dask.MultivariateNormal(7.0, GRID)
    for which, words in (
        ([[5, 0]], r"must lie on the grid of \(5, 6\) points: which\[0\] is \[5, 0\]"),
        ([[0, 0], [0, -1]], r"which\[1\] is \[0, -1\]"),
        ([[0, 0, 0]], r"indices of points, shape \(m, 2\)"),
        ([[0, 1], [0, 1]], "each variable once"),
        (np.empty((0, 2), int), "m at least 1"),
    ):
        with pytest.raises(ArgumentError, match=words):
            normal.condition(which, np.ones(len(which)))
    with pytest.raises(ArgumentError, match="`values` must have the shape"):
        normal.condition(POINTS, [1.0, 2.0])
    with pytest.raises(UnsupportedOperationError, match="`condition` takes"):
        normal.condition(POINTS, np.ones(3)).condition(0, 1.0)
    np.testing.assert_array_equal(normal.marginal(POINTS).mean, np.full(3, 7.0))


def test_observations_that_determine_one_another() -> None:
    # To rounding, and so closely that little would be left of the digits of a row.
    for length in (10.0, 30.0):
        smooth = mvn_dask.MultivariateNormal(0.0, StationaryGrid(gaussian(length), (20,), padding=400))
        with pytest.raises(NotPositiveDefiniteError, match="has no variance, to rounding, given"):
            smooth.condition(range(19), np.ones(19))
        assert smooth.condition(range(20), np.ones(20), noise=0.1).ndim == 20
    constant = mvn_dask.MultivariateNormal(0.0, StationaryGrid(np.zeros_like, (4,)))
    with pytest.raises(NotPositiveDefiniteError, match="variable 2 has no variance: leave it out"):
        constant.condition(2, 0.0)


def test_float32_is_refused_where_it_would_be_rounding() -> None:
    smooth = mvn_dask.MultivariateNormal(0.0, StationaryGrid(gaussian(8.0), (40,), padding=100))
    given = smooth.condition(range(10, 15), np.ones(5))
    assert np.isfinite(given.sample(5, seed=1).compute()).all()
    with pytest.raises(ArgumentError, match=r"float32 is too coarse for a field .* Use dtype=np\.float64"):
        given.sample(5, seed=1, dtype=np.float32)
    noisy = smooth.condition(range(10, 15), np.ones(5), noise=0.01)
    assert noisy.sample(5, seed=1, dtype=np.float32).shape == (5, 40)


def test_too_many_observations() -> None:
    large = StationaryGrid(exponential(2.0), (2048, 1024))
    for grid, count, most in ((large, 4097, "4,096"), (StationaryGrid(exponential(2.0), (6000,)), 5001, "5,000")):
        observed = Observations(np.arange(count), np.ones(count), np.ones(count), None)
        with pytest.raises(ArgumentError, match=f"on {most} observations at most, and there are {count:,}"):
            conditional_of_grid(grid, observed)
    assert MAX_OBSERVATIONS == 5000
