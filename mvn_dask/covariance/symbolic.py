"""Which entries the Cholesky factor of a sparse matrix has, and how its columns are grouped.

Input: the pattern of a symmetric matrix, and a permutation. Output: the elimination tree, the entries of each column of
the factor, and supernodes: runs of columns that are kept as if their entries stood in the same rows. Cost: a step for
each entry of the factor to count them, and for each row of a supernode to find it.

A pattern is kept by columns: those of column j are ``rows[starts[j]:starts[j + 1]]``, both triangles with the diagonal,
in any order. Column k of the permuted matrix is column ``permutation[k]`` of the matrix.

References
----------
J. W. H. Liu, The role of elimination trees in sparse factorization, SIAM J. Matrix Anal. Appl. 11 (1990) 134-172,
https://doi.org/10.1137/0611010. C. Ashcraft and R. Grimes, The influence of relaxed supernode partitions on the
multifrontal method, ACM Trans. Math. Softw. 15 (1989) 291-309, https://doi.org/10.1145/76909.76910.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mvn_dask.compiled.loops import loop

Indices = npt.NDArray[np.signedinteger[Any]]
MAX_WIDTH = 64
"""Columns of a supernode, at most."""
PADDING = 0.15
"""Share of a supernode's entries, at most, that are zeros for the sake of longer runs."""
NO_LIMIT = 2**63 - 1
"""More entries than there can be."""


class Pattern(NamedTuple):
    """Where a sparse symmetric matrix has entries, by columns."""

    starts: Indices
    """Where each column begins, and the end of the last; shape (d + 1,)."""
    rows: Indices
    """Rows of the entries."""


class Supernodes(NamedTuple):
    """Columns of a factor in runs that share their rows.

    Supernode s has the columns ``first[s]`` up to ``first[s + 1]``, and the rows ``rows[starts[s]:starts[s + 1]]``, in
    rising order: its own columns, then those below. Its entries, column after column from the diagonal down, begin at
    ``places[s]`` of all entries.
    """

    first: Indices
    """First column of each supernode, and the number of columns; shape (supernodes + 1,)."""
    starts: Indices
    """Where the rows of each begin, and the end of the last; shape (supernodes + 1,)."""
    rows: Indices
    """Rows of all supernodes."""
    places: Indices
    """Where the entries of each begin, and the end of the last; shape (supernodes + 1,)."""
    owner: Indices
    """Supernode of each column, shape (d,)."""


def supernodes_of(first: Indices, starts: Indices, rows: Indices) -> Supernodes:
    """Supernodes from their columns and rows."""
    widths, heights = np.diff(first), np.diff(starts)
    # Without what would stand above the diagonal.
    sizes = widths * heights - widths * (widths - 1) // 2
    return Supernodes(
        first, starts, rows, np.concatenate([[0], np.cumsum(sizes)]), np.repeat(np.arange(len(widths)), widths)
    )


def diagonal_places(supernodes: Supernodes) -> Indices:
    """Where the diagonal of the factor stands among its entries, shape (d,)."""
    heights, owner = np.diff(supernodes.starts)[supernodes.owner], supernodes.owner
    k = np.arange(len(owner)) - supernodes.first[owner]
    return np.asarray(supernodes.places[owner] + k * heights - k * (k - 1) // 2)


def inverse_of(permutation: Indices) -> Indices:
    """The permutation that undoes another."""
    inverse = np.empty_like(permutation)
    inverse[permutation] = np.arange(len(permutation))
    return inverse


def count_entries(pattern: Pattern, permutation: Indices, limit: int = NO_LIMIT) -> int:
    """Entries of the factor of a permuted matrix; some number beyond the limit, if there are more."""
    inverse = inverse_of(permutation)
    parents = elimination_tree(*pattern, permutation, inverse)
    return int(column_counts(*pattern, permutation, inverse, parents, limit).sum())


def analyse(pattern: Pattern, permutation: Indices) -> tuple[Indices, Supernodes]:
    """The permutation, in which columns of a supernode stand side by side, and the supernodes.

    Examples
    --------
    >>> pattern = Pattern(np.array([0, 1, 2, 4]), np.array([2, 2, 0, 1]))
    >>> permutation, found = analyse(pattern, np.arange(3))
    >>> permutation, found.first, found.rows
    (array([0, 1, 2]), array([0, 1, 3]), array([0, 2, 1, 2], dtype=int32))
    """
    parents = elimination_tree(*pattern, permutation, inverse_of(permutation))
    permutation = permutation[postorder(parents)]
    inverse = inverse_of(permutation)
    parents = elimination_tree(*pattern, permutation, inverse)
    counts = column_counts(*pattern, permutation, inverse, parents, NO_LIMIT)
    first = relaxed_supernodes(parents, counts, MAX_WIDTH, PADDING)
    heights = np.diff(first) + counts[first[1:] - 1] - 1
    starts = np.concatenate([[0], np.cumsum(heights)])
    rows = np.empty(starts[-1], np.int32 if len(parents) < 2**31 else np.int64)
    found = supernodes_of(first, starts, rows)
    fill_rows(*pattern, permutation, inverse, parents, first, found.owner, starts[:-1].copy(), rows)
    return permutation, found


@loop
def elimination_tree(starts: Indices, rows: Indices, permutation: Indices, inverse: Indices) -> Indices:
    """Parent of each column: the first row below its diagonal where the factor has an entry, or -1."""
    d = len(permutation)
    parents, ancestors = np.full(d, -1, np.int64), np.full(d, -1, np.int64)
    for k in range(d):
        for p in range(starts[permutation[k]], starts[permutation[k] + 1]):
            i = inverse[rows[p]]
            while i != -1 and i < k:
                above = ancestors[i]
                # Shortens the path for the rows to come.
                ancestors[i] = k
                if above == -1:
                    parents[i] = k
                i = above
    return parents


@loop
def postorder(parents: Indices) -> Indices:
    """Columns in an order in which those below a column in the tree come right before it."""
    d = len(parents)
    child, sibling = np.full(d, -1, np.int64), np.full(d, -1, np.int64)
    order, stack = np.empty(d, np.int64), np.empty(d, np.int64)
    for j in range(d - 1, -1, -1):
        if parents[j] != -1:
            sibling[j] = child[parents[j]]
            child[parents[j]] = j
    k = 0
    for root in range(d):
        if parents[root] != -1:
            continue
        top = 0
        stack[0] = root
        while top >= 0:
            j = stack[top]
            if child[j] == -1:
                top -= 1
                order[k] = j
                k += 1
            else:
                top += 1
                stack[top] = child[j]
                child[j] = sibling[child[j]]
    return order


@loop
def column_counts(
    starts: Indices, rows: Indices, permutation: Indices, inverse: Indices, parents: Indices, limit: int
) -> Indices:
    """Entries of each column of the factor, that on the diagonal included; not all, where there are more than a limit.

    An order that is none may take the square of the dimension, which need not be counted to its end.
    """
    d = total = len(permutation)
    counts, seen = np.ones(d, np.int64), np.full(d, -1, np.int64)
    for k in range(d):
        seen[k] = k
        if total > limit:
            break
        for p in range(starts[permutation[k]], starts[permutation[k] + 1]):
            i = inverse[rows[p]]
            # Row k of the factor: the paths in the tree from its entries in the matrix up to k.
            while i < k and seen[i] != k:
                counts[i] += 1
                total += 1
                seen[i] = k
                i = parents[i]
    return counts


@loop
def relaxed_supernodes(parents: Indices, counts: Indices, max_width: int, padding: float) -> Indices:
    """First column of each supernode, and the number of columns.

    A column is put to the one before it if that is its child, and few zeros are added: they take the longest rows.
    """
    d = len(parents)
    first = np.empty(d + 1, np.int64)
    first[0] = found = zeros = 0
    for j in range(1, d):
        width = j - first[found]
        merged = False
        if parents[j - 1] == j and width < max_width:
            # Rows that column j has and the one before it has not: zeros in all columns of the supernode.
            added = width * max(0, counts[j] + 1 - counts[j - 1])
            merged = added == 0 or zeros + added <= padding * (width * counts[j] + width * (width + 1) // 2)
        if merged:
            zeros += added
        else:
            found += 1
            first[found] = j
            zeros = 0
    first[found + 1] = d
    return first[: found + 2].copy()


@loop
def fill_rows(
    starts: Indices, rows: Indices, permutation: Indices, inverse: Indices, parents: Indices,
    first: Indices, owner: Indices, ends: Indices, found: Indices,
) -> None:  # fmt: skip
    """Write the rows of each supernode, in rising order, from where `ends` says on."""
    d = len(permutation)
    seen = np.full(len(ends), -1, np.int64)
    for k in range(d):
        s = owner[k]
        found[ends[s]] = k
        ends[s] += 1
        seen[s] = k
        for p in range(starts[permutation[k]], starts[permutation[k] + 1]):
            i = inverse[rows[p]]
            # As in `column_counts`, a supernode at a time: a row of one column is one of the last.
            while i < k and seen[owner[i]] != k:
                s = owner[i]
                seen[s] = k
                found[ends[s]] = k
                ends[s] += 1
                i = parents[first[s + 1] - 1]
