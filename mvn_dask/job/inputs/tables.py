"""Tables of numbers whose columns, and perhaps rows, have names."""

from collections.abc import Sequence
from dataclasses import dataclass

from mvn_dask._typing import FloatArray
from mvn_dask.job.inputs.base import Input, Origin
from mvn_dask.job.spelling import shown

SQUARE = ("cov", "correlation")
"""Keys that may hold a matrix."""


@dataclass(frozen=True, eq=False)
class NamedTable:
    """A table."""

    numbers: FloatArray
    """Its numbers, shape (n, m), finite."""
    columns: Sequence[str] | None
    """Names of the m columns."""
    rows: Sequence[str] | None
    """Names of the n rows."""


def table_input(origin: Origin, table: NamedTable) -> Input:
    """The vector or matrix that a table holds, with the names of its variables.

    A square table is a matrix, where a matrix may be; one row or one column is a vector. A column beside names is
    named by these.

    Raises
    ------
    InvalidDistributionError
        For other shapes, names that stand twice or are empty, and a matrix whose rows are named otherwise than its
        columns.
    """
    count, width = table.numbers.shape
    columns, rows = table.columns, table.rows
    if count == width and origin.key in SQUARE and (count > 1 or rows is None or rows == columns):
        if rows is not None and columns is not None:
            _refuse_other_names(origin, rows, columns)
        return Input(origin, table.numbers, _names(origin, columns or rows))
    if width == 1 and (count > 1 or rows is not None):
        return Input(origin, table.numbers[:, 0].copy(), _names(origin, rows))
    if count == 1:
        title = width == 1 and columns is not None and columns[0] in (origin.key, "value")
        return Input(origin, table.numbers[0].copy(), None if title else _names(origin, columns))
    wanted = "a square matrix, or one row or column" if origin.key in SQUARE else "one row or one column"
    raise origin.invalid(f"must be {wanted}, and it has {count} rows of {width} numbers")


def _names(origin: Origin, labels: Sequence[str] | None) -> tuple[str, ...] | None:
    """Labels as names; those that merely count are none."""
    if labels is None or list(labels) == [str(number) for number in range(len(labels))]:
        return None
    seen: set[str] = set()
    for number, label in enumerate(labels, start=1):
        if not label:
            raise origin.invalid(f"the name of variable {number} is empty")
        if label in seen:
            raise origin.invalid(f"two variables are named {shown(label)}")
        seen.add(label)
    return tuple(labels)


def _refuse_other_names(origin: Origin, rows: Sequence[str], columns: Sequence[str]) -> None:
    text = difference(rows, columns)
    if text:
        raise origin.invalid(f"its rows and columns must have the same names in the same order: {text}")


def difference(one: Sequence[str], other: Sequence[str]) -> str:
    """How names differ, in words; empty if they do not.

    Examples
    --------
    >>> difference(["oil", "gas"], ["gas", "oil"])
    'variable 1 is "oil" in one and "gas" in the other (the same names in another order)'
    """
    if list(one) == list(other):
        return ""
    if len(one) != len(other):
        return f"there are {len(one)} of one and {len(other)} of the other"
    number = next(number for number, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1])
    same = " (the same names in another order)" if sorted(one) == sorted(other) else ""
    return f"variable {number + 1} is {shown(one[number])} in one and {shown(other[number])} in the other{same}"
