"""What a function or a statistic is, by names that another process understands.

Input: functions of modules, statistics, numbers and texts. Output: JSON-able values. Cost: none.
"""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from mvn_dask.errors import ArgumentError
from mvn_dask.readable import short_repr

CONFIDENCE_LEVEL = "confidence_level"
"""Field of statistics that decides no node."""


def identity_of(value: Any) -> Any:
    """A JSON-able value that is the same in every process. Raises ArgumentError for a function without a name.

    >>> from mvn_dask.statistics import Mean
    >>> identity_of(Mean()), identity_of(np.mean)
    ({'kind': 'mvn_dask.statistics.mean.Mean'}, 'numpy.mean')
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [identity_of(each) for each in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if is_dataclass(value) and not isinstance(value, type):
        given = {each.name: getattr(value, each.name) for each in fields(value)}
        named = {name: each for name, each in given.items() if name != CONFIDENCE_LEVEL and each is not None}
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        return {"kind": kind, **{name: identity_of(each) for name, each in named.items()}}
    name = getattr(value, "__qualname__", "<")
    if not callable(value) or "<" in name:
        raise ArgumentError(
            f"`state` needs functions and statistics that have a name in a module, and {short_repr(value)} has none: "
            "write it as a function (def) at the top of a module"
        )
    return f"{getattr(value, '__module__', '')}.{name}"
