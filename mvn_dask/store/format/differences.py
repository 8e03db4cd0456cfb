"""Differences between two records. Input: nested JSON; output: fields, and what each record has there."""

from collections.abc import Mapping

from mvn_dask.hashing import canonical_json
from mvn_dask.readable import plural


def flat_fields(value: object, prefix: str = "") -> dict[str, object]:
    """Nested JSON as one level of dotted fields.

    Examples
    --------
    >>> flat_fields({"a": {"b": [1, 2]}, "c": [{"d": 3}]})
    {'a.b': [1, 2], 'c[0].d': 3}
    """
    if isinstance(value, Mapping):
        items = [(f"{prefix}.{key}" if prefix else str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        items = [(f"{prefix}[{position}]", inner) for position, inner in enumerate(value)]
    else:
        return {prefix: value}
    return {field: leaf for key, inner in items for field, leaf in flat_fields(inner, key).items()}


def field_differences(stored: object, other: object, ignored: tuple[str, ...] = ()) -> dict[str, str]:
    """Fields that differ, each with both values in words: in the store, and here.

    Fields that begin with one of `ignored` are left out.
    """
    ours, theirs = flat_fields(stored), flat_fields(other)
    return {
        field: f"`{field}` is {ours.get(field)!r} in the store, {theirs.get(field)!r} here"
        for field in sorted(ours.keys() | theirs.keys())
        if ours.get(field) != theirs.get(field) and not field.startswith(ignored)
    }


def length_advice(
    stored: Mapping[str, object], shape: tuple[int, ...], other: Mapping[str, object], other_shape: tuple[int, ...]
) -> str:
    """A sentence of an advice, for records of one sample that differ in its length alone; empty for any others."""
    if not shape or shape[1:] != other_shape[1:]:
        return ""
    if canonical_json({**stored, "size": None}) != canonical_json({**other, "size": None}):
        return ""
    more = other_shape[0] - shape[0]
    if more > 0:
        rows = plural(more, "row")
        return f"{{the_array}} is a longer run of the sample in the store: {{extend}} appends the {rows}. "
    rows = plural(other_shape[0], "row")
    return f"The store holds a longer run of the sample: its first {rows} are the {{array}}'s. " if more else ""
