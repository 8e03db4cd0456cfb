"""The keys that a job file may hold."""

import difflib
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from pydantic.fields import FieldInfo

from mvn_dask.job.schema.base import Table
from mvn_dask.job.schema.specification import Specification

Key = tuple[str, ...]
"""A key with the tables around it, outermost first."""

HIDDEN = {"storage_options", "options"}
"""Tables whose values may be secret."""


@cache
def known_keys() -> dict[Key, FieldInfo]:
    """Every key that the schema knows, outer ones before inner ones."""
    return dict(_keys(Specification, ()))


def _keys(table: type[Table], above: Key) -> Iterator[tuple[Key, FieldInfo]]:
    for name, field in table.model_fields.items():
        key = (*above, field.alias or name)
        yield key, field
        for inner in _tables(field.annotation):
            yield from _keys(inner, key)


def _tables(annotation: Any) -> Iterator[type[Table]]:
    """The tables that a type allows."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    for part in get_args(annotation):
        yield from _tables(part)


def dotted(key: Key) -> str:
    """A key as errors name it.

    Examples
    --------
    >>> dotted(("sample", "size"))
    'sample.size'
    """
    return ".".join(key)


def is_hidden(key: Key) -> bool:
    """Whether the value of a key may be secret: it is an option for another library, or nobody knows the key."""
    return bool(HIDDEN & set(key)) or key not in known_keys()


def suggestion(key: Key) -> str:
    """What somebody who wrote an unknown key may have meant.

    Examples
    --------
    >>> suggestion(("sample", "sede"))
    'did you mean sample.seed?'
    """
    known = [*known_keys()]
    siblings = [each[-1] for each in known if each[:-1] == key[:-1]]
    near = [(*key[:-1], name) for name in difflib.get_close_matches(key[-1], siblings, 1)]
    near = near or [each for each in known if each[-1] == key[-1]]
    if near:
        return f"did you mean {dotted(near[0])}?"
    return f"{dotted(key[:-1]) or 'a job'} takes {', '.join(siblings)}" if siblings else ""
