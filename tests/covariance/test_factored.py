from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr

import mvn_dask
from mvn_dask.covariance import Factored
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.factored import GivenFactor
from mvn_dask.covariance.matrix_factors import TriangularFactor
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from tests.support.contracts import check_covariance, check_factor

# Sums of products of these have no rounding, in any order.
SQUARE = np.array([[1.0, 2.0, 0.5], [0.0, 1.0, 4.0], [2.0, 0.0, 1.0]])


@pytest.mark.parametrize(
    ("matrix", "kind", "rank"),
    [
        (SQUARE, GivenFactor, 3),
        (np.tril(SQUARE + 1.0), TriangularFactor, 3),
        (np.triu(SQUARE + 1.0), GivenFactor, 3),
        (np.diag([2.0, -0.5, 4.0]), ScaleFactor, 3),
        (np.diag([2.0, 0.0, 4.0]), ScaleFactor, 2),
        (np.array([[0.0, 0.0], [1.0, 0.0]]), GivenFactor, 1),
        (np.array([[1.0, 1.0], [1.0, 1.0]]), GivenFactor, 1),
        (SQUARE[:, :2], GivenFactor, 2),
        (SQUARE[:2], GivenFactor, 2),
        (np.array([[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]]), GivenFactor, 1),
        (np.zeros((2, 3)), GivenFactor, 0),
        (np.array([[2.0]]), ScaleFactor, 1),
    ],
)
def test_contract(matrix: np.ndarray, kind: type, rank: int) -> None:
    covariance = Factored(matrix)
    check_covariance(covariance, matrix @ matrix.T, rank)
    assert type(covariance.factorize()) is kind


@pytest.mark.parametrize("shape", [(40, 3), (3, 40), (30, 30), (1, 9), (9, 1)])
def test_contract_of_random_factors(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(shape).standard_normal(shape)
    check_factor(Factored(matrix).factorize(), matrix @ matrix.T)


def test_rank_is_judged_in_the_units_of_each_variable() -> None:
    matrix = np.random.default_rng(1).standard_normal((6, 4)) * np.logspace(-12, 12, 6)[:, None]
    factor = Factored(matrix).factorize()
    assert factor.rank == 4
    z = np.random.default_rng(2).standard_normal((3, 4))
    np.testing.assert_allclose(factor.whiten(factor.colorize(z)), z, rtol=1e-8)
    assert Factored(matrix[:4]).factorize().log_det == pytest.approx(2 * np.linalg.slogdet(matrix[:4])[1])


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("matrix", [SQUARE, np.tril(SQUARE + 1.0), SQUARE[:, :2], SQUARE[:2], np.diag([1.0, 2.0])])
def test_rows_have_the_covariance(matrix: np.ndarray, dtype: Any) -> None:
    d = len(matrix)
    rows = mvn_dask.MultivariateNormal(np.ones(d), Factored(matrix)).sample(200_000, seed=3, dtype=dtype).compute()
    dense = matrix @ matrix.T
    # 6 standard errors of the worst of at most 9 entries.
    limit = 6 * np.sqrt(2 * np.multiply.outer(np.diagonal(dense), np.diagonal(dense)) / len(rows)) + 1e-6
    assert (np.abs(np.cov(rows.T) - dense) < limit).all()


def test_both_interfaces_take_it() -> None:
    covariance = Factored(SQUARE[:, :2])
    rows = mvn_dask.default_rng(5).multivariate_normal(np.zeros(3), covariance, 7)
    np.testing.assert_array_equal(rows, mvn_dask.MultivariateNormal(np.zeros(3), covariance).sample(7, seed=5))
    assert repr(covariance) == "Factored(ndim=3, noise_ndim=2)"


def test_labels_of_rows_are_names() -> None:
    frame = pd.DataFrame(SQUARE[:, :2], index=["a", "b", "c"], columns=["f", "g"])
    array = xr.DataArray(SQUARE[:, :2], dims=("v", "f"), coords={"v": ["a", "b", "c"], "f": ["f", "g"]})
    for matrix in (frame, array):
        covariance = Factored(matrix)
        assert covariance.names == ("a", "b", "c")
        assert mvn_dask.MultivariateNormal(np.zeros(3), covariance).names == ("a", "b", "c")
    assert Factored(xr.DataArray(SQUARE, dims=("v", "f"), coords={"f": list("fgh")})).names is None
    assert Factored(pl.DataFrame({"f": [1.0, 2.0], "g": [3.0, 4.0]})).names is None
    assert Factored(SQUARE, names=["x", "y", "z"]).names == ("x", "y", "z")
    with pytest.raises(ArgumentError, match="must agree"):
        Factored(frame, names=["a", "b", "d"])
    with pytest.raises(ArgumentError, match="must agree"):
        mvn_dask.MultivariateNormal(pd.Series(np.zeros(3), index=["a", "c", "b"]), Factored(frame))
    with pytest.raises(ArgumentError, match="must name every variable"):
        Factored(SQUARE, names=["x"])


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([1.0, 2.0], "`matrix` must be 2 dimensional and not empty"),
        (2.0, "must be 2 dimensional"),
        (np.ones((2, 2, 2)), "must be 2 dimensional"),
        (np.ones((0, 3)), "not empty"),
        (np.ones((3, 0)), "not empty"),
        ([[1.0], [1.0, 2.0]], "is not an array"),
        ([[1.0, np.nan]], r"matrix\[0, 1\] is nan"),
        ([[np.inf], [1.0]], r"matrix\[0, 0\] is inf"),
        ([[1e200, 0.0]], "`matrix` is too large for float64: the variance of variable 0 is inf"),
        ([[0.0, 0.0], [0.0, 1e-200]], "`matrix` is too small for float64: the variance of variable 1 is 0"),
        (np.ma.masked_equal([[1.0, 2.0]], 2.0), "masked"),
        ([[1.0, None]], "missing"),
    ],
)
def test_bad_numbers(matrix: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Factored(matrix)


@pytest.mark.parametrize("matrix", ["text", [["a"]], [[1j]], None, {"a": 1}, object()])
def test_bad_types(matrix: Any) -> None:
    with pytest.raises(ArgumentTypeError):
        Factored(matrix)


def test_dask_arrays_and_lists_are_computed() -> None:
    assert Factored(da.from_array(SQUARE, chunks=1)) == Factored(SQUARE) == Factored(SQUARE.tolist())
    assert Factored(SQUARE) != Factored(SQUARE[:, :2])


def test_float32_without_room_is_refused_by_name() -> None:
    normal = mvn_dask.MultivariateNormal(np.zeros(2), Factored(np.array([[1e60], [1.0]])))
    with pytest.raises(ArgumentError, match="too large for float32"):
        normal.sample(3, seed=1, dtype="float32")


@pytest.mark.slow
def test_a_very_tall_factor_is_kept_once() -> None:
    matrix = np.random.default_rng(1).standard_normal((50_000, 30))
    normal = mvn_dask.MultivariateNormal(np.zeros(50_000), Factored(matrix))
    assert normal.sampler(np.dtype("f8")).drawing_bytes == 8 * 50_000 * (30 + 2)
    rows = normal.sample(300, seed=2, chunks=-1).compute()
    np.testing.assert_array_equal(normal.sample(300, seed=2, chunks=70).compute(), rows)
    np.testing.assert_allclose(rows.var(axis=0).sum(), (matrix**2).sum(), rtol=0.2)
