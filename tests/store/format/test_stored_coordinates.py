from typing import Any

import numpy as np
import pandas as pd
import pytest

from mvn_dask.coordinates import Coordinate
from mvn_dask.description import LabelArray
from mvn_dask.errors import ArgumentError
from mvn_dask.store.format.stored_coordinates import StoredCoordinate, level_labels
from mvn_dask.store.format.typed_json import from_json, to_json
from mvn_dask.typed_texts import TEXT

LABELS: dict[str, tuple[Any, str]] = {
    "texts": (np.array([["a", ""], ["é", "b"]]), TEXT),
    "objects": (np.array(["a", "b"], dtype=object), TEXT),
    "texts of pandas": (pd.array(["a", "b"], dtype="string"), TEXT),
    "truth": (np.array([True, False]), "bool"),
    "missing numbers": (np.array([np.nan, -np.inf, -0.0]), "float64"),
    "missing times": (np.array(["2026-01-01", "NaT"], "M8[ms]"), "datetime64[ms]"),
    "days": (np.array("2026-01-01", "M8[D]"), "datetime64[s]"),
    "one": (np.array(3, "int8"), "int8"),
    "none": (np.zeros((0, 2)), "float64"),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_of_any_shape_come_back(name: str) -> None:
    values, dtype = LABELS[name]
    shape = np.shape(values)
    dims = tuple("xy"[: len(shape)])
    found = StoredCoordinate.of("c", LabelArray(dims, values, {"units": "m"} if dtype == "float64" else {}))
    assert found.dtype == dtype
    assert from_json(StoredCoordinate, to_json(found)) == found
    lengths = dict(zip(dims, shape, strict=True))
    again = found.array(found.shape_in(lengths))
    assert (again.dims, again.attributes) == (dims, found.attributes)
    np.testing.assert_array_equal(again.values, np.asarray(values))


def test_names_of_places() -> None:
    of_axis = StoredCoordinate.of_axis("x", Coordinate("int64", ("3", "1")))
    assert of_axis.axis_labels() == Coordinate("int64", ("3", "1"))
    truth = StoredCoordinate(("x",), "bool", ("True", "False"), {})
    assert truth.axis_labels() == Coordinate(TEXT, ("True", "False"))
    for dtype, labels in ((TEXT, ("a", "a")), (TEXT, ("a", "")), ("float64", ("1.0", "nan"))):
        assert StoredCoordinate(("x",), dtype, labels, {}).axis_labels() is None
    assert StoredCoordinate(("x",), TEXT, ("nan", "NaT"), {}).axis_labels() is not None
    assert StoredCoordinate((), TEXT, ("a",), {}).axis_labels() is None
    time = StoredCoordinate(("x",), "datetime64[s]", ("2026-01-01 00:00:00",), {})
    name = StoredCoordinate(("x",), TEXT, ("it's",), {})
    index = pd.MultiIndex.from_tuples([(pd.Timestamp("2026-01-01"), "it's")])
    assert level_labels([time, name]) == Coordinate.of("x", index)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dtype": "object"}, "are not known"),
        ({"labels": ["1"]}, "not spelt as float64"),
        ({"labels": ["x"]}, "cannot be read"),
        ({"attributes": {"_FillValue": 1}}, "would change what readers see"),
        ({"dtype": "datetime64[s]", "labels": [], "attributes": {"units": "x"}}, "would change"),
        ({"dims": "x"}, "must be a list"),
        ({"attributes": []}, "must be an object"),
    ],
)
def test_a_hostile_file(fields: dict[str, Any], words: str) -> None:
    whole = {"dims": ["x"], "dtype": "float64", "labels": ["1.0"], "attributes": {}, **fields}
    with pytest.raises(ValueError, match=words):
        from_json(StoredCoordinate, whole)


def test_what_no_store_keeps() -> None:
    for values, words in ((np.array([1j]), "complex128"), (np.array([1], object), "type int")):
        with pytest.raises(ArgumentError, match=words):
            StoredCoordinate.of("c", LabelArray(("x",), values))
