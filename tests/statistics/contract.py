"""What every statistic owes: the same bits for any cuts, order and process, and the values of an oracle."""

import pickle
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.statistics.base import NextPass, Scope, Statistic
from mvn_dask.statistics.forest import Forest
from mvn_dask.statistics.results import Result

CUTTINGS = 4


def digest(value: Any) -> str:
    """SHA-256 of arrays, numbers, results, and tuples and dictionaries of these."""
    if isinstance(value, Result):
        value = value.to_dict()
    if isinstance(value, np.ndarray):
        return sha256(f"{value.dtype}{value.shape}".encode() + value.tobytes()).hexdigest()
    if isinstance(value, tuple):
        return sha256("".join(map(digest, value)).encode()).hexdigest()
    return sha256(repr(value).encode()).hexdigest()


def result_of(statistic: Statistic[Any, Any], rows: npt.NDArray[Any], leaf_rows: int, seed: int | None = None) -> Any:
    """The result of rows that were added at once, or in random pieces to forests that are merged in random order."""
    return passes_of(statistic, rows, leaf_rows, seed)[0]


def passes_of(
    statistic: Statistic[Any, Any], rows: npt.NDArray[Any], leaf_rows: int, seed: int | None = None
) -> tuple[Any, list[int]]:
    """The result, and how many of the first rows each pass looked at."""
    level = getattr(statistic, "confidence_level", 0.95)
    step = statistic.prepared(Scope(len(rows), rows.shape[1], rows.dtype, level))
    looked_at: list[int] = []
    while True:
        looked_at.append(step.first_rows(len(rows)))
        result = forest_of(step, rows[: looked_at[-1]], leaf_rows, seed).result()
        if not isinstance(result, NextPass):
            return result, looked_at
        # Passes are computed in other processes.
        step = pickle.loads(pickle.dumps(result.statistic))  # noqa: S301 our own


def forest_of(
    statistic: Statistic[Any, Any], rows: npt.NDArray[Any], leaf_rows: int, seed: int | None = None
) -> Forest[Any, Any]:
    """The nodes of rows that were added at once, or in random pieces to forests that are merged in random order."""
    if seed is None:
        forest = Forest(statistic, len(rows), leaf_rows)
        forest.add(0, rows)
        return forest
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.choice(len(rows) + 1, int(rng.integers(0, len(rows) + 1)), replace=False))
    pieces = list(zip([0, *cuts.tolist()], [*cuts.tolist(), len(rows)], strict=True))
    forests = [Forest(statistic, len(rows), leaf_rows) for _ in range(4)]
    for number in rng.permutation(len(pieces)).tolist():
        start, stop = pieces[number]
        forests[int(rng.integers(4))].add(start, rows[start:stop])
    whole = forests[0]
    for other in forests[1:]:
        whole.merge(pickle.loads(pickle.dumps(other)))  # noqa: S301 our own
    return whole


def check_statistic(
    statistic: Statistic[Any, Any], rows: npt.NDArray[Any], check: Callable[[Any, npt.NDArray[Any]], None]
) -> None:
    """The contract; `check(result, rows)` compares with an oracle."""
    before = rows.copy()
    for leaf_rows in (1, 7, 32, len(rows), 2 * len(rows)):
        whole = result_of(statistic, rows, leaf_rows)
        check(whole, rows)
        digests = {digest(result_of(statistic, rows, leaf_rows, seed)) for seed in range(CUTTINGS)}
        assert digests == {digest(whole)}, leaf_rows
    np.testing.assert_array_equal(rows, before)
    again = pickle.loads(pickle.dumps(statistic))  # noqa: S301 our own
    assert digest(result_of(again, rows, 7)) == digest(result_of(statistic, rows, 7))
    # Nodes do not refer to rows, whose memory is used again.
    node, expected = statistic.leaf(rows, 0), digest(statistic.finalize(statistic.leaf(rows, 0)))
    statistic.leaf(rows[::-1].copy(), 0)
    assert digest(statistic.finalize(node)) == expected
    result_of(statistic, rows[:0], 7)
