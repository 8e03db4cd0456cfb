"""The smallest and the largest numbers of columns, and the rows that they stand in.

Input: rows. Output: k numbers of each end. Cost: some 10 ns a number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask._typing import Float64Array
from mvn_dask.display.fragments import note
from mvn_dask.display.markup import Html
from mvn_dask.display.number_columns import NumberTable
from mvn_dask.display.previews import listed_places
from mvn_dask.errors import ArgumentError
from mvn_dask.statistics.base import Indices, Rows, Statistic
from mvn_dask.statistics.column_parts import by_column, text_by_column
from mvn_dask.statistics.number_lines import UNKNOWN, Number, looked_at, number_text
from mvn_dask.statistics.results import Result

MOST_EXTREMES = 2**16
"""Numbers of each end, at most: every task gives back so many of each column."""


class _End(NamedTuple):
    """The smallest numbers of one column, ascending."""

    values: Float64Array
    """Numbers, shape (at most k,)."""
    rows: Indices
    """Their rows; of equal numbers the first ones."""


_Column = tuple[int, _End, _End]
"""How many numbers there are, and the ends of the column and of its negative."""


@dataclass(frozen=True, eq=False, repr=False)
class ExtremeValues(Result):
    """The k smallest and largest numbers of each column; NaN, and row -1, where there are fewer than k.

    See Also
    --------
    mvn_dask.statistics.Extremes : Gives it.

    Examples
    --------
    >>> import dask.array as da
    >>> import mvn_dask
    >>> found = mvn_dask.estimate(da.from_array([3.0, 1.0, 2.0]), Extremes(2))
    >>> found.smallest, found.smallest_rows, found.largest
    (array([1., 2.]), array([1, 2]), array([3., 2.]))
    """

    smallest: Float64Array
    """Ascending, shape (k, columns), or (k,) of one column."""
    smallest_rows: Indices
    """Rows that they stand in; of equal numbers the first ones."""
    largest: Float64Array
    """Descending."""
    largest_rows: Indices
    """Rows that they stand in."""
    count: Number
    """Numbers that were looked at."""
    omitted: Number = 0
    """Missing numbers (NaN) that were left out."""
    columns: tuple[str, ...] | None = None
    """Labels of the columns, if they have any."""

    def described(self, columns: tuple[str, ...] | None, omitted: Number) -> Self:
        return replace(self, columns=columns, omitted=omitted)

    def squeezed(self) -> Self:
        arrays = {name: getattr(self, name)[:, 0] for name in ("smallest", "smallest_rows", "largest", "largest_rows")}
        count, omitted = (int(np.reshape(each, -1)[0]) for each in (self.count, self.omitted))
        return replace(self, **arrays, count=count, omitted=omitted)

    def _essentials(self) -> Mapping[str, object]:
        return {"k": len(self.smallest), "count": self.count}

    def __str__(self) -> str:
        return text_by_column(self.smallest, self.columns, self._table, looked_at(self.count, self.omitted))

    def _summary(self) -> str:
        return f"{len(self.smallest):,} of each end"

    def _shown(self) -> Iterator[Html]:
        yield from by_column(self.smallest, self.columns, lambda place: [self._table(place).html])
        yield note(looked_at(self.count, self.omitted))

    def _table(self, place: int) -> NumberTable:
        k = len(self.smallest)
        places = listed_places(k)
        smallest, small_rows, largest, large_rows = (
            np.reshape(each, (k, -1))[places, place].tolist()
            for each in (self.smallest, self.smallest_rows, self.largest, self.largest_rows)
        )
        columns = (
            ("smallest", tuple(map(number_text, smallest))),
            ("in row", tuple(map(_row_text, small_rows))),
            ("largest", tuple(map(number_text, largest))),
            ("in row", tuple(map(_row_text, large_rows))),
        )
        return NumberTable("place", tuple(str(each + 1) for each in places), columns, tuple(places), k)


def _row_text(row: int) -> str:
    return UNKNOWN if row < 0 else f"{row:,}"


@dataclass(frozen=True)
class Extremes(Statistic[tuple[_Column, ...], ExtremeValues]):
    """The k smallest and the k largest numbers of each column.

    See Also
    --------
    mvn_dask.statistics.Quantile : Numbers that are not that far out, with their intervals.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Extremes
    >>> x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(100_000, seed=1)
    >>> found = mvn_dask.estimate(x, Extremes(2), columns=0)
    >>> found.largest.round(2), found.largest_rows
    (array([4.3 , 4.26]), array([48185, 32995]))
    """

    k: int
    """How many of each end, from 1 to 65,536."""

    has_error = False
    columnwise = True
    # Rows are counted, so that none may be taken out before.
    sees_missing = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", checks.count("k", self.k, least=1))
        if self.k > MOST_EXTREMES:
            raise ArgumentError(f"`k` must be at most {MOST_EXTREMES}: it is {self.k}")

    def leaf(self, rows: Rows, first: int) -> tuple[_Column, ...]:
        return tuple(self._column(column, first) for column in rows.T)

    def _column(self, column: npt.NDArray[np.float64], first: int) -> _Column:
        present = np.flatnonzero(~np.isnan(column))
        values = column[present]
        return len(present), self._end(values, present + first), self._end(-values, present + first)

    def _end(self, values: Float64Array, rows: Indices) -> _End:
        if len(values) > self.k:
            # All that may be among them, in the order of their rows, which a stable sort keeps.
            places = np.flatnonzero(values <= np.partition(values, self.k - 1)[self.k - 1])
            values, rows = values[places], rows[places]
        order = np.argsort(values, kind="stable")[: self.k]
        return _End(values[order], rows[order])

    # What is smallest of all rows does not depend on the tree.
    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> tuple[_Column, ...]:
        return self.leaf(rows, first)

    def merge(self, left: tuple[_Column, ...], right: tuple[_Column, ...]) -> tuple[_Column, ...]:
        return tuple(
            (one[0] + other[0], self._merged(one[1], other[1]), self._merged(one[2], other[2]))
            for one, other in zip(left, right, strict=True)
        )

    def _merged(self, left: _End, right: _End) -> _End:
        return self._end(np.concatenate([left.values, right.values]), np.concatenate([left.rows, right.rows]))

    def finalize(self, node: tuple[_Column, ...]) -> ExtremeValues:
        lows, low_rows = self._table([low for _, low, _ in node])
        highs, high_rows = self._table([high for _, _, high in node])
        # Zero has a sign, which -(-0.0) gives back.
        return ExtremeValues(lows, low_rows, -highs, high_rows, np.array([count for count, *_ in node], np.int64))

    def _table(self, ends: Sequence[_End]) -> tuple[Float64Array, Indices]:
        values, rows = np.full((self.k, len(ends)), np.nan), np.full((self.k, len(ends)), -1, np.int64)
        for column, end in enumerate(ends):
            values[: len(end.values), column], rows[: len(end.rows), column] = end
        return values, rows
