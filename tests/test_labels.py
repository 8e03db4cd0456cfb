from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr

import mvn_dask
from mvn_dask.covariance import Covariance, Dense, Diagonal, as_covariance
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.labels import Axis, agreed_names, axes_of, given_names, row_axes_of


def names_of(mean: Any, cov: Any) -> tuple[str, ...] | None:
    return agreed_names([*axes_of("mean", mean), *axes_of("cov", cov)])


def test_labels_are_names_and_default_labels_are_not() -> None:
    cov = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"])
    assert names_of([0, 0], cov) == ("a", "b")
    assert names_of(pd.Series([0, 0], index=["a", "b"]), cov) == ("a", "b")
    assert names_of(pd.Series([0, 0], index=["a", "b"]), np.eye(2)) == ("a", "b")
    assert names_of(pd.Series([0, 0]), pd.DataFrame(np.eye(2))) is None
    assert names_of([0, 0], np.eye(2)) is None


def test_numbers_in_another_order_disagree() -> None:
    cov = pd.DataFrame(np.eye(2), index=[1, 0], columns=[1, 0])
    with pytest.raises(ArgumentError, match="must agree: variable 0 is '0' in one and '1' in the other"):
        names_of(pd.Series([0, 0], index=[0, 1]), cov)
    assert names_of([0, 0], cov) == ("1", "0")
    years = pd.DataFrame(np.eye(2), index=[2001, 2002], columns=[2001, 2002])
    assert names_of(pd.Series([0, 0]), years) == ("2001", "2002")


def test_labels_that_disagree() -> None:
    cov = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"])
    with pytest.raises(
        ArgumentError, match="the index of `mean` and the columns of `cov` must agree: variable 0 is 'b'"
    ):
        names_of(pd.Series([0, 0], index=["b", "a"]), cov)
    with pytest.raises(ArgumentError, match="the columns of `cov` and the index of `cov` must agree"):
        names_of([0, 0], cov.iloc[::-1])


def test_names_that_are_given() -> None:
    assert given_names(None, 2) == []
    for given in (["a", "b"], ("a", "b"), iter(["a", "b"]), np.array(["a", "b"]), {"a": 1, "b": 2}.keys()):
        assert given_names(given, 2) == [Axis("`names`", ("a", "b"), chosen=True)]
    for names in (["öl", "π"], ["0", "1"], ["column_0", "column_1"], ["1", "0"]):
        assert mvn_dask.MultivariateNormal([0, 0], 1.0, names=names).names == tuple(names)


@pytest.mark.parametrize("given", ["ab", b"ab", 3, [1, 2], ["a", None], {"a", "b"}, frozenset("ab"), {"a": 1, "b": 2}])
def test_given_names_of_another_kind(given: object) -> None:
    for make in (lambda names: given_names(names, 2), lambda names: Dense(np.eye(2), names=names)):
        with pytest.raises(ArgumentTypeError, match="`names` must be a sequence of text"):
            make(given)


def test_names_in_no_order_are_refused_with_the_way_out() -> None:
    with pytest.raises(ArgumentTypeError, match=r"which has no order: give a list$"):
        mvn_dask.MultivariateNormal([1.0, 2.0], 1.0, names={"a", "b"})  # type: ignore[arg-type]


def test_given_names_that_do_not_fit() -> None:
    with pytest.raises(ArgumentError, match="`names` must name every variable: there are 2, and 1 name"):
        given_names(["a"], 2)
    for given in (GAS_OIL, ["0", "1"]):
        with pytest.raises(ArgumentError, match="the columns of `cov` and `names` must agree: variable 0 is 'oil'"):
            mvn_dask.MultivariateNormal([0, 0], polars_matrix(OIL_GAS), names=given)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a", "a"], "names of variables must differ: variables 0 and 1 are both 'a'"),
        (["", ""], "names of variables must not be empty: that of variable 0 is"),
        (["a", ""], "names of variables must not be empty: that of variable 1 is"),
        (["a", "\ud800"], "names of variables must be text that UTF-8 can hold"),
    ],
)
def test_what_is_no_name(names: list[str], text: str) -> None:
    makers: list[Any] = [
        lambda: mvn_dask.MultivariateNormal([0, 0], 1.0, names=names),
        lambda: Dense(np.eye(2), names=names),
        lambda: Diagonal([1.0, 2.0], names=names),
    ]
    if "\ud800" not in names:  # which pandas does not take either
        makers += [
            lambda: mvn_dask.MultivariateNormal(series(names), 1.0),
            lambda: Diagonal(vector(names)),
            lambda: as_covariance(frame(names), 2),
        ]
    for make in makers:
        with pytest.raises(ArgumentError, match=text):
            make()


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
        with pytest.raises(ArgumentError, match=r"of `mean` and .* of `cov` must agree: variable 0 is 'gas' in one"):
            draw(mean(GAS_OIL), cov(OIL_GAS))


@pytest.mark.parametrize("mean", MEANS)
def test_variances_have_labels_too(mean: Any) -> None:
    assert mvn_dask.MultivariateNormal([0.0, 0.0], mean(OIL_GAS)).names == ("oil", "gas")
    with pytest.raises(ArgumentError, match="must agree: variable 0 is 'oil' in one"):
        mvn_dask.MultivariateNormal(mean(OIL_GAS), mean(GAS_OIL))


def test_the_coordinates_of_the_dimensions_are_labels_whatever_they_are_called() -> None:
    """`index` and `columns` are attributes of pandas, and may be names of dimensions."""
    for dims in (("index", "columns"), ("columns", "index"), ("names", "dims")):
        assert names_of(vector(OIL_GAS, dims[0]), matrix(OIL_GAS, dims)) == ("oil", "gas")
    cov = matrix(OIL_GAS, ("index", "columns")).assign_coords(columns=GAS_OIL)
    with pytest.raises(ArgumentError, match="the coordinate 'index' of `cov` and the coordinate 'columns' of `cov`"):
        names_of([0, 0], cov)


def test_dimensions_without_coordinates_and_other_coordinates_are_no_labels() -> None:
    bare = xr.DataArray(np.eye(2), dims=("asset", "other"), coords={"sector": ("asset", ["a", "b"]), "date": 7})
    assert names_of(bare[0], bare) is None
    assert names_of(vector([0, 1]), matrix([0, 1])) is None
    assert names_of(vector([1, 0]), np.eye(2)) == ("1", "0")


def test_labels_of_one_thing_are_spelt_alike_in_every_library() -> None:
    dates = pd.date_range("2026-01-01", periods=2)
    assert names_of(series(list(dates)), matrix(list(dates))) == ("2026-01-01 00:00:00", "2026-01-02 00:00:00")
    assert names_of(vector(["1", "0"]), frame([1, 0])) == ("1", "0")


def test_truth_values_are_labels() -> None:
    for names in ([False, True], np.array([False, True])):
        assert names_of(series(list(names)), np.eye(2)) == ("False", "True")
        assert names_of(vector(list(names)), frame(list(names))) == ("False", "True")
    with pytest.raises(ArgumentError, match="must agree: variable 0 is 'False' in one"):
        names_of(series([False, True]), frame([True, False]))


def test_entries_called_like_attributes_are_no_labels() -> None:
    mean = pd.Series([1.0, 2.0], index=["index", "columns"])
    assert names_of(mean, np.eye(2)) == ("index", "columns")


def test_rows_of_a_matrix_may_be_all_that_has_labels() -> None:
    frame = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["f", "g"])
    assert [axis.labels for axis in row_axes_of("loadings", frame)] == [("a", "b")]
    array = xr.DataArray(np.eye(2), dims=("v", "f"), coords={"v": ["a", "b"], "f": ["f", "g"]})
    assert row_axes_of("loadings", array) == [Axis("the coordinate 'v' of `loadings`", ("a", "b"))]
    for plain in (array.drop_vars("v"), array[0, 0], pl.DataFrame({"f": [1.0]}), np.eye(2), [[1.0]]):
        assert row_axes_of("loadings", plain) == []


def test_the_names_that_polars_makes_up_are_no_labels() -> None:
    assert names_of(series(OIL_GAS), pl.DataFrame(np.eye(2))) == ("oil", "gas")
    assert names_of(pl.Series("oil", [1.0, 2.0]), pl.DataFrame(np.eye(2))) is None


@pytest.mark.parametrize("cov", [*MATRICES, lambda names: matrix(names).chunk()])
def test_covariances_keep_their_labels(cov: Any) -> None:
    for make in (Dense, lambda given: as_covariance(given, 2)):
        covariance = make(cov(OIL_GAS))
        assert covariance.names == ("oil", "gas")
        assert mvn_dask.MultivariateNormal([0.0, 0.0], covariance).names == ("oil", "gas")
        for draw in (mvn_dask.MultivariateNormal, mvn_dask.default_rng(1).multivariate_normal):
            with pytest.raises(
                ArgumentError, match=r"of `mean` and .* of `cov` must agree: variable 0 is 'gas' in one"
            ):
                draw(series(GAS_OIL), covariance)


@pytest.mark.parametrize("variances", MEANS)
def test_variances_keep_their_labels(variances: Any) -> None:
    for make in (Diagonal, lambda given: as_covariance(given, 2)):
        covariance = make(variances(OIL_GAS))
        assert covariance.names == ("oil", "gas")
        with pytest.raises(ArgumentError, match=r"of `mean` and .* of `cov` must agree: variable 0 is 'gas' in one"):
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
    with pytest.raises(ArgumentError, match="the index of `cov` and the `names` of `cov` must agree"):
        Dense(frame(OIL_GAS), names=GAS_OIL)
    with pytest.raises(ArgumentError, match="cov must be 2 dimensional and square"):
        as_covariance(frame(OIL_GAS).iloc[:1, :], 2)


class Isotropic(Covariance):
    """A covariance of a user's own, which keeps names and no other labels."""

    kind = "isotropic"
    ndim = 2

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def factorize(self) -> Any:
        return Diagonal(self.variances()).factorize()

    def variances(self) -> Any:
        return np.ones(2)

    def to_dense(self) -> Any:
        return np.eye(2)

    def digest(self) -> str:
        return "0" * 64


def test_the_names_of_any_covariance_are_compared() -> None:
    for names in (("gas", "oil"), ("0", "1"), ("1", "0")):
        covariance = Isotropic(names)
        assert mvn_dask.MultivariateNormal([0, 0], covariance).names == names
        with pytest.raises(ArgumentError, match="the index of `mean` and the `names` of `cov` must agree: variable 0"):
            mvn_dask.MultivariateNormal(series(OIL_GAS), covariance)
    with pytest.raises(ArgumentError, match="another order"):
        mvn_dask.MultivariateNormal(series([0, 1]), Isotropic(("1", "0")))


# Labels that a library makes up, as a function of their numbers; and the forms that may have them.
NUMBERED: list[tuple[Any, list[Any], list[Any]]] = [
    (int, [series, vector], [frame, matrix]),
    (str, MEANS, MATRICES),
    (float, [series, vector], [frame, matrix]),
    (lambda number: f"column_{number}", MEANS, MATRICES),
]
FORMS: list[list[tuple[Any, Any]]] = [
    [(label, make) for label, *forms in NUMBERED for make in forms[i]] for i in (0, 1)
]
WRAPPINGS: list[Any] = [
    lambda cov, names: cov(names),
    lambda cov, names: Dense(cov(names)),
    lambda cov, names: as_covariance(cov(names), 2),
]


@pytest.mark.parametrize("wrap", WRAPPINGS, ids=["array", "Dense", "as_covariance"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_numbers_in_another_order_are_refused_whoever_has_them(order: tuple[int, int], wrap: Any) -> None:
    """Whichever of the two is in order, in whatever spelling, and however the covariance comes."""
    for label, mean in FORMS[0]:
        for other, cov in FORMS[1]:
            given = mean([label(number) for number in order])
            with pytest.raises(ArgumentError, match=r"of `mean` and .* of `cov` must agree: variable 0 is "):
                mvn_dask.MultivariateNormal(given, wrap(cov, [other(1 - number) for number in order]))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_variances_and_given_names_in_another_order_are_refused(order: tuple[int, int]) -> None:
    for label, mean in FORMS[0]:
        one = mean([label(number) for number in order])
        for other, make in FORMS[0]:
            variances = make([other(1 - number) for number in order])
            for cov in (variances, Diagonal(variances), as_covariance(variances, 2)):
                with pytest.raises(ArgumentError, match="must agree: variable 0 is "):
                    mvn_dask.MultivariateNormal(one, cov)
        names = [str(label(1 - number)) for number in order]
        with pytest.raises(ArgumentError, match="`names` must agree"):
            mvn_dask.MultivariateNormal(one, 1.0, names=names)
        with pytest.raises(ArgumentError, match="must agree"):
            mvn_dask.MultivariateNormal(one, Diagonal([1.0, 2.0], names=names))


def test_numbers_in_order_are_no_names_wherever_they_come_from() -> None:
    for label, mean in FORMS[0]:
        for other, cov in FORMS[1]:
            if float not in {label, other}:  # these are positions on a grid
                given = (mean([label(0), label(1)]), cov([other(0), other(1)]))
                assert mvn_dask.MultivariateNormal(*given).names is None
                assert mvn_dask.MultivariateNormal(*given, names=OIL_GAS).names == ("oil", "gas")
                assert mvn_dask.MultivariateNormal(series(OIL_GAS), Dense(given[1])).names == ("oil", "gas")


def test_long_labels_are_cut_in_errors() -> None:
    with pytest.raises(ArgumentError) as caught:
        mvn_dask.MultivariateNormal(series(["a" * 10_000, "b"]), frame(["c", "d"]))
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("index", "seen"),
    [
        (pd.Index(["a", None], dtype=object), "None"),
        # Before pandas 3 the same as that of objects.
        (strings := pd.Index(["a", None], dtype="str"), str(strings[1])),
        (pd.Index([1.0, np.nan]), "nan"),
        (pd.Index([1, None], dtype="Int64"), "<NA>"),
        (pd.DatetimeIndex(["2026-01-01", None]), "NaT"),
        (pd.Index(["a", None], dtype="category"), "nan"),
    ],
)
def test_missing_labels_name_nothing(index: Any, seen: str) -> None:
    text = f"^the index of `mean` must name every variable: its label 1 is {seen}, a missing value$"
    with pytest.raises(ArgumentError, match=text):
        names_of(pd.Series([0.0, 1.0], index=index), np.eye(2))
