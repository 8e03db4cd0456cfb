"""Frozen dataclasses from JSON values, and back.

Input: a type, and a parsed JSON value, which may be hostile. Output: an instance, or a `ValueError` that names the
field, its rule and the value seen. Cost: one pass over the value; a million texts take half a second.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import numpy as np

from mvn_dask.readable import short_repr

_NAMES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128"
DTYPES = {name: np.dtype(name) for name in _NAMES.split()}
"""Types of numbers that Zarr knows, by their names."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def from_json(kind: Any, value: Any, path: str = "") -> Any:
    """A value of a type: str, int, a dtype, a dataclass, or a tuple, Mapping, Literal or `X | None` of such.

    Integers are from 0 to 2**63 - 1. A Mapping to Any is taken as it is. Raises ValueError if the value is of another
    type, or has a field too many or too few.
    """
    if kind is str:
        # JSON can spell half a surrogate pair, which has no UTF-8.
        valid = type(value) is str and (value.isascii() or not _SURROGATE.search(value))
        return _checked(valid, value, path, "text")
    if kind is int:  # and not bool, which is one in Python
        return _checked(type(value) is int and 0 <= value < 2**63, value, path, "an integer from 0 to 2**63 - 1")
    if is_dataclass(kind):
        types = {field.name: field.type for field in fields(kind)}
        valid = type(value) is dict and value.keys() == types.keys()
        _checked(valid, value, path, f"an object of exactly {', '.join(types)}")
        return kind(**{name: from_json(types[name], value[name], f"{path}.{name}") for name in types})  # type: ignore[operator]
    return _generic_from_json(get_origin(kind), get_args(kind), value, path)


def _generic_from_json(origin: Any, arguments: tuple[Any, ...], value: Any, path: str) -> Any:
    if origin is UnionType:
        return None if value is None else from_json(arguments[0], value, path)
    if origin is Literal:
        return _checked(type(value) is str and value in arguments, value, path, f"one of {', '.join(arguments)}")
    if origin is np.dtype:
        return DTYPES[_checked(type(value) is str and value in DTYPES, value, path, f"one of {', '.join(DTYPES)}")]
    item_kind = arguments[-1] if origin is Mapping else arguments[0]
    if origin is tuple:
        _checked(type(value) is list, value, path, "a list")
        # Of texts at once: there may be a million.
        if item_kind is str and _are_texts(value) and all(map(str.isascii, value)):
            return tuple(value)
        return tuple(from_json(item_kind, item, path) for item in value)
    _checked(origin is Mapping and type(value) is dict, value, path, "an object")
    return value if item_kind is Any else {key: from_json(item_kind, value[key], f"{path}.{key}") for key in value}


def to_json(value: Any) -> Any:
    """The inverse of `from_json`."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_json(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return list(value) if _are_texts(value) else list(map(to_json, value))
    return value.name if isinstance(value, np.dtype) else value


def _are_texts(values: Sequence[Any]) -> bool:
    return set(map(type, values)) == {str}


def _checked(valid: bool, value: Any, path: str, rule: str) -> Any:
    if not valid:
        name = f"`{path.removeprefix('.')}`" if path else "it"
        raise ValueError(f"{name} must be {rule}, not {short_repr(value)}")
    return value
