"""Prints of blocks, by which equal ones are known, however many blocks there are.

What is kept are the smallest of all prints: equal blocks have the same print, so either all of them are kept with
their number or none. Up to `KEPT` blocks nothing is lost; beyond, that many blocks stand for all.
"""

from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

KEPT = 2**16
"""Prints that are kept."""
LOOKED_AT = 512
"""Numbers of a block that make its print."""
TELLING = 8
"""Different numbers among them, at least: fewer may be equal by chance."""


@dataclass
class Prints:
    """The smallest prints of blocks."""

    seen: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Print → how many blocks have it, and the first and the last of them by number."""

    def add(self, number: int, low: int, block: npt.NDArray[np.floating]) -> None:
        """One more block, whose first variable is `low`: others may well be equal, if their correlation is 1."""
        numbers = np.ascontiguousarray(block[: max(1, LOOKED_AT // block.shape[-1])].reshape(-1)[:LOOKED_AT])
        if len(np.unique(numbers)) >= TELLING:
            print_ = int.from_bytes(blake2b(numbers.data, digest_size=8, salt=low.to_bytes(16, "big")).digest(), "big")
            self._put(print_, (1, number, number))

    def merge(self, other: "Prints") -> None:
        """Those of other blocks as well."""
        for print_, seen in other.seen.items():
            self._put(print_, seen)
        if len(self.seen) > KEPT:
            self.seen = {print_: self.seen[print_] for print_ in sorted(self.seen)[:KEPT]}

    def _put(self, print_: int, seen: tuple[int, int, int]) -> None:
        count, first, last = self.seen.get(print_, (0, seen[1], seen[2]))
        self.seen[print_] = (count + seen[0], min(first, seen[1]), max(last, seen[2]))

    @property
    def repeated(self) -> list[tuple[int, int, int]]:
        """How many blocks are equal, and the first and the last of them, for each print that occurs again."""
        return sorted((seen for seen in self.seen.values() if seen[0] > 1), key=lambda seen: seen[1])
