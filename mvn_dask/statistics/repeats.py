"""Numbers that occur more than once in a column, however many there are.

Input: rows of one column of integers, such as fingerprints of chunks; 0 is left out. Output: how often each repeated
number occurs, and where. Cost: what is kept are the smallest `KEPT` distinct numbers: up to that many nothing is lost,
and beyond either all occurrences of a number are kept or none, so that these stand for the rest if they are hashes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from mvn_dask.statistics.base import Rows, Statistic

Occurrences = dict[int, tuple[int, int, int]]
"""Number → how often it occurs, and the first and the last row that holds it."""


class Repeated(NamedTuple):
    """What was found."""

    values: int
    """Distinct numbers that were kept."""
    repeated: tuple[tuple[int, int, int], ...]
    """Of each number that occurs again: how often, its first and its last row; ascending by the first row."""


@dataclass(frozen=True)
class Repeats(Statistic[Occurrences, Repeated]):
    """Which numbers occur again."""

    KEPT: ClassVar[int] = 2**16
    """Distinct numbers that a node keeps, at most."""

    def leaf(self, rows: Rows, first: int) -> Occurrences:
        numbers = enumerate(rows.reshape(-1).tolist(), first)
        return self._add({}, ((value, (1, row, row)) for row, value in numbers if value))

    def merge(self, left: Occurrences, right: Occurrences) -> Occurrences:
        return self._add(dict(left), right.items())

    def _add(self, node: Occurrences, others: Iterable[tuple[int, tuple[int, int, int]]]) -> Occurrences:
        for value, (count, first, last) in others:
            before, earliest, _ = node.get(value, (0, first, last))
            node[value] = (before + count, earliest, last)
        return node if len(node) <= self.KEPT else {value: node[value] for value in sorted(node)[: self.KEPT]}

    def finalize(self, node: Occurrences) -> Repeated:
        repeated = sorted((each for each in node.values() if each[0] > 1), key=lambda each: each[1])
        return Repeated(len(node), tuple(repeated))
