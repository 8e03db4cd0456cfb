"""What a Zarr array says of itself, as xarray writes it: its name, attributes, and coordinates of any axes.

Input: the array of a mean, and the group around it. Output: a `Description`, which samples of a job have as well. Cost:
the coordinates are read. What no store keeps is left out, since whoever runs a job cannot change its inputs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mvn_dask.description import NO_DESCRIPTION, Description, LabelArray
from mvn_dask.errors import ArgumentError, InvalidDistributionError
from mvn_dask.origin_attributes import MEAN
from mvn_dask.packing import MISSING_MARKS, PACKING_ATTRIBUTES
from mvn_dask.store.format.described_fields import described_fields
from mvn_dask.store.format.stored_attributes import json_attributes

Read = Callable[[Any, str], tuple[Any, bool]]
"""From an array and its name to its labels, of its shape, and whether they are times."""
_COORDINATES = "coordinates"
"""Attribute that names coordinates, but for those of axes."""
_TIME_ATTRIBUTES = ("units", "calendar", "dtype")
_INSTRUCTIONS = (*PACKING_ATTRIBUTES, *MISSING_MARKS, _COORDINATES, "_ARRAY_DIMENSIONS")


def description_of(array: Any, group: Any, dims_of: Callable[[Any], Sequence[Any] | None], read: Read) -> Description:
    """The description of an array with names of its axes; `dims_of` gives them, `read` the labels of another array."""
    dims = tuple(map(str, dims_of(array) or ()))
    lengths = dict(zip(dims, array.shape, strict=True))
    name = array.basename if array.basename and array.basename.lower() not in {MEAN, *map(str.lower, dims)} else None
    found = _with(NO_DESCRIPTION, name=name)
    found = replace(found, attributes=_attributes(array, ()))
    for each in dict.fromkeys((*dims, *str(array.attrs.get(_COORDINATES, "")).split())):
        for labels in _labels(each, group, lengths, dims_of, read):
            found = _with(found, coordinates={**found.coordinates, each: labels})
    return found


def _labels(
    name: str, group: Any, lengths: Mapping[str, int], dims_of: Callable[[Any], Sequence[Any] | None], read: Read
) -> Iterator[LabelArray]:
    """A coordinate, if the group has one of that name along axes of these lengths."""
    import zarr

    given = group.get(name) if "/" not in name else None
    if not isinstance(given, zarr.Array):
        return
    dims = tuple(map(str, dims_of(given) or ()))
    if len(dims) != given.ndim or any(lengths.get(dim) != n for dim, n in zip(dims, given.shape, strict=True)):
        return
    try:
        values, is_time = read(given, name)
    except (ArgumentError, InvalidDistributionError):  # such as one that misses integers
        return
    yield LabelArray(dims, values, _attributes(given, _TIME_ATTRIBUTES if is_time else ()))


def _attributes(array: Any, others: Sequence[str]) -> dict[str, Any]:
    """Attributes without those by which xarray reads other numbers, which have been unpacked."""
    found: dict[str, Any] = {}
    for key, value in array.attrs.items():
        if key not in (*_INSTRUCTIONS, *others):
            try:
                found |= json_attributes("its array", {key: value})
            except ArgumentError:
                continue
    return found


def _with(description: Description, **fields: Any) -> Description:
    """The same with other fields, where a store keeps them."""
    changed = replace(description, **fields)
    try:
        described_fields(changed)
    except ArgumentError:
        return description
    return changed


def as_labels(numbers: Any, attributes: Mapping[str, Any]) -> Any:
    """Labels of the type that xarray gives them: truth values and spans of time, which it writes as integers."""
    kind = str(attributes.get("dtype", ""))
    if kind.startswith("timedelta64[") and numbers.dtype.kind == "i":
        unit = {"days": "D", "hours": "h", "minutes": "m", "seconds": "s", "milliseconds": "ms", "microseconds": "us"}
        spelt = str(attributes.get("units"))
        return numbers.astype("int64").view(f"m8[{unit.get(spelt, 'ns')}]").astype(kind)
    return as_truth_values(numbers, attributes)


def as_truth_values(numbers: Any, attributes: Mapping[str, Any]) -> Any:
    """Integers as the truth values that xarray has stored as such."""
    return numbers.astype(np.bool_) if numbers.dtype.kind in "iu" and attributes.get("dtype") == "bool" else numbers
