"""Units of the variables of a store, from the attributes of its array.

Input: the document of a store's array, which anyone may have written. Output: units by the numbers of variables. Cost:
a read of the document. An attribute `units` is a text, as the CF conventions have it, or a list of a text for each
variable.
"""

from collections.abc import Iterable
from typing import Any

from mvn_dask.reporting.figures.svg import shorten
from mvn_dask.store.format.hierarchy import DOCUMENT, read_document
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.storage.base import Storage

UNIT_LETTERS = 20
"""Letters of a unit, at most."""
UNITS_ATTRIBUTE = "units"
"""Name of the attribute."""


def units_of(storage: Storage, manifest: Manifest, variables: Iterable[int]) -> dict[int, str]:
    """Units of some variables of a store; none where the attribute says nothing that can be one."""
    attributes = (read_document(storage, f"{manifest.array.name}/{DOCUMENT}") or {}).get("attributes")
    given: Any = attributes.get(UNITS_ATTRIBUTE) if isinstance(attributes, dict) else None
    if isinstance(given, str):
        found = dict.fromkeys(variables, given)
    elif isinstance(given, list) and len(given) == manifest.event.ndim and all(isinstance(each, str) for each in given):
        found = {number: given[number] for number in variables}
    else:
        return {}
    return {number: shorten(unit, UNIT_LETTERS) for number, unit in found.items() if unit.strip()}
