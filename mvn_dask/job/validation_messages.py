"""Error messages of an invalid job. Input: pydantic's ValidationError; output: one line per fault, in file order."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from mvn_dask.errors import ArgumentError
from mvn_dask.job.key_locations import KeyLocations
from mvn_dask.job.keys import Key, is_secret, suggestion
from mvn_dask.job.schema.base import ContradictionError
from mvn_dask.job.toml_format import preview

_RULES = {
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "int_type": "must be an integer",
    "string_type": "must be text",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}
"""Pydantic's error types, and the rules in TOML's terms."""


def validation_messages(error: ValidationError, locations: KeyLocations) -> list[str]:
    """A line for every fault: location, key, rule and value."""
    found = [
        (*locations.find(key), text)
        for each in error.errors(include_url=False)
        for key, text in _faults(_key(each["loc"]), each)
    ]
    return [f"{location}: {text}" for _, location, text in sorted(found, key=lambda fault: fault[0])]


def _key(location: tuple[int | str, ...]) -> Key:
    # For a union pydantic adds the member's tag to the location; the schema writes its tags in angle brackets.
    return tuple(str(step) for step in location if not str(step).startswith("<"))


def _faults(key: Key, error: Any) -> Iterator[tuple[Key, str]]:
    own = error.get("ctx", {}).get("error")
    if isinstance(own, ContradictionError):
        yield from (((*key, *name.split(".")), text) for name, text in own.faults)
    elif isinstance(own, ArgumentError):
        yield key, str(own)
    elif error["type"] == "extra_forbidden":
        yield key, "; ".join(filter(None, ("unknown key", suggestion(key))))
    elif error["type"] == "missing":
        yield key, "is required"
    else:
        rule = _rule(error)
        yield key, f"{rule}{_seen(key, rule, error['input'])}"


def _rule(error: Any) -> str:
    if error["type"] == "literal_error":
        return f"must be {error['ctx']['expected']}".replace("'", '"')
    return _RULES.get(error["type"], str(error["msg"]))


def _seen(key: Key, rule: str, value: object) -> str:
    """The value that was given, if it is short and cannot be secret."""
    if is_secret(key) or isinstance(value, dict) or (rule == _RULES["dict_type"] and isinstance(value, str)):
        return ""
    return ", not a list" if isinstance(value, (list, tuple)) else f", not {preview(value)}"
