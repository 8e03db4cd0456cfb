"""What is shown of several columns, one after the other.

Input: an array of columns, their labels, and what is shown of one. Output: HTML and text, of bounded size. Cost: that
of the first columns.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy.typing as npt

from mvn_dask.display.fragments import SECTIONS, sections
from mvn_dask.display.markup import Html
from mvn_dask.display.number_columns import NumberTable
from mvn_dask.escaping import printable_lines
from mvn_dask.readable import plural


def by_column(
    array: npt.NDArray[Any], labels: Sequence[str] | None, shown: Callable[[int], Iterable[Html]]
) -> Iterator[Html]:
    """What is shown of the only column of an array of shape (m,) or (m, columns); or of each of the first ones."""
    titles = _titles(array, labels)
    if titles:
        yield from sections(titles, lambda place: (shown(place), ""), "column")
    else:
        yield from shown(0)


def text_by_column(
    array: npt.NDArray[Any], labels: Sequence[str] | None, table: Callable[[int], NumberTable], remark: str
) -> str:
    """The same as text, which ends with a remark."""
    titles = _titles(array, labels)
    lines = [
        f"{title}, {line}" for place, title in enumerate(titles[:SECTIONS]) for line in table(place).lines
    ] or table(0).lines
    more = [f"… {plural(len(titles) - SECTIONS, 'more column', ',')}"] if len(titles) > SECTIONS else []
    return printable_lines([*lines, *more, remark])


def _titles(array: npt.NDArray[Any], labels: Sequence[str] | None) -> Sequence[str]:
    """What to call columns, where there are several."""
    if array.ndim == 1 or array.shape[1] == 1:
        return []
    return labels or [f"column {place}" for place in range(array.shape[1])]
