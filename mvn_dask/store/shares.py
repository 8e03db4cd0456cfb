"""Shares of a store's chunks, for parts that many machines write."""

import numpy as np

from mvn_dask.errors import ArgumentError, ArgumentTypeError


def as_share(part: object, count: int) -> tuple[int, int]:
    """The numbers of the chunks that a part writes: from the first one on, up to the second.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is no pair (i, n) with 0 ≤ i < n.

    Examples
    --------
    >>> [as_share((i, 3), 10) for i in range(3)]
    [(0, 3), (3, 6), (6, 10)]
    """
    if part is None:
        return 0, count
    pair = tuple(part) if isinstance(part, (tuple, list)) else ()
    if len(pair) != 2 or not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in pair):
        raise ArgumentTypeError(f"`part` must be a pair of integers (i, n), not {part!r}")
    i, n = map(int, pair)
    if not 0 <= i < n:
        raise ArgumentError(f"`part` must be (i, n) with 0 <= i < n: it is {(i, n)}")
    return i * count // n, (i + 1) * count // n
