"""Events of a job that are comparisons, such as "> 3.0". Input: the text; output: a function of numbers. Cost: none."""

import operator
import re
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

_COMPARISONS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_THRESHOLD = re.compile(r"(?P<sign>[<>]=?)\s*(?P<bound>[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?)", re.ASCII)


@dataclass(frozen=True)
class Threshold:
    """The event that a number is on one side of a bound.

    Examples
    --------
    >>> import numpy as np
    >>> threshold("> 3.0")(np.array([2.0, 3.0, 4.0]))
    array([False, False,  True])
    """

    sign: str
    """One of >, >=, <, <=."""
    bound: float
    """The bound."""

    def __call__(self, numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = _COMPARISONS[self.sign](numbers, self.bound)
        return found


def threshold(text: str) -> Threshold | None:
    """The event that a text describes; None if it is no comparison with a number.

    >>> threshold("<= -1e-3"), threshold("> x")
    (Threshold(sign='<=', bound=-0.001), None)
    """
    found = _THRESHOLD.fullmatch(text.strip())
    bound = float(found["bound"]) if found else float("inf")
    return None if found is None or bound in {float("inf"), float("-inf")} else Threshold(found["sign"], bound)
