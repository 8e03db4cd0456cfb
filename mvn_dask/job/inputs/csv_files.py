"""CSV files. Input: comma-separated numbers, with optional column names above and row names before them.

Accepted are numbers only; a header of names above them; the files of pandas and R, with an empty first cell above the
names of the rows; and lines of a name and its numbers. A first line that mixes names and numbers is no header, unless
its first cell is empty: a typing error in a number would turn the line into names.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.job.inputs.base import InputArray, Origin
from mvn_dask.job.inputs.tables import NamedTable, table_input
from mvn_dask.job.toml_format import preview

Line = tuple[int, list[str]]
"""Number of a row's last line in the file, counted from 1, and its cells."""


def read_csv(origin: Origin, path: Path) -> InputArray:
    """The vector or matrix in a CSV file.

    Raises InvalidDistributionError if it is no table of numbers; the text names line, column and cell.
    """
    try:
        text = path.read_text(encoding="utf-8-sig", errors="strict")
    except UnicodeDecodeError as error:
        raise origin.invalid(f"must be text in UTF-8, and byte {error.start} is not") from None
    return table_input(origin, _table(origin, _lines(origin, text)))


def _lines(origin: Origin, text: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    try:
        for cells in reader:
            if len(cells) > 1 or (cells and cells[0].strip()):
                yield reader.line_num, cells
    except csv.Error as error:
        raise origin.invalid(f"is no CSV: {error}", cell=f"line {reader.line_num}") from None


def _table(origin: Origin, lines: Iterator[Line]) -> NamedTable:
    first = next(lines, None)
    if first is None:
        raise origin.invalid("is empty")
    _refuse_other_separators(origin, first)
    header = [cell.strip() for cell in first[1]] if _is_header(first[1]) else None
    begin = first if header is None else next(lines, None)
    if begin is None:
        raise origin.invalid("holds no numbers, only a header")
    indexed = header is not None and not header[0]
    named = indexed or (len(begin[1]) > 1 and not _is_number(begin[1][0]))
    body = _Body(origin, len(first[1]), header, named=named)
    body.append(*begin)
    for line, cells in lines:
        if named and not indexed and _is_number(cells[0]):
            raise body.not_a_number(*begin, 0)
        body.append(line, cells)
    columns = header[1:] if header is not None and named else header
    return NamedTable(body.numbers(), columns, body.names if named else None)


class _Body:
    """Accumulates the rows below the header."""

    def __init__(self, origin: Origin, width: int, header: list[str] | None, *, named: bool) -> None:
        self._origin, self._width, self._header, self._named = origin, width, header, named
        self._rows: list[FloatArray] = []
        self._numbers_of_lines: list[int] = []
        self.names: list[str] = []

    def append(self, line: int, cells: list[str]) -> None:
        if len(cells) != self._width:
            text = f"has {len(cells)} cells, and the first line has {self._width}"
            raise self._origin.invalid(text, cell=f"line {line}")
        values = cells
        if self._named:
            self.names.append(cells[0].strip())
            values = cells[1:]
        try:
            self._rows.append(np.fromiter(map(float, values), np.float64, len(values)))
        except ValueError:
            first = len(cells) - len(values)
            column = next(number for number in range(first, len(cells)) if not _is_number(cells[number]))
            raise self.not_a_number(line, cells, column) from None
        self._numbers_of_lines.append(line)

    def numbers(self) -> FloatArray:
        found = np.stack(self._rows)
        if not found.size:
            raise self._origin.invalid("holds no numbers, only names")
        bad = np.argwhere(~np.isfinite(found))
        if len(bad):
            row, column = bad[0].tolist()
            cell = self._cell(self._numbers_of_lines[row], column + self._named)
            raise self._origin.invalid(f"must be finite, not {found[row, column]}", cell=cell)
        return found

    def not_a_number(self, line: int, cells: list[str], column: int) -> Exception:
        seen = cells[column].strip()
        text = f"must be a number, not {preview(seen)}" if seen else "must be a number, and it is empty"
        return self._origin.invalid(text, cell=self._cell(line, column))

    def _cell(self, line: int, column: int) -> str:
        name = f" ({preview(self._header[column])})" if self._header and self._header[column] else ""
        return f"line {line}, column {column + 1}{name}"


def _is_header(cells: list[str]) -> bool:
    """Whether the first row holds names: none is a number, unless the first cell is empty, as pandas writes it."""
    return (len(cells) > 1 and not cells[0].strip()) or not any(map(_has_digits, cells))


def _has_digits(cell: str) -> bool:
    """Whether a cell is a number with digits: "nan" and "inf" may be names."""
    return _is_number(cell) and any(map(str.isdigit, cell))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _refuse_other_separators(origin: Origin, first: Line) -> None:
    for sign, name in {";": "semicolons", "\t": "tabs"}.items():
        if len(first[1]) == 1 and sign in first[1][0]:
            raise origin.invalid(f"cells must be separated by commas, not {name}", cell=f"line {first[0]}")
