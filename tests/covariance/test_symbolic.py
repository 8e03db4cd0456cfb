from typing import Any

import numpy as np
import pytest

from mvn_dask.compiled import loops
from mvn_dask.covariance import symbolic
from mvn_dask.covariance.symbolic import (
    NO_LIMIT,
    analyse,
    column_counts,
    count_entries,
    diagonal_places,
    elimination_tree,
    inverse_of,
    postorder,
)
from tests.support.sparse_matrices import CASES, grid, lower_pattern_of_factor, pattern_of


@pytest.mark.parametrize("name", CASES)
def test_tree_and_counts_are_those_of_the_factor(name: str) -> None:
    matrix = CASES[name]
    permutation = np.random.default_rng(0).permutation(matrix.shape[0])
    there = lower_pattern_of_factor(matrix.toarray()[np.ix_(permutation, permutation)])
    pattern, inverse = pattern_of(matrix), inverse_of(permutation)
    parents = elimination_tree(*pattern, permutation, inverse)
    below = [np.flatnonzero(column[j + 1 :]) + j + 1 for j, column in enumerate(there.T)]
    assert parents.tolist() == [rows[0] if len(rows) else -1 for rows in below]
    counts = column_counts(*pattern, permutation, inverse, parents, NO_LIMIT)
    assert counts.tolist() == there.sum(axis=0).tolist()
    assert count_entries(pattern, permutation) == there.sum()
    limit = int(there.sum()) - 1
    assert count_entries(pattern, permutation, limit) > limit


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("padding", [0.0, 0.15, 0.6])
def test_supernodes_hold_the_factor(name: str, padding: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbolic, "PADDING", padding)
    matrix = CASES[name]
    d = matrix.shape[0]
    permutation, found = analyse(pattern_of(matrix), np.random.default_rng(0).permutation(d))
    assert sorted(permutation) == list(range(d))
    there = lower_pattern_of_factor(matrix.toarray()[np.ix_(permutation, permutation)])
    held = np.zeros_like(there)
    for s, (begin, end) in enumerate(zip(found.first[:-1], found.first[1:], strict=True)):
        rows = found.rows[found.starts[s] : found.starts[s + 1]]
        assert rows[: end - begin].tolist() == list(range(begin, end))
        assert (np.diff(rows) > 0).all()
        assert end - begin <= symbolic.MAX_WIDTH
        assert (found.owner[begin:end] == s).all()
        for k in range(end - begin):
            held[rows[k:], begin + k] = True
    assert (held >= there).all()
    assert held.sum() == found.places[-1] <= (1.0 + 2.0 * padding) * there.sum()
    assert padding or (held == there).all()
    assert len(set(diagonal_places(found).tolist())) == d


def test_a_parent_comes_after_its_children_side_by_side() -> None:
    parents = np.array([5, 3, 3, 5, 5, -1, -1])
    order = postorder(parents).tolist()
    assert sorted(order) == list(range(7))
    for child, parent in enumerate(parents):
        if parent >= 0:
            assert order.index(child) < order.index(int(parent))
    assert order.index(3) == max(order.index(1), order.index(2)) + 1


def test_compiled_loops_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pattern, permutation = pattern_of(grid(20)), np.random.default_rng(4).permutation(400)
    found: list[Any] = []
    for size in (0, 2**62):
        monkeypatch.setattr(loops, "COMPILED_SIZE", size)
        order, supernodes = analyse(pattern, permutation)
        found.append([order, *supernodes])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
