"""Keys of a job file, from the schema: dotted names, descriptions, suggestions for unknown ones."""

import difflib
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from pydantic.fields import FieldInfo

from mvn_dask.job.schema.base import Table
from mvn_dask.job.schema.job_spec import JobSpec

Key = tuple[str, ...]
"""A key with the tables around it, outermost first."""

SECRET_TABLES = {"storage_options", "options"}
"""Tables whose values may be credentials."""


@cache
def known_keys() -> dict[Key, FieldInfo]:
    """Every key of the schema, outer ones before inner ones."""
    return dict(_keys(JobSpec, ()))


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


def is_secret(key: Key) -> bool:
    """Whether the value of a key may be a credential: it is an option of another library, or the key is unknown."""
    return bool(SECRET_TABLES & set(key)) or key not in known_keys()


def suggestion(key: Key) -> str:
    """The known key nearest to an unknown one, or the keys that its table takes.

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
