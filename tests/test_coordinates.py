from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mvn_dask.coordinates import Coordinate
from mvn_dask.errors import ArgumentError
from mvn_dask.labels import Axis
from mvn_dask.store.format.typed_json import from_json, to_json
from mvn_dask.typed_texts import LABEL_DTYPES, TEXT

TIMES = pd.date_range("2026-01-01", periods=3, freq="36h")

LABELS: dict[str, tuple[Any, str]] = {
    "texts": (["a", "b"], TEXT),
    "texts of numpy": (np.array(["a", "b"]), TEXT),
    "numbers among texts": (["a", 3], TEXT),
    "bytes": (np.array([b"a", b"b"]), TEXT),
    "booleans": ([True, False], TEXT),
    "pairs": (pd.MultiIndex.from_product([["a"], [1, 2]]), TEXT),
    "spans": (np.array([-1, 0, 86_400, 90_061], "timedelta64[s]"), "timedelta64[s]"),
    "spans of pandas": (pd.to_timedelta([1, 2, 3], "h").as_unit("ns"), "timedelta64[ns]"),
    "an iterator": ([1.5, 2.5], "float64"),
    "centuries": (np.array(["0850-01-01"], "datetime64[D]"), "datetime64[s]"),
    "a range": (range(3), "int64"),
    "floats": ([0.1, -0.0, 1e300], "float64"),
    "float32": (np.array([0.1, 1e-40], "float32"), "float32"),
    "uint64": (np.array([2**64 - 1], "uint64"), "uint64"),
    "int8": (np.array([-128], "int8"), "int8"),
    "days": (np.array(["2026-01-01", "1066-10-14"], "datetime64[D]"), "datetime64[s]"),
    "nanoseconds": (np.array(["2026-01-01T00:00:00.000000001"], "datetime64[ns]"), "datetime64[ns]"),
    "times of pandas": (TIMES.as_unit("ms"), "datetime64[ms]"),
    "times of xarray": (xr.DataArray(TIMES.as_unit("ns"), dims="time"), "datetime64[ns]"),
    "of the other byte order": (np.array([1.5, 2.5], ">f8"), "float64"),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_keep_their_type_and_every_bit_through_json(name: str) -> None:
    labels, dtype = LABELS[name]
    labels = list(labels) if name == "an iterator" else labels
    found = Coordinate.of("x", iter(labels) if name == "an iterator" else labels)
    assert found.dtype == dtype
    again: Coordinate = from_json(Coordinate, to_json(found))
    assert again == found
    if dtype != TEXT:
        given = np.asarray(labels).astype(found.values.dtype)
        assert again.values.tobytes() == given.tobytes()
        assert again.values.dtype == np.dtype(dtype)
    else:
        assert again.values.tolist() == list(again.labels)


@pytest.mark.parametrize(
    ("unit", "step"),
    [
        ("s", "1h"),
        ("ms", "1h"),
        ("ms", "1ms"),
        ("us", "1us"),
        ("us", "1h"),
        ("ns", "1us"),
        ("ns", "1ms"),
        ("ns", "1001ns"),
    ],
)
def test_times_are_spelt_as_pandas_spells_them(unit: Any, step: str) -> None:
    times = pd.date_range("1999-12-31 23:59:59", periods=3, freq=step).as_unit(unit)
    assert Coordinate.of("time", times).labels == Axis.of("", times.tolist()).labels
    spans = times - times[1] - pd.Timedelta(1, "D")
    assert Coordinate.of("step", spans).labels == Axis.of("", spans.tolist()).labels


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([1.0, np.nan], r"`x` must hold finite labels: x\[1\] is nan"),
        ([np.inf], "finite"),
        (np.array(["NaT"], "datetime64[ns]"), "finite"),
        ([[1.0], [2.0]], r"must be 1 dimensional: its shape is \(2, 1\)"),
        (3.0, "1 dimensional"),
        ("abc", "must be a sequence of labels, not 'abc'"),
        ({"a", "b"}, "must be a sequence of labels"),
        (["a", None], r"must hold a label for each place: x\[1\] is None"),
        (["a", np.nan], r"x\[1\] is nan"),
        (np.ma.masked_array([1.0, 2.0], [False, True]), "is a masked array"),
        (np.array([1], "datetime64[ps]"), "holds times in ps"),
        (np.array([10**12], "datetime64[Y]"), "holds times in Y"),
        ([1.0, 2.0, 1.0], r"must differ: those at the places 0 and 2 are '1.0'"),
        (["a", "a"], "must differ"),
        ([""], "must not be empty"),
        (["\ud800"], "UTF-8"),
    ],
)
def test_labels_that_are_none(labels: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        Coordinate.of("x", labels)


@pytest.mark.parametrize(
    ("dtype", "labels"),
    [
        ("float64", ("1",)),
        ("float64", ("1_0.0",)),
        ("float64", ("nan",)),
        ("float64", ("x",)),
        ("int8", ("300",)),
        ("int64", ("01",)),
        ("int64", ("1.5",)),
        ("datetime64[s]", ("2026-01-01",)),
        ("datetime64[s]", ("2026-01-01 00:00:00.500000",)),
        ("datetime64[s]", ("NaT",)),
        ("datetime64[fs]", ("2026-01-01 00:00:00",)),
        ("object", ("a",)),
        ("float64", ("1.0", "1.0")),
        ("timedelta64[s]", ("1:00:00",)),
        ("timedelta64[s]", ("0 days 00:61:00",)),
        ("timedelta64[s]", ("0 days 00:00:00.500000",)),
        ("text", ("a", "a")),
    ],
)
def test_a_file_has_one_spelling_of_a_label(dtype: str, labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(Coordinate, {"dtype": dtype, "labels": list(labels)})


def test_some_of_the_labels() -> None:
    found = Coordinate.of("x", [1.5, 2.5, 3.5])
    assert (len(found), found.take([2, 0])) == (3, Coordinate("float64", ("3.5", "1.5")))
    assert all(dtype.kind in "iufmM" for dtype in LABEL_DTYPES.values())
