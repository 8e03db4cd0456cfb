"""Rows of a sample, or combinations of them, drawn a little at a time where they are looked at.

Input: the spec of a sample. Output: consecutive rows, in slices that stay in the processor's caches. Cost: that of
drawing. A block of a dask array costs a millisecond beside, so that its blocks cannot be as small.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy.typing as npt

from mvn_dask.estimation.combination import Combination
from mvn_dask.sampling.spec import SampleSpec

SLICE_BYTES = 2**22
"""Bytes of the rows that are drawn at a time, at most, unless a stripe has more."""


@dataclass(frozen=True, eq=False)
class SampleRows:
    """Draws rows of a sample along its first axis."""

    spec: SampleSpec
    """The sample."""
    combination: Combination | None
    """What is made of the rows; None for themselves."""

    def each(self, start: int, stop: int, use: Callable[[int, npt.NDArray[Any]], object]) -> None:
        """Call `use` with the number of a first row and rows from there on, shape (n, columns), until `stop`."""
        plan, draw = self.spec.plan, self.spec.broadcast.sampler.draw
        inner = prod(plan.size[1:])
        height = max(1, plan.rows_within(SLICE_BYTES) // max(1, inner))
        while start < stop:
            end = min(stop, (start // height + 1) * height)
            # Without a name, which would keep the rows while the next ones are drawn into the same memory.
            use(start, self._made(draw(plan, start * inner, end * inner).reshape(end - start, -1)))
            start = end

    def _made(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return rows if self.combination is None else self.combination.of_rows(rows).reshape(len(rows), -1)
