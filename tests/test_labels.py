from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr

import mvn_dask
from mvn_dask import labels
from mvn_dask.covariance import Dense, Diagonal, as_covariance
from mvn_dask.errors import ArgumentError, ArgumentTypeError


def test_labels_are_names_and_default_labels_are_not() -> None:
    cov = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"])
    assert labels.names([0, 0], cov) == ("a", "b")
    assert labels.names(pd.Series([0, 0], index=["a", "b"]), cov) == ("a", "b")
    assert labels.names(pd.Series([0, 0], index=["a", "b"]), np.eye(2)) == ("a", "b")
    assert labels.names(pd.Series([0, 0]), pd.DataFrame(np.eye(2))) is None
    assert labels.names([0, 0], np.eye(2)) is None


def test_numbers_in_another_order_disagree() -> None:
    cov = pd.DataFrame(np.eye(2), index=[1, 0], columns=[1, 0])
    with pytest.raises(ArgumentError, match="must agree: '0' is not '1'"):
        labels.names(pd.Series([0, 0], index=[0, 1]), cov)
    assert labels.names([0, 0], cov) == ("1", "0")
    years = pd.DataFrame(np.eye(2), index=[2001, 2002], columns=[2001, 2002])
    assert labels.names(pd.Series([0, 0]), years) == ("2001", "2002")


def test_labels_that_disagree() -> None:
    cov = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"])
    with pytest.raises(ArgumentError, match="the index of `mean` and the columns of `cov` must agree: 'b'"):
        labels.names(pd.Series([0, 0], index=["b", "a"]), cov)
    with pytest.raises(ArgumentError, match="the columns of `cov` and the index of `cov` must agree"):
        labels.names([0, 0], cov.iloc[::-1])


def test_names_that_are_given() -> None:
    assert labels.given_names(None, 2, None) is None
    assert labels.given_names(None, 2, ("a", "b")) == ("a", "b")
    assert labels.given_names(["a", "b"], 2, None) == ("a", "b")
    assert labels.given_names(iter(("öl", "π")), 2, ("öl", "π")) == ("öl", "π")


@pytest.mark.parametrize("given", ["ab", b"ab", 3, [1, 2], ["a", None]])
def test_given_names_of_another_kind(given: object) -> None:
    with pytest.raises(ArgumentTypeError, match="`names` must be a sequence of text"):
        labels.given_names(given, 2, None)


def test_given_names_that_do_not_fit() -> None:
    with pytest.raises(ArgumentError, match="`names` must name every variable: there are 2, and 1 name"):
        labels.given_names(["a"], 2, None)
    with pytest.raises(ArgumentError, match="`names` and the labels of `mean` and `cov` must agree: 'b' is not 'c'"):
        labels.given_names(["a", "b"], 2, ("a", "c"))
    with pytest.raises(ArgumentError, match="must be text that UTF-8 can hold"):
        labels.given_names(["a", "\ud800"], 2, None)


OIL_GAS, GAS_OIL = ["oil", "gas"], ["gas", "oil"]


def series(names: list[Any]) -> Any:
    return pd.Series([1.0, 2.0], index=names)


def frame(names: list[Any]) -> Any:
    return pd.DataFrame(np.eye(2), index=names, columns=names)


def vector(names: list[Any], dim: str = "asset") -> Any:
    return xr.DataArray([1.0, 2.0], dims=dim, coords={dim: names})


def matrix(names: list[Any], dims: tuple[str, str] = ("asset", "other")) -> Any:
    return xr.DataArray(np.eye(2), dims=dims, coords=dict.fromkeys(dims, names))


def polars_row(names: list[str]) -> Any:
    return pl.DataFrame([[1.0], [2.0]], schema=names)


def polars_matrix(names: list[str]) -> Any:
    return pl.DataFrame(np.eye(2), schema=names)


def arrow_row(names: list[str]) -> Any:
    return pa.table([[1.0], [2.0]], names=names)


def arrow_matrix(names: list[str]) -> Any:
    return pa.table([[1.0, 0.0], [0.0, 1.0]], names=names)


MEANS = [series, vector, polars_row, arrow_row]
MATRICES = [frame, matrix, polars_matrix, arrow_matrix]


@pytest.mark.parametrize("cov", MATRICES)
@pytest.mark.parametrize("mean", MEANS)
def test_labels_of_every_library_are_names_and_are_compared(mean: Any, cov: Any) -> None:
    normal = mvn_dask.MultivariateNormal(mean(OIL_GAS), cov(OIL_GAS))
    assert normal.names == ("oil", "gas")
    np.testing.assert_array_equal(normal.mean, [1.0, 2.0])
    for draw in (mvn_dask.MultivariateNormal, mvn_dask.default_rng(1).multivariate_normal):
        with pytest.raises(ArgumentError, match=r"of `mean` and .* of `cov` must agree: 'gas' is not 'oil'"):
            draw(mean(GAS_OIL), cov(OIL_GAS))


@pytest.mark.parametrize("mean", MEANS)
def test_variances_have_labels_too(mean: Any) -> None:
    assert mvn_dask.MultivariateNormal([0.0, 0.0], mean(OIL_GAS)).names == ("oil", "gas")
    with pytest.raises(ArgumentError, match="must agree: 'oil' is not 'gas'"):
        mvn_dask.MultivariateNormal(mean(OIL_GAS), mean(GAS_OIL))


def test_the_coordinates_of_the_dimensions_are_labels_whatever_they_are_called() -> None:
    """`index` and `columns` are attributes of pandas, and may be names of dimensions."""
    for dims in (("index", "columns"), ("columns", "index"), ("names", "dims")):
        assert labels.names(vector(OIL_GAS, dims[0]), matrix(OIL_GAS, dims)) == ("oil", "gas")
    cov = matrix(OIL_GAS, ("index", "columns")).assign_coords(columns=GAS_OIL)
    with pytest.raises(ArgumentError, match="the coordinate 'index' of `cov` and the coordinate 'columns' of `cov`"):
        labels.names([0, 0], cov)


def test_dimensions_without_coordinates_and_other_coordinates_are_no_labels() -> None:
    bare = xr.DataArray(np.eye(2), dims=("asset", "other"), coords={"sector": ("asset", ["a", "b"]), "date": 7})
    assert labels.names(bare[0], bare) is None
    assert labels.names(vector([0, 1]), matrix([0, 1])) is None
    assert labels.names(vector([1, 0]), np.eye(2)) == ("1", "0")


def test_labels_of_one_thing_are_spelt_alike_in_every_library() -> None:
    dates = pd.date_range("2026-01-01", periods=2)
    assert labels.names(series(list(dates)), matrix(list(dates))) == ("2026-01-01 00:00:00", "2026-01-02 00:00:00")
    assert labels.names(vector(["1", "0"]), frame([1, 0])) == ("1", "0")


def test_truth_values_are_labels() -> None:
    for names in ([False, True], np.array([False, True])):
        assert labels.names(series(list(names)), np.eye(2)) == ("False", "True")
        assert labels.names(vector(list(names)), frame(list(names))) == ("False", "True")
    with pytest.raises(ArgumentError, match="must agree: 'False' is not 'True'"):
        labels.names(series([False, True]), frame([True, False]))


def test_entries_called_like_attributes_are_no_labels() -> None:
    mean = pd.Series([1.0, 2.0], index=["index", "columns"])
    assert labels.names(mean, np.eye(2)) == ("index", "columns")


def test_the_names_that_polars_makes_up_are_no_labels() -> None:
    assert labels.names(series(OIL_GAS), pl.DataFrame(np.eye(2))) == ("oil", "gas")
    assert labels.names(pl.Series("oil", [1.0, 2.0]), pl.DataFrame(np.eye(2))) is None


@pytest.mark.parametrize("cov", [*MATRICES, lambda names: matrix(names).chunk()])
def test_covariances_keep_their_labels(cov: Any) -> None:
    for make in (Dense, lambda given: as_covariance(given, 2)):
        covariance = make(cov(OIL_GAS))
        assert covariance.names == ("oil", "gas")
        assert mvn_dask.MultivariateNormal([0.0, 0.0], covariance).names == ("oil", "gas")
        for draw in (mvn_dask.MultivariateNormal, mvn_dask.default_rng(1).multivariate_normal):
            with pytest.raises(ArgumentError, match="`mean` and the names of `cov` must agree: 'gas' is not 'oil'"):
                draw(series(GAS_OIL), covariance)


@pytest.mark.parametrize("variances", MEANS)
def test_variances_keep_their_labels(variances: Any) -> None:
    for make in (Diagonal, lambda given: as_covariance(given, 2)):
        covariance = make(variances(OIL_GAS))
        assert covariance.names == ("oil", "gas")
        with pytest.raises(ArgumentError, match="`mean` and the names of `cov` must agree: 'gas' is not 'oil'"):
            mvn_dask.MultivariateNormal(vector(GAS_OIL), covariance)


def test_names_of_covariances() -> None:
    assert Dense(np.eye(2)).names is None
    assert Dense(np.eye(2), names=OIL_GAS).names == Diagonal([1.0, 2.0], names=OIL_GAS).names == ("oil", "gas")
    assert mvn_dask.MultivariateNormal(series(OIL_GAS), Diagonal([1.0, 2.0], names=OIL_GAS)).names == ("oil", "gas")
    assert Dense(np.eye(2), names=OIL_GAS) == Dense(np.eye(2)), "names decide no number"
    with pytest.raises(ArgumentError, match="the columns of `cov` and the index of `cov` must agree"):
        Dense(frame(OIL_GAS).iloc[::-1])
    with pytest.raises(ArgumentError, match="`names` must name every variable: there are 2, and 1 name"):
        Diagonal([1.0, 2.0], names=["oil"])
    with pytest.raises(ArgumentError, match="`names` and the labels of `mean` and `cov` must agree"):
        Dense(frame(OIL_GAS), names=GAS_OIL)
    with pytest.raises(ArgumentError, match="cov must be 2 dimensional and square"):
        as_covariance(frame(OIL_GAS).iloc[:1, :], 2)
