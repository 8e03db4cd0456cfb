import enum
import json
from typing import Any

import numpy as np
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.store.format.stored_attributes import NESTED_ATTRIBUTES, checked_attributes, json_attributes


class Colour(enum.StrEnum):
    RED = "red"


def test_what_numpy_holds_becomes_what_json_holds() -> None:
    given: dict[str, Any] = {
        "a": np.float32(0.5),
        "b": np.arange(3),
        "c": (1, "x", None, True, np.bool_(False)),
        "d": {"e": [np.int8(1)]},
        "f": np.str_("x"),
        "g": 10**30,
        "h": Colour.RED,
    }
    found = json_attributes("`array`", given)
    assert json.loads(json.dumps(found)) == found
    assert found["b"] == [0, 1, 2]
    assert found["c"] == [1, "x", None, True, False]
    checked_attributes(found)


def deep(depth: int) -> Any:
    return [] if depth == 0 else [deep(depth - 1)]


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        object(),
        np.nan,
        [np.inf],
        1j,
        np.datetime64("2026-01-01", "ns"),
        np.array(["2026"], "M8[Y]"),
        np.timedelta64(1, "s"),
        {1: 2},
        b"x",
        "\ud800",
        deep(NESTED_ATTRIBUTES + 1),
    ],
)
def test_what_json_does_not_hold_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"the attribute 'x' of `array` must be text.*attrs\['x'\] = str\(\.\.\.\)"):
        json_attributes("`array`", {"x": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scale_factor", 2.0),
        ("_FillValue", 0),
        ("coordinates", "x"),
        ("units", "days since 2000-01-01"),
        ("dtype", "bool"),
        ("dtype", "timedelta64[ns]"),
        ("mine", 1),
    ],
)
def test_instructions_to_readers_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=f"the attribute {name!r} of `array`, .*readers change the numbers"):
        json_attributes("`array`", {name: value}, ["mine"])
    with pytest.raises(ValueError, match="would change what readers see"):
        checked_attributes({name: value}, ["mine"])


def test_names_are_texts() -> None:
    for name in (5, "\ud800"):
        with pytest.raises(ArgumentError, match="must be named by text"):
            json_attributes("`array`", {name: 1})
    harmless = {"units": "days", "dtype": "boolean"}
    assert json_attributes("`array`", harmless) == harmless
