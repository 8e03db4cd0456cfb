"""Orders of elimination in which the Cholesky factor of a sparse matrix has few entries.

Input: the pattern of a symmetric matrix. Output: a permutation: the cheapest of several, by the entries that the factor
would have. Cost: about 5 µs a variable for each order.

=====================  ==============================================================================
nested_dissection      our own, by level sets: parts are separated by the smallest level in the middle
minimum_degree         SuperLU's multiple minimum degree, which scipy has
metis                  METIS, where `pymetis` is installed: ``pip install 'mvn_dask[sparse]'``
natural                none: as it is given, which is best for a band
=====================  ==============================================================================

References
----------
A. George and J. W. H. Liu, An automatic nested dissection algorithm for irregular finite element problems, SIAM J.
Numer. Anal. 15 (1978) 1053-1069, https://doi.org/10.1137/0715069. J. W. H. Liu, Modification of the minimum-degree
algorithm by multiple elimination, ACM Trans. Math. Softw. 11 (1985) 141-153, https://doi.org/10.1145/214392.214398.
G. Karypis and V. Kumar, A fast and high quality multilevel scheme for partitioning irregular graphs, SIAM J. Sci.
Comput. 20 (1998) 359-392, https://doi.org/10.1137/S1064827595287997.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Literal, cast, get_args

import numpy as np

from mvn_dask.compiled.loops import loop
from mvn_dask.covariance.symbolic import NO_LIMIT, Indices, Pattern, count_entries
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import short_repr

Ordering = Literal["auto", "nested_dissection", "minimum_degree", "metis", "natural"]
MAX_SUPERLU = 2**31 - 1
"""Entries of a matrix, at most, that SuperLU can count."""
LEAF = 8
"""Variables of a part, at most, that is not dissected."""


def ordering(value: object) -> Ordering:
    """Name of an order of elimination."""
    known = get_args(Ordering)
    if not isinstance(value, str) or value not in known:
        raise ArgumentError(f"`ordering` must be one of {', '.join(map(repr, known))}: it is {short_repr(value)}")
    if value == "metis" and find_spec("pymetis") is None:
        raise ArgumentError("`ordering` 'metis' needs pymetis: pip install 'mvn_dask[sparse]'")
    return cast(Ordering, value)


def fill_reducing(pattern: Pattern, name: Ordering) -> Indices:
    """A permutation; of "auto", the one with the fewest entries, the first of those that are as good.

    Examples
    --------
    >>> star = Pattern(np.array([0, 4, 6, 8, 10]), np.array([0, 1, 2, 3, 0, 1, 0, 2, 0, 3]))
    >>> count_entries(star, fill_reducing(star, "natural")), count_entries(star, fill_reducing(star, "auto"))
    (10, 7)
    """
    if name != "auto":
        return _METHODS[name](pattern)
    names: list[Ordering] = ["nested_dissection", "minimum_degree", "natural"]
    if find_spec("pymetis") is not None:
        names.append("metis")
    best, fewest = _natural(pattern), NO_LIMIT
    for each in names:
        permutation = _METHODS[each](pattern)
        entries = count_entries(pattern, permutation, fewest)
        if entries < fewest:
            best, fewest = permutation, entries
    return best


def _natural(pattern: Pattern) -> Indices:
    return np.arange(len(pattern.starts) - 1)


def _metis(pattern: Pattern) -> Indices:
    import pymetis

    columns = np.repeat(_natural(pattern), np.diff(pattern.starts))
    apart = columns != pattern.rows
    starts = np.concatenate([[0], np.cumsum(np.bincount(columns[apart], minlength=len(pattern.starts) - 1))])
    if not apart.any():
        return _natural(pattern)
    permutation, _ = pymetis.nested_dissection(xadj=starts, adjncy=pattern.rows[apart])
    return np.asarray(permutation, np.int64)


def _minimum_degree(pattern: Pattern) -> Indices:
    """The order in which SuperLU eliminates; of its factorisation, which is incomplete, nothing is kept."""
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import spilu

    d = len(pattern.starts) - 1
    if len(pattern.rows) > MAX_SUPERLU:
        return _natural(pattern)
    # Off the diagonal too small to be kept, so that there is hardly anything to compute.
    entries = np.where(np.repeat(np.arange(d), np.diff(pattern.starts)) == pattern.rows, 1.0, 1e-30)
    matrix = csc_array((entries, pattern.rows.astype(np.int32), pattern.starts.astype(np.int32)), shape=(d, d))
    options = {"SymmetricMode": True, "DiagPivotThresh": 0.0}
    found = spilu(matrix, drop_tol=0.5, fill_factor=1.0, permc_spec="MMD_AT_PLUS_A", options=options)
    return np.argsort(found.perm_c)


def _nested_dissection(pattern: Pattern) -> Indices:
    return np.asarray(dissect(*pattern, LEAF))


@loop
def dissect(starts: Indices, rows: Indices, leaf: int) -> Indices:
    """Nested dissection: separators behind the two parts that they separate, from the back of the order.

    Parts that wait are ranges of `nodes`. `part` is the number of the one that is worked on, or else not positive.
    """
    d = free = len(starts) - 1
    order, nodes, moved = np.empty(d, np.int64), np.arange(d), np.empty(d, np.int64)
    part, level, queue = np.zeros(d, np.int64), np.full(d, -1, np.int64), np.empty(d, np.int64)
    begins, ends = np.zeros(d + 1, np.int64), np.full(d + 1, d, np.int64)
    waiting, number = 1, 0
    while waiting:
        waiting -= 1
        begin, end = begins[waiting], ends[waiting]
        place = begin
        number += 1
        for i in range(begin, end):
            part[nodes[i]] = number
        for i in range(begin, end):
            if part[nodes[i]] != number:
                continue
            # A component that may be one of several.
            count = level_sets(nodes[i], starts, rows, part, level, queue)
            cut = -1
            if count > leaf and level[queue[count - 1]] > 1:
                cut = middle_level(level, queue, count)
            free = separate(starts, rows, cut, part, level, queue, count, order, free)
            near, far = split(cut, part, level, queue, count)
            if near + far:
                moved[place : place + near + far] = queue[: near + far]
                begins[waiting], ends[waiting] = place, place + near
                begins[waiting + 1], ends[waiting + 1] = place + near, place + near + far
                place += near + far
                waiting += 2
        nodes[begin:place] = moved[begin:place]
    return order


@loop
def level_sets(root: int, starts: Indices, rows: Indices, part: Indices, level: Indices, queue: Indices) -> int:
    """Write the nodes of a component to the queue by their distance from one far out; gives their number."""
    depth, tries = -1, 0
    while True:
        count, head = 1, 0
        queue[0], level[root] = root, 0
        while head < count:
            node = queue[head]
            head += 1
            for p in range(starts[node], starts[node + 1]):
                other = rows[p]
                if level[other] < 0 and part[other] == part[root]:
                    level[other] = level[node] + 1
                    queue[count] = other
                    count += 1
        deepest = level[queue[count - 1]]
        tries += 1
        if tries == 4 or deepest <= depth:
            return count
        # On from the node of the last level that has the fewest entries.
        depth, root = deepest, queue[count - 1]
        for i in range(count - 1, -1, -1):
            node = queue[i]
            if level[node] < deepest:
                break
            if starts[node + 1] - starts[node] < starts[root + 1] - starts[root]:
                root = node
        for i in range(count):
            level[queue[i]] = -1


@loop
def middle_level(level: Indices, queue: Indices, count: int) -> int:
    """The smallest level of those that begin in the middle fifth of a component, neither the first nor the last."""
    deepest = level[queue[count - 1]]
    best, size, begin = -1, count + 1, 0
    while begin < count:
        here, end = level[queue[begin]], begin
        while end < count and level[queue[end]] == here:
            end += 1
        central = 0.4 * count <= begin <= 0.6 * count
        if 0 < here < deepest and end - begin < size and (central or (best < 0 and end > 0.5 * count)):
            best, size = here, end - begin
        begin = end
    return best if best > 0 else deepest // 2


@loop
def separate(
    starts: Indices, rows: Indices, cut: int, part: Indices, level: Indices, queue: Indices, count: int,
    order: Indices, free: int,
) -> int:  # fmt: skip
    """Put the nodes of a level that have one of the next beside them to the order; where `cut` is -1, all nodes."""
    for i in range(count):
        node = queue[i]
        chosen = cut < 0
        if level[node] == cut:
            # The rest of the level stays with the nearer part.
            for p in range(starts[node], starts[node + 1]):
                chosen = chosen or level[rows[p]] == cut + 1
        if chosen:
            free -= 1
            order[free] = node
            part[node] = -1
    return free


@loop
def split(cut: int, part: Indices, level: Indices, queue: Indices, count: int) -> tuple[int, int]:
    """Move the nodes of both parts to the beginning of the queue, the nearer ones first; gives their numbers."""
    near = far = 0
    for i in range(count):
        node = queue[i]
        if part[node] > 0:
            queue[near + far] = node
            if level[node] <= cut:
                near += 1
            else:
                far += 1
            part[node] = 0
        level[node] = -1
    return near, far


_METHODS: dict[str, Callable[[Pattern], Indices]] = {
    "natural": _natural,
    "nested_dissection": _nested_dissection,
    "minimum_degree": _minimum_degree,
    "metis": _metis,
}
