"""Attributes that say where the numbers of an array come from.

Input: records of samples. Output: attributes of texts and numbers. Cost: that of writing the records.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.hashing import canonical_json, digest

MEAN = "mean"
"""Name of the mean, among the parameters, as an attribute and as an array of a store."""
MAX_MEAN_SIZE = 1000
"""Numbers of a mean in the attributes, at most; a longer one, or one of several axes, is an array."""
PROVENANCE = "provenance"
"""Attribute of an array that says which samples are behind it."""
DASK_TOKEN = re.compile(r"-[0-9a-f]{32}")
"""What stands in the names that dask gives to arrays."""
EXPRESSION = "expression"
"""Attribute of a derived array that says how it is computed: dask's name of it."""


def origin_attributes(
    samples: Sequence[Mapping[str, object]], expression: str | None, mean: npt.NDArray[Any] | None
) -> dict[str, Any]:
    """Attributes that say where numbers come from: text and numbers only, so that other formats can hold them."""
    found: dict[str, Any] = {PROVENANCE: canonical_json(list(samples))}
    if expression is not None:
        found[EXPRESSION] = expression
    if mean is not None and mean.size <= MAX_MEAN_SIZE:
        found[MEAN] = mean.tolist()
    return found


def without_origin(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes without those of `origin_attributes`, which whoever computes with an array may have passed on.

    >>> without_origin({"units": "m", **origin_attributes([{"streams": 1}], None, None)})
    {'units': 'm'}
    >>> without_origin({"provenance": "a station", "mean": "annual"})
    {'provenance': 'a station', 'mean': 'annual'}
    """
    samples = _samples(attributes.get(PROVENANCE))
    if samples is None:
        return dict(attributes)
    return {name: value for name, value in attributes.items() if not _is_of_origin(name, value, samples)}


def _samples(value: object) -> list[Any] | None:
    """The records of samples in a provenance, or None if it is another text."""
    if not isinstance(value, str) or not value.startswith("["):
        return None
    try:
        samples = json.loads(value)
    except (ValueError, RecursionError):
        return None
    is_ours = all(isinstance(sample, dict) and "streams" in sample for sample in samples)
    return list(samples) if is_ours else None


def _is_of_origin(name: str, value: Any, samples: list[Any]) -> bool:
    """Whether an attribute beside a provenance is one of `origin_attributes`, and not a user's of that name."""
    if name == MEAN:
        try:
            recorded = [sample["parameters"][MEAN] for sample in samples]
            return any(digest(np.array(value, each["dtype"])) == each["sha256"] for each in recorded)
        except (KeyError, TypeError, ValueError, OverflowError):
            return False
    return name == PROVENANCE or (
        name == EXPRESSION and isinstance(value, str) and DASK_TOKEN.search(value) is not None
    )
