from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest

from mvn_dask.store.format.typed_json import DTYPES, from_json, to_json


@dataclass(frozen=True)
class Inner:
    """A record in a record."""

    size: int
    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Record:
    """A field of every type."""

    kind: Literal["a", "b"]
    names: tuple[str, ...]
    dtype: np.dtype[Any]
    inner: Mapping[str, Inner]
    opaque: Mapping[str, Any]


VALUE: dict[str, Any] = {
    "kind": "a",
    "names": ["x", "é"],
    "dtype": "float64",
    "inner": {"p": {"size": 2**63 - 1, "shape": [1, 2]}, "q": {"size": 0, "shape": None}},
    "opaque": {"deep": [{"any": None}]},
}


def test_values_go_there_and_back() -> None:
    record = from_json(Record, VALUE)
    assert record == Record(
        "a", ("x", "é"), np.dtype("f8"), {"p": Inner(2**63 - 1, (1, 2)), "q": Inner(0, None)}, {"deep": [{"any": None}]}
    )
    assert to_json(record) == VALUE


def test_dtypes_are_those_of_numbers() -> None:
    assert {dtype.kind for dtype in DTYPES.values()} == set("biufc")
    assert all(np.dtype(name) == dtype for name, dtype in DTYPES.items())
    assert set(DTYPES) == {
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
        "float64", "complex64", "complex128",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("kind", "c", "`kind` must be one of a, b, not 'c'"),
        ("kind", None, "`kind` must be one of"),
        ("kind", ["a"], "`kind` must be one of"),
        ("names", "xy", "`names` must be a list, not 'xy'"),
        ("names", [1], "`names` must be text, not 1"),
        ("names", [None], "`names` must be text"),
        ("names", ["\ud800"], "`names` must be text"),
        ("names", {"x": 1}, "`names` must be a list"),
        ("dtype", "object", "`dtype` must be one of bool, .*, not 'object'"),
        ("dtype", "<f8", "`dtype` must be one of"),
        ("dtype", ["f8"], "`dtype` must be one of"),
        ("dtype", None, "`dtype` must be one of"),
        ("inner", [], "`inner` must be an object, not"),
        ("inner", {"p": {"size": 1}}, "`inner.p` must be an object of exactly size, shape, not"),
        ("inner", {"p": {"size": 1, "shape": None, "more": 1}}, "`inner.p` must be an object of exactly"),
        ("inner", {"p": {"size": True, "shape": None}}, r"`inner.p.size` must be an integer from 0 to 2\*\*63 - 1"),
        ("inner", {"p": {"size": -1, "shape": None}}, "`inner.p.size` must be an integer"),
        ("inner", {"p": {"size": 1.0, "shape": None}}, "`inner.p.size` must be an integer .*, not 1.0"),
        ("inner", {"p": {"size": float("nan"), "shape": None}}, "`inner.p.size` must be an integer"),
        ("inner", {"p": {"size": 2**63, "shape": None}}, "`inner.p.size` must be an integer"),
        ("inner", {"p": {"size": 1, "shape": [1, "2"]}}, "`inner.p.shape` must be an integer .*, not '2'"),
        ("opaque", None, "`opaque` must be an object, not None"),
    ],
)
def test_other_types_are_refused_by_the_name_of_the_field(field: str, value: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        from_json(Record, {**VALUE, field: value})


@pytest.mark.parametrize("value", [None, [], {}, {**VALUE, "more": 1}, {"kind": "a"}, "x" * 10**6])
def test_fields_too_many_or_too_few_are_refused_in_few_words(value: Any) -> None:
    with pytest.raises(ValueError, match="it must be an object of exactly kind, names, dtype, inner, opaque") as caught:
        from_json(Record, value)
    assert len(str(caught.value)) < 500
