"""Numbers that JSON can hold.

Input: arrays, or lists and dictionaries of numbers. Output: the same, with None in place of what is no finite number,
which JSON has no word for. Cost: a look at each.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt


def plain(values: npt.NDArray[Any]) -> list[Any]:
    """Nested lists.

    >>> plain(np.array([1.5, np.nan]))
    [1.5, None]
    """
    found = values.astype(object)
    found[~np.isfinite(values)] = None
    return list(found.tolist())


def finite(value: Any) -> Any:
    """The same in lists and dictionaries.

    >>> finite({"low": float("-inf"), "high": (2.0, 3)})
    {'low': None, 'high': [2.0, 3]}
    """
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
