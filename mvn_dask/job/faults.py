"""What is wrong with a job, in the words of people who write job files."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from mvn_dask.errors import ArgumentError
from mvn_dask.job.keys import Key, is_hidden, suggestion
from mvn_dask.job.places import Places
from mvn_dask.job.schema.base import ContradictionError
from mvn_dask.job.spelling import shown

_RULES = {
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "int_type": "must be an integer",
    "string_type": "must be text",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}
"""Pydantic's names of rules, and ours."""


def fault_lines(error: ValidationError, places: Places) -> list[str]:
    """A line for every fault, in the order of the file."""
    found = [
        (*places.find(key), text)
        for each in error.errors(include_url=False)
        for key, text in _faults(_key(each["loc"]), each)
    ]
    return [f"{place}: {text}" for _, place, text in sorted(found, key=lambda fault: fault[0])]


def _key(location: tuple[int | str, ...]) -> Key:
    # Where a key may be of several kinds, pydantic names the kind; ours are in angle brackets.
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
    """What was there instead, if it is short and no secret."""
    if is_hidden(key) or isinstance(value, dict) or (rule == _RULES["dict_type"] and isinstance(value, str)):
        return ""
    return ", not a list" if isinstance(value, (list, tuple)) else f", not {shown(value)}"
