import tracemalloc
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import astropy.units as au
import dask.array as da
import dask.dataframe as dd
import h5py
import numpy as np
import pandas as pd
import pint_pandas  # noqa: F401 - makes the dtype known to pandas
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import scipy.stats
import xarray as xr
import zarr
from astropy.table import Column, MaskedColumn
from astropy.utils.masked import Masked
from dask.delayed import delayed

import mvn_dask
from mvn_dask.array_likes import compute_together, real_array
from mvn_dask.covariance import Dense
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from tests.support.units import UNITS

NUMBERS = [0.5, 2.0]

TAKEN: list[tuple[str, Callable[[], Any]]] = [
    ("tuple", lambda: (0.5, 2)),
    ("deque", lambda: deque(NUMBERS)),
    ("fractions", lambda: [Fraction(1, 2), 2]),
    ("decimals", lambda: [Decimal("0.5"), Decimal(2)]),
    ("a mixture", lambda: [Fraction(1, 2), Decimal("2.0")]),
    ("objects", lambda: np.array([np.float32(0.5), 2], dtype=object)),
    ("pandas object", lambda: pd.Series([0.5, 2], dtype=object)),
    ("pandas fractions", lambda: pd.Series([Fraction(1, 2), Decimal(2)])),
    ("pandas Float64", lambda: pd.Series(NUMBERS, dtype="Float64")),
    ("pandas arrow", lambda: pd.Series(NUMBERS, dtype="double[pyarrow]")),
    ("pandas arrow decimal", lambda: pd.Series([Decimal("0.5"), Decimal(2)], dtype=pd.ArrowDtype(pa.decimal128(9, 2)))),
    ("pandas sparse", lambda: pd.Series(NUMBERS, dtype="Sparse[float]")),
    ("pandas array", lambda: pd.array(NUMBERS, dtype="Float64")),
    ("pandas index", lambda: pd.Index(NUMBERS)),
    ("polars series", lambda: pl.Series("x", NUMBERS)),
    ("polars decimals", lambda: pl.Series([Decimal("0.5"), Decimal(2)])),
    ("polars row", lambda: pl.DataFrame({"a": [0.5], "b": [2]})),
    ("arrow array", lambda: pa.array(NUMBERS)),
    ("arrow chunks", lambda: pa.chunked_array([[0.5], [2.0]])),
    ("arrow decimals", lambda: pa.array([Decimal("0.5"), Decimal(2)])),
    ("arrow row", lambda: pa.table({"a": [0.5], "b": [2]})),
    ("arrow batch", lambda: pa.record_batch({"a": [0.5], "b": [2]})),
    ("xarray", lambda: xr.DataArray(NUMBERS)),
    ("xarray variable", lambda: xr.Variable("x", NUMBERS)),
    ("xarray of dask", lambda: xr.DataArray(da.from_array(np.array(NUMBERS), chunks=1))),
    ("dask", lambda: da.from_array(np.array(NUMBERS), chunks=1)),
    ("delayed", lambda: delayed(NUMBERS)),
    ("a list of dask numbers", lambda: [da.ones(4).mean() / 2, 2]),
    ("a list of arrays", lambda: [np.array(0.5), np.float16(2)]),
    ("arrays beside fractions", lambda: [Fraction(1, 2), np.array(2)]),
    ("numbers of xarray", lambda: [Decimal("0.5"), xr.DataArray(2.0)]),
    ("masked, of nothing", lambda: np.ma.array(NUMBERS)),
    ("masked by astropy, of nothing", lambda: Masked(np.array(NUMBERS), mask=False)),
    ("a quantity masked by astropy, of nothing", lambda: Masked(NUMBERS * au.dimensionless_unscaled, mask=False)),
    ("numbers masked by astropy, of nothing", lambda: [Masked(0.5, mask=False), 2.0]),
    ("a list of pint without a unit", lambda: [UNITS.Quantity(0.5, ""), 2.0]),
    ("a list of astropy without a unit", lambda: [0.5 * au.dimensionless_unscaled, 2.0]),
    ("objects of pint without a unit", lambda: pd.Series([UNITS.Quantity(0.5, ""), Fraction(2)], dtype=object)),
    ("objects of astropy without a unit", lambda: np.array([0.5 * au.dimensionless_unscaled, 2], dtype=object)),
    ("pint of pandas without a unit", lambda: pd.Series(NUMBERS, dtype="pint[dimensionless]")),
    ("pint without a unit", lambda: UNITS.Quantity(np.array(NUMBERS), "")),
    ("astropy without a unit", lambda: NUMBERS * au.dimensionless_unscaled),
    ("a column of astropy", lambda: Column(NUMBERS)),
    ("a column of astropy without a unit", lambda: Column(NUMBERS, unit="")),
    ("long doubles", lambda: np.array(NUMBERS, np.longdouble)),
]


@pytest.mark.parametrize("make", [make for _, make in TAKEN], ids=[name for name, _ in TAKEN])
def test_what_is_taken(make: Callable[[], Any]) -> None:
    array = real_array("mean", make())
    assert type(array) is np.ndarray
    assert array.dtype == np.float64
    assert array.tolist() == NUMBERS


FRAMES: list[tuple[str, Callable[[], Any]]] = [
    ("Int64", lambda: pd.DataFrame([[2, 1], [1, 2]], dtype="Int64")),
    ("boolean and Float64", lambda: pd.DataFrame({"a": [2.0, 1.0], "b": [1, 2]}).astype({"a": "Float64", "b": "Int8"})),
    ("arrow", lambda: pd.DataFrame([[2, 1], [1, 2]], dtype="int64[pyarrow]")),
    ("object", lambda: pd.DataFrame([[2, Fraction(1)], [1.0, Decimal(2)]], dtype=object)),
    ("polars", lambda: pl.DataFrame({"a": [2, 1], "b": [1.0, 2.0]})),
    ("arrow table", lambda: pa.table({"a": [2, 1], "b": [1.0, 2.0]})),
    ("dask", lambda: da.from_array(np.array([[2, 1], [1, 2]]), chunks=1)),
    ("fractions", lambda: [[Fraction(2), Fraction(1)], [1, 2]]),
    ("pint of pandas", lambda: pd.DataFrame({"a": [2.0, 1.0], "b": [1.0, 2.0]}, dtype="pint[dimensionless]")),
    ("rows of pint", lambda: [UNITS.Quantity(np.array(row), "") for row in ([2.0, 1.0], [1.0, 2.0])]),
    ("rows of astropy", lambda: [row * au.dimensionless_unscaled for row in ([2.0, 1.0], [1.0, 2.0])]),
]


@pytest.mark.parametrize("make", [make for _, make in FRAMES], ids=[name for name, _ in FRAMES])
def test_matrices_give_the_rows_of_plain_numbers(make: Callable[[], Any]) -> None:
    plain = mvn_dask.default_rng(1).multivariate_normal([0, 0], [[2.0, 1.0], [1.0, 2.0]], 4)
    np.testing.assert_array_equal(mvn_dask.default_rng(1).multivariate_normal([0, 0], make(), 4), plain)


def test_objects_become_the_nearest_float64() -> None:
    numbers = [Fraction(1, 3), Decimal("0.1"), 2**70 + 1, Fraction(10**30, 7)]
    assert real_array("mean", numbers).tolist() == [1 / 3, 0.1, float(2**70), float(Fraction(10**30, 7))]


def test_what_is_float64_is_not_copied() -> None:
    array = np.ones((2, 2))
    assert real_array("cov", array) is array


MISSING: list[Callable[[], Any]] = [
    lambda: pd.Series([1, None], dtype="Int64"),
    lambda: pd.Series([1.0, None], dtype="Float64"),
    lambda: pd.Series([1.0, None], dtype="double[pyarrow]"),
    lambda: pd.Series([1.0, pd.NA], dtype=object),
    lambda: pd.Series([True, None], dtype="boolean"),
    lambda: pd.Series([Decimal(1), None]),
    lambda: [1.0, None],
    lambda: [1, pd.NA],
    lambda: pl.Series([Decimal(1), None]),
]


@pytest.mark.parametrize("make", MISSING)
def test_missing_numbers_are_named_by_their_place(make: Callable[[], Any]) -> None:
    with pytest.raises(ArgumentError, match=r"`mean` must have no missing values: mean\[1\] is (<NA>|None); fill it"):
        mvn_dask.MultivariateNormal(make(), 1.0)


@pytest.mark.parametrize(
    "make", [lambda: pl.Series([1, None]), lambda: pa.array([1, None]), lambda: [1, Decimal("nan")]]
)
def test_missing_numbers_that_arrive_as_nan_are_named_as_well(make: Callable[[], Any]) -> None:
    with pytest.raises(ArgumentError, match=r"must be finite: mean\[1\] is nan; fill a missing value, or leave"):
        mvn_dask.MultivariateNormal(make(), 1.0)


def test_missing_numbers_of_a_matrix() -> None:
    frame = pd.DataFrame({"a": [2, 1], "b": [None, 2]}, dtype="Int64")
    with pytest.raises(ArgumentError, match=r"missing values: cov\[0, 1\] is <NA>"):
        mvn_dask.MultivariateNormal([0, 0], frame)


@pytest.mark.filterwarnings("ignore:.*(specification|consolidated)")
@pytest.mark.parametrize("version", [2, 3])
def test_packed_numbers_are_refused_and_the_way_out_works(tmp_path: Path, version: Any) -> None:
    """As xarray gives them with ``mask_and_scale=False``, and Zarr in any case."""
    data = xr.Dataset({"mean": ("v", [0.5, -1.5]), "cov": ("v", [1.0, 2.0])})
    encoding = {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -1}
    data.to_zarr(tmp_path / "a", consolidated=False, zarr_format=version, encoding={"mean": encoding, "cov": encoding})
    stored = xr.open_zarr(tmp_path / "a", consolidated=False, mask_and_scale=False)
    for name in ("mean", "cov"):
        for value in (stored[name], stored[name].compute(), stored[name].variable):
            with pytest.raises(
                ArgumentError, match=rf"^`{name}` must hold .* and is packed \(scale_factor = 0.5\)"
            ) as caught:
                real_array(name, value)
            way_out = str(caught.value).partition("give ")[2]
            decoded = eval(way_out, {"xarray": xr, name: value})  # noqa: S307
            np.testing.assert_array_equal(real_array(name, decoded), data[name])
        with pytest.raises(ArgumentError, match=r"give what xarray.open_dataset or xarray.open_zarr gives$"):
            real_array(name, zarr.open_array(tmp_path / "a" / name, mode="r"))
        np.testing.assert_array_equal(
            real_array(name, xr.open_zarr(tmp_path / "a", consolidated=False)[name]), data[name]
        )


def test_numbers_that_attributes_mark_as_missing() -> None:
    for key in ("_FillValue", "missing_value"):
        value = xr.DataArray([1, -1], attrs={key: -1})
        with pytest.raises(
            ArgumentError, match=r"missing values: mean\[1\] is -1, which its attributes mark as missing"
        ):
            mvn_dask.MultivariateNormal(value, 1.0)
        assert real_array("mean", xr.DataArray([1.0, 2.0], attrs={key: np.nan, "units": "m"})).tolist() == [1, 2]


class OtherMasked:
    """A masked array of a library that is known by its attributes alone."""

    def __init__(self, data: Any, mask: Any) -> None:
        self.data, self._mask = np.asarray(data), np.asarray(mask)

    @property
    def mask(self) -> Any:
        return self._mask

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.data


MASKED = np.ma.array([1.0, 2.0], mask=[False, True])


@pytest.mark.parametrize(
    "value",
    [
        MASKED,
        [1, np.ma.masked],
        [1, MASKED[1]],
        [MASKED, [1, 2]],
        (np.ma.array(1.0, mask=True), 2),
        np.array([Fraction(1), np.ma.masked], dtype=object),
        [Fraction(1), np.ma.masked],
        da.from_array(MASKED),
        Masked(np.array([1.0, 2.0]), mask=[False, True]),
        Masked([1.0, 2.0] * au.m, mask=[False, True]),
        Masked([1.0, 2.0] * au.dimensionless_unscaled, mask=[False, True]),
        MaskedColumn([1.0, 2.0], mask=[False, True]),
        [Masked(1.0, mask=True), 2.0],
        [Masked(np.array([1.0, 2.0]), mask=[False, True]), [1.0, 2.0]],
        np.array([Masked(1.0, mask=True), 2.0], dtype=object),
        [Fraction(1), Masked(2.0, mask=True)],
        xr.DataArray(Masked(np.array([1.0, 2.0]), mask=[False, True])),
        xr.Variable("x", Masked(np.array([1.0, 2.0]), mask=[False, True])),
        delayed(Masked(np.array([1.0, 2.0]), mask=[False, True])),
        UNITS.Quantity(MASKED, ""),
        UNITS.Quantity(MASKED, "m"),
        OtherMasked([1.0, 2.0], [False, True]),
    ],
)
def test_masks_are_refused(value: Any) -> None:
    with pytest.raises(ArgumentError, match="`mean` must have no masked entries"):
        real_array("mean", value)


class Opaque:
    """An object that numpy cannot convert, and says so by an error of its own."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("memory of another device")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not NoneType: give a matrix, such as [[2.0, 1.0], [1.0, 2.0]]"),
        ({"a": 1.0}, "not dict: give pandas.DataFrame(cov), whose labels name the variables, or a list of its values"),
        ({1.0, 2.0}, "not set: its entries have no order: give a list"),
        (frozenset([1.0]), "not frozenset: its entries have no order: give a list"),
        ({"a": 1.0}.keys(), "not dict_keys: its entries have no order: give a list"),
        ({"a": 1.0}.values(), "not dict_values: give list(cov)"),
        ((number for number in NUMBERS), "not generator: give list(cov)"),
        (map(float, NUMBERS), "not map: give list(cov)"),
        (zip(NUMBERS, strict=True), "not zip: give list(cov)"),
        (scipy.stats.multivariate_normal([0, 0]), "not multivariate_normal_frozen (scipy): give cov.cov"),
        (pl.DataFrame({"a": [1.0]}).lazy(), "not LazyFrame (polars): give cov.collect()"),
        (xr.Dataset({"a": ("x", [1.0])}), "not Dataset (xarray): give cov.to_dataarray()"),
        ("[[1, 0], [0, 1]]", "not str: give numbers, not text"),
        (b"1", "not bytes: give numbers, not text"),
        (object(), "not object: give a numpy array or a list"),
        (Opaque(), "not Opaque (tests): give a numpy array or a list"),
        (len, "not builtin_function_or_method: give a numpy array or a list"),
    ],
)  # fmt: skip
def test_what_is_no_array_is_refused_with_the_cure(value: Any, text: str) -> None:
    for draw in (mvn_dask.MultivariateNormal, mvn_dask.default_rng(1).multivariate_normal):
        with pytest.raises(ArgumentTypeError) as caught:
            draw([0.0, 0.0], value)
        assert str(caught.value) == f"`cov` must be an array of real numbers, {text}"


def test_the_cures_work() -> None:
    eye = scipy.sparse.eye_array(2)
    plain = mvn_dask.MultivariateNormal([0.0, 0.0], np.eye(2)).sample(3, seed=1)
    labelled = pd.DataFrame({"a": {"a": 1.0, "b": 0.0}, "b": {"a": 0.0, "b": 1.0}})
    texts = np.asarray([["1", "0"], ["0", "1"]], dtype=float)
    frozen = scipy.stats.multivariate_normal([0, 0]).cov
    for cov in (eye.toarray(), texts, frozen, scipy.stats.Covariance.from_diagonal([1, 1]).covariance, labelled):
        np.testing.assert_array_equal(mvn_dask.MultivariateNormal([0.0, 0.0], cov).sample(3, seed=1), plain)
    for mean in (pd.Series({"a": 1.0, "b": 2.0}), list({"a": 1.0, "b": 2.0}.values()), [0.0, 0.0]):
        mvn_dask.MultivariateNormal(mean, np.eye(2))
    assert real_array("cov", pl.DataFrame({"a": [1.0]}).lazy().collect()).shape == (1, 1)
    assert real_array("cov", xr.Dataset({"a": ("x", [1.0])}).to_dataarray()).shape == (1, 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (pd.Series(["1.5", "2"]), "mean[0] is '1.5' of type str; numpy.asarray(mean, dtype=float) reads numbers from"),
        ([1.0, pd.Timestamp("2026-01-01")], "mean[1] is an object of type Timestamp (pandas)"),
        (np.array([1, np.timedelta64(1, "s")], dtype=object), "mean[1] is an object of type timedelta64 (numpy)"),
        (np.array([1, [2, 3]], dtype=object), "mean[1] is an object of type list"),
        ([1, "x" * 100], "its dtype is <U100"),
        (np.array(["2026"], "M8"), "its dtype is datetime64[Y]"),
        ([scipy.sparse.eye_array(2)], "mean[0] is an object of type dia_array (scipy)"),
        (scipy.sparse.eye_array(2, format="csr"), "not csr_array (scipy): give mean.toarray()"),
        (scipy.stats.Covariance.from_diagonal([1, 2]), "not CovViaDiagonal (scipy): give mean.covariance"),
        ([1, object(), 1j], "must hold real numbers: mean[1] is an object of type object"),
        (
            np.array([1, 1j], dtype=object),
            "mean and cov must not be complex: mean[1] is 1j; numpy.real(mean) and numpy.imag(mean) are its parts",
        ),
        (["1", "2"], "its dtype is <U1; numpy.asarray(mean, dtype=float) reads numbers from text"),
    ],
)
def test_entries_that_are_no_numbers_are_named_by_their_place(value: Any, text: str) -> None:
    with pytest.raises(ArgumentTypeError) as caught:
        real_array("mean", value)
    assert text in str(caught.value)


@pytest.mark.parametrize("value", [[10**400, 1], [Fraction(10**400), 1], [Decimal("sNaN"), 1], [[1, 2], [3]]])
def test_numbers_that_no_float64_holds(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"`mean` (must hold numbers that float64 can hold|is not an array): "):
        real_array("mean", value)


def test_numbers_that_are_infinite_in_float64_are_named_by_their_place() -> None:
    for number in (Decimal("1e400"), np.longdouble("1e4000")):
        with pytest.raises(ArgumentError, match=r"`mean` must be finite: mean\[1\] is inf$"):
            mvn_dask.MultivariateNormal([1, number], 1.0)


def counted_data() -> tuple[da.Array, list[int]]:
    """Data of 6 blocks, and a list to which each block that is read adds its number."""
    read: list[int] = []

    def block(block_info: Any = None) -> Any:
        number = block_info[None]["chunk-location"][0]
        read.append(number)
        return np.random.default_rng(number).standard_normal((10, 3))

    return da.map_blocks(block, chunks=((10,) * 6, (3,)), dtype=float, meta=np.empty((0, 0))), read


@pytest.mark.parametrize("wrap", [lambda array: array, xr.DataArray], ids=["dask", "xarray"])
def test_mean_and_covariance_are_computed_in_one_pass(wrap: Callable[[Any], Any]) -> None:
    data, read = counted_data()
    mean, cov = data.mean(axis=0), da.cov(data, rowvar=False)
    for draw in (
        mvn_dask.MultivariateNormal,
        mvn_dask.default_rng(1).multivariate_normal,
        mvn_dask.multivariate_normal,
    ):
        draw(wrap(mean), wrap(cov))
        assert sorted(read) == list(range(6))
        read.clear()
    mvn_dask.MultivariateNormal([data[:, column].mean() for column in range(3)], cov)
    assert sorted(read) == list(range(6))
    read.clear()
    for make in (mvn_dask.covariance.Dense, lambda matrix: mvn_dask.covariance.as_covariance(matrix, 3)):
        make(wrap(cov))
        assert sorted(read) == list(range(6))
        read.clear()


def test_frames_of_dask_are_computed_in_one_pass_and_bring_their_labels() -> None:
    read: list[int] = []

    def part(number: int) -> pd.DataFrame:
        read.append(number)
        return pd.DataFrame(np.random.default_rng(number).standard_normal((10, 2)), columns=["oil", "gas"])

    data = dd.from_map(part, range(4), meta=part(0))
    read.clear()
    normal = mvn_dask.MultivariateNormal(data.mean(), data.cov())
    assert normal.names == ("oil", "gas")
    assert sorted(read) == [0, 1, 2, 3]
    np.testing.assert_allclose(normal.covariance.to_dense(), pd.concat([part(number) for number in range(4)]).cov())


def test_only_what_is_lazy_is_computed() -> None:
    numbers, iterator = [[1.0, 2.0]], iter([1])
    same, kept, computed = compute_together(numbers, iterator, da.ones(2))
    assert same is numbers
    assert kept is iterator
    assert computed.tolist() == [1, 1]


def test_errors_of_a_computation_are_its_own() -> None:
    def fail(block: Any) -> Any:
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        mvn_dask.MultivariateNormal(da.ones(2).map_blocks(fail, meta=np.empty(0)), 1.0)


def write_matrix(library: str, path: Path, numbers: np.ndarray, chunks: tuple[int, int] | None) -> Any:
    """An array of Zarr, or a dataset of HDF5 in a file that stays open."""
    if library == "h5py":
        return h5py.File(path, "w").create_dataset("cov", data=numbers, chunks=chunks)
    stored = zarr.create_array(
        path, shape=numbers.shape, dtype=numbers.dtype, chunks=chunks or "auto", compressors=None
    )
    stored[:] = numbers
    return stored


@pytest.mark.parametrize("library", ["zarr", "h5py"])
@pytest.mark.parametrize("chunks", [(40, 40), (7, 40), (7, 9), (1, 3), None])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "bool"])
def test_files_are_read_in_pieces(
    tmp_path: Path, dtype: str, chunks: tuple[int, int] | None, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvn_dask.array_likes.FILE_NUMBERS", 400)
    numbers = (np.random.default_rng(1).standard_normal((40, 40)) - 1.0).round(1).astype(dtype)
    stored = write_matrix(library, tmp_path / "cov", numbers, chunks)
    found = real_array("cov", stored)
    np.testing.assert_array_equal(found, numbers.astype(np.float64))
    assert (found.dtype.name, found.flags.writeable) == ("float64", False)
    stored.attrs["_FillValue"] = float(numbers[23, 5])
    row, column = np.argwhere(numbers == numbers[23, 5])[0]
    with pytest.raises(ArgumentError, match=rf"no missing values: cov\[{row}, {column}\] is .* its attributes mark"):
        real_array("cov", stored)


@pytest.mark.parametrize("library", ["zarr", "h5py"])
def test_a_file_of_a_matrix_takes_no_second_copy(tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.array_likes.FILE_NUMBERS", 2**15)
    stored = write_matrix(library, tmp_path / "cov", np.ones((1000, 1000)), (50, 1000))
    tracemalloc.start()
    Dense(stored)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * 8e6


def test_datasets_of_hdf5(tmp_path: Path) -> None:
    mean, cov = np.array([1.0, 2.0]), np.array([[2.0, 1.0], [1.0, 3.0]])
    with h5py.File(tmp_path / "moments.h5", "w") as file:
        file["mean"], file["cov"], file["single"] = mean, cov, cov.astype(">f4")
        assert mvn_dask.MultivariateNormal(file["mean"], file["cov"]) == mvn_dask.MultivariateNormal(mean, cov)
        np.testing.assert_array_equal(real_array("cov", file["single"]), cov)
        file["packed"] = cov.astype("i2")
        file["packed"].attrs["scale_factor"] = 0.5
        with pytest.raises(ArgumentError, match=r"is packed \(scale_factor = 0.5\)"):
            real_array("cov", file["packed"])
        with pytest.raises(ArgumentTypeError, match=r"not File \(h5py\): give cov\['NAME'\], an array in it$"):
            real_array("cov", file)
        file["text"], file["nothing"], file["complex"] = ["a"], h5py.Empty("f8"), cov * 1j
        for name, words in (
            ("text", "real numbers: "),
            ("nothing", "real numbers, not"),
            ("complex", "not be complex"),
        ):
            with pytest.raises(ArgumentTypeError, match=words):
                real_array("cov", file[name])
