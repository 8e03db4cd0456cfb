"""Differences between two records. Input: nested JSON; output: fields, and what each record has there."""

from collections.abc import Mapping


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


def field_differences(stored: object, other: object, what: str, ignored: tuple[str, ...] = ()) -> dict[str, str]:
    """Fields that differ, each with both values in words; `what` names what has the second record.

    Fields that begin with one of `ignored` are left out.
    """
    ours, theirs = flat_fields(stored), flat_fields(other)
    return {
        field: f"`{field}` is {ours.get(field)!r} in the store, {theirs.get(field)!r} in the {what}"
        for field in sorted(ours.keys() | theirs.keys())
        if ours.get(field) != theirs.get(field) and not field.startswith(ignored)
    }
