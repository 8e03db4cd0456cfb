"""Attributes as JSON holds them, which xarray reads back without taking them for something else.

Input: attributes as users hold them, or fields of a manifest, which may be hostile. Output: JSON-able attributes, or an
`ArgumentError` that names the attribute. Cost: a pass over the values. numpy's numbers and arrays become numbers and
lists, as xarray writes them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mvn_dask.errors import ArgumentError
from mvn_dask.packing import MISSING_MARKS, PACKING_ATTRIBUTES
from mvn_dask.readable import short_repr

DECODED_ATTRIBUTES = (*PACKING_ATTRIBUTES, *MISSING_MARKS, "coordinates", "_ARRAY_DIMENSIONS")
"""Attributes that xarray takes for instructions, which would change or hide the numbers."""
NESTED_ATTRIBUTES = 32
"""Lists and mappings inside one another, at most."""

_DECODED_TEXTS = {"units": re.compile(r"\S+\s+since\s", re.IGNORECASE), "dtype": re.compile(r"bool$|timedelta64")}
"""Attributes that xarray takes for instructions where they are such texts: for points in time, truth values, spans."""


def json_attributes(owner: str, given: Mapping[Any, Any], reserved: Sequence[str] = ()) -> dict[str, Any]:
    """Attributes of an array, or of a coordinate, which errors call `owner`, as JSON holds them.

    Raises
    ------
    ArgumentError
        If JSON cannot hold one, or xarray would take it for an instruction; `reserved` are others of those.

    Examples
    --------
    >>> json_attributes("`array`", {"units": "m", "range": np.array([0.5, 2.0])})
    {'units': 'm', 'range': [0.5, 2.0]}
    """
    found = {}
    for name, value in given.items():
        if not isinstance(name, str) or not _is_utf8(name):
            raise ArgumentError(f"attributes of {owner} must be named by text, and one is named {short_repr(name)}")
        if _is_instruction(name, value, reserved):
            raise ArgumentError(
                f"the attribute {name!r} of {owner}, {short_repr(value)}, is one by which readers change the numbers "
                f"that they read: `del attrs[{name!r}]`, or name it otherwise"
            )
        try:
            found[name] = _as_json(value, NESTED_ATTRIBUTES)
        except ValueError:
            raise ArgumentError(
                f"the attribute {name!r} of {owner} must be text, a number, or lists and mappings of such, and it is "
                f"{short_repr(value)}: attrs[{name!r}] = str(...) makes text of it"
            ) from None
    return found


def checked_attributes(found: Mapping[str, Any], reserved: Sequence[str] = ()) -> None:
    """Raise ValueError if attributes of a manifest hold an instruction to readers."""
    for name, value in found.items():
        if _is_instruction(name, value, reserved):
            raise ValueError(f"the attribute {name!r}, {short_repr(value)}, would change what readers see")


def _is_instruction(name: str, value: object, reserved: Sequence[str]) -> bool:
    is_decoded = isinstance(value, str) and name in _DECODED_TEXTS and _DECODED_TEXTS[name].match(value) is not None
    return is_decoded or name in DECODED_ATTRIBUTES or name in reserved


def _as_json(value: Any, depth: int) -> Any:
    """A value as JSON's parser gives it back. Raises ValueError if JSON has none."""
    if isinstance(value, np.generic | np.ndarray):
        if value.dtype.kind in "mM":
            raise ValueError  # of which numpy would make integers, without their unit
        value = value.tolist()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and _is_utf8(value):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and np.isfinite(value):
        return float(value)
    if depth and isinstance(value, list | tuple):
        return [_as_json(each, depth - 1) for each in value]
    if depth and isinstance(value, Mapping):
        return dict(_json_items(value, depth - 1))
    raise ValueError


def _json_items(value: Mapping[Any, Any], depth: int) -> Iterator[tuple[str, Any]]:
    for key, each in value.items():
        if not isinstance(key, str) or not _is_utf8(key):
            raise ValueError
        yield key, _as_json(each, depth)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
