"""float64 numbers in ascending order, as integers. Input: numbers. Output: numbers. Cost: a microsecond."""

import numpy as np


def _key(number: float) -> int:
    """The number's place: neighbours differ by 1, and zeros of both signs are at 0."""
    bits = int(np.float64(number).view(np.int64))
    return bits if bits >= 0 else -(bits & (2**63 - 1))


def middle(low: float, high: float) -> float:
    """The number with as many float64 numbers between it and `low` as between it and `high`, or one more.

    Examples
    --------
    >>> middle(1.0, 2.0), middle(0.0, 5e-324), middle(-np.inf, np.inf)
    (1.5, 5e-324, 0.0)
    """
    key = (_key(low) + _key(high) + 1) // 2
    magnitude = float(np.int64(abs(key)).view(np.float64))
    return magnitude if key >= 0 else -magnitude
