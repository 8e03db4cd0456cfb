"""Differences between two records. Input: nested JSON; output: fields, and what each record has there."""

from collections.abc import Iterable, Mapping
from typing import Any

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


def length_advice(stored: Mapping[str, Any], other: Mapping[str, Any], different: Iterable[str]) -> str:
    """A sentence of an advice, for manifests of two runs of one sample that differ in length; empty for any others.

    `different` are the fields that differ.
    """
    ours, theirs = stored["array"]["shape"], other["array"]["shape"]
    if not (stored["kind"] == other["kind"] == "sample" and ours and ours[1:] == theirs[1:] and ours != theirs):
        return ""
    one, another = ({**manifest["samples"][0], "size": None} for manifest in (stored, other))
    if canonical_json(one) != canonical_json(another):
        return ""
    if theirs[0] < ours[0]:
        rows = plural(theirs[0], "row")
        return f"The store holds a longer run of the sample: its first {rows} are the {{array}}'s. "
    rows = plural(theirs[0] - ours[0], "row")
    # What `extend` makes is the store's own array, longer: an array with other chunks, say, would be refused again.
    fields = {
        "array.coordinates" if field.startswith("array.coordinates.") else field
        for field in different
        if field not in {"array.shape", "samples[0].size"}
    }
    others = [f"`{field}`" for field in sorted(fields)]
    condition = f", if the {{array}} has {' and '.join(others)} of the store" if others else ""
    return (
        "{the_array} is a longer run of the sample in the store: {extend}, of an unfinished store after {repair}, "
        f"appends the {rows}{condition}. "
    )
