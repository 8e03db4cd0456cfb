"""From what describes an array to the fields of its manifest.

Input: a `Description`. Output: fields of the layout as JSON, or an `ArgumentError` that names what a store cannot hold,
and the way out. Cost: O(labels), a second for a million times.
"""

import numpy as np

from mvn_dask.description import DEFAULT_NAME, Description
from mvn_dask.errors import ArgumentError
from mvn_dask.origin_attributes import without_origin
from mvn_dask.readable import plural
from mvn_dask.store.format.array_layout import COORDINATE_RULE, NAME_RULE, may_name_array, may_name_dimension
from mvn_dask.store.format.stored_attributes import json_attributes
from mvn_dask.store.format.stored_coordinates import StoredCoordinate
from mvn_dask.store.format.typed_json import to_json

MAX_LABELS = 2**21
"""Labels of all coordinates of a store together, at most: the manifest holds them as texts."""


def described_fields(description: Description) -> dict[str, object]:
    """The fields of a layout that hold a description; it raises ArgumentError for what no store keeps."""
    name = DEFAULT_NAME if description.name is None else description.name
    if not may_name_array(name):
        raise ArgumentError(
            f"`array` has the name {name!r}, and {NAME_RULE}: mvn_dask.to_xarray(array).rename('…') names it otherwise"
        )
    _refuse_names(description, name)
    index_of = {level: dim for dim, levels in description.indexes.items() for level in levels}
    given = description.coordinates.items()
    coordinates = {each: StoredCoordinate.of(each, labels, index_of.get(each)) for each, labels in given}
    return {
        "name": name,
        "coordinates": {each: to_json(coordinate) for each, coordinate in coordinates.items()},
        "indexes": {dim: list(levels) for dim, levels in description.indexes.items()},
        "attributes": json_attributes("`array`", without_origin(description.attributes)),
    }


def _refuse_names(description: Description, name: str) -> None:
    """Raise ArgumentError for coordinates of names that a store cannot have, or of more labels than it holds."""
    counts = {each: int(np.prod(np.shape(labels.values))) for each, labels in description.coordinates.items()}
    if sum(counts.values()) > MAX_LABELS:
        most = max(counts, key=counts.__getitem__)
        raise ArgumentError(
            f"the coordinates of `array` have {plural(sum(counts.values()), 'label')}, {counts[most]} of them in "
            f"{most!r}, and those of a store have {MAX_LABELS} at most: array.drop_vars({most!r}) leaves it out, and "
            "xarray adds it to the store when it is finished"
        )
    folders = {name.lower(): name}
    for each in description.coordinates:
        if not may_name_dimension(each):
            raise ArgumentError(
                f"`array` has the coordinate {each!r}, and {COORDINATE_RULE}: array.rename({{{each!r}: …}}) names it "
                "otherwise"
            )
        other = folders.setdefault(each.lower(), each)
        if other != each or each == name:
            raise ArgumentError(
                f"`array` has the name or coordinate {other!r} and the coordinate {each!r}, and names in a store must "
                f"differ, and not by the case of letters alone: array.rename({{{each!r}: …}}) names it otherwise"
            )
