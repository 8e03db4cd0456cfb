"""Tables of numbers with named columns or rows. Input: a 2-d array and labels; output: a vector or a matrix."""

from collections.abc import Sequence
from dataclasses import dataclass

from mvn_dask._typing import FloatArray
from mvn_dask.job.inputs.base import InputArray, Origin
from mvn_dask.job.toml_format import preview

MATRIX_KEYS = ("cov", "correlation")
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


def table_input(origin: Origin, table: NamedTable) -> InputArray:
    """The vector or matrix that a table holds, with the names of its variables.

    A square table is a matrix, where a matrix may be; one row or one column is a vector. A column beside names is named
    by these.
    """
    count, width = table.numbers.shape
    columns, rows = table.columns, table.rows
    if count == width and origin.key in MATRIX_KEYS and (count > 1 or rows is None or rows == columns):
        if rows is not None and columns is not None and (text := name_difference(rows, columns)):
            raise origin.invalid(f"its rows and columns must have the same names in the same order: {text}")
        return InputArray(origin, table.numbers, _names(origin, columns or rows))
    if width == 1 and (count > 1 or rows is not None):
        return InputArray(origin, table.numbers[:, 0].copy(), _names(origin, rows))
    if count == 1:
        title = width == 1 and columns is not None and columns[0] in (origin.key, "value")
        return InputArray(origin, table.numbers[0].copy(), None if title else _names(origin, columns))
    wanted = "a square matrix, or one row or column" if origin.key in MATRIX_KEYS else "one row or one column"
    raise origin.invalid(f"must be {wanted}, and it has {count} rows of {width} numbers")


def _names(origin: Origin, labels: Sequence[str] | None) -> tuple[str, ...] | None:
    """Labels as names; 0, 1, 2, … are pandas' default index, and no names."""
    if labels is None or list(labels) == [str(number) for number in range(len(labels))]:
        return None
    seen: set[str] = set()
    for number, label in enumerate(labels, start=1):
        if not label:
            raise origin.invalid(f"the name of variable {number} is empty")
        if label in seen:
            raise origin.invalid(f"two variables are named {preview(label)}")
        seen.add(label)
    return tuple(labels)


def name_difference(one: Sequence[str], other: Sequence[str]) -> str:
    """Description of the first difference between names; empty if there is none.

    Examples
    --------
    >>> name_difference(["oil", "gas"], ["gas", "oil"])
    'variable 1 is "oil" in one and "gas" in the other (the same names in another order)'
    """
    if list(one) == list(other):
        return ""
    if len(one) != len(other):
        return f"there are {len(one)} of one and {len(other)} of the other"
    number = next(number for number, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1])
    same = " (the same names in another order)" if sorted(one) == sorted(other) else ""
    return f"variable {number + 1} is {preview(one[number])} in one and {preview(other[number])} in the other{same}"
