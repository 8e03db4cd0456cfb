"""CSV files. Input: comma-separated numbers, with optional column names above and row names before them.

Accepted are numbers only; a header of names above them; the files of pandas and R, with an empty first cell above the
names of the rows; and lines of a name and its numbers. A first line that mixes names and numbers is no header, unless
its first cell is empty: a typing error in a number would turn the line into names.
"""

import csv
import io
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.job.inputs.base import InputArray, Origin, first_index, table_input
from mvn_dask.job.toml_format import preview

Line = tuple[int, list[str]]
"""Number of a row's last line in the file, counted from 1, and its cells."""


def read_csv(origin: Origin, path: Path) -> InputArray:
    """The vector or matrix in a CSV file. Errors name line, column and cell."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="strict")
    except UnicodeDecodeError as error:
        raise origin.invalid(f"must be text in UTF-8, and byte {error.start} is not") from None
    return _table(origin, _lines(origin, text))


def _lines(origin: Origin, text: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    try:
        for cells in reader:
            if len(cells) > 1 or (cells and cells[0].strip()):
                yield reader.line_num, cells
    except csv.Error as error:
        raise origin.invalid(f"is no CSV: {error}", cell=f"line {reader.line_num}") from None


def _table(origin: Origin, lines: Iterator[Line]) -> InputArray:
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
    labels: list[str] = []
    rows: list[FloatArray] = []
    line_numbers: list[int] = []
    for line, cells in chain([begin], lines):
        if named and not indexed and _is_number(cells[0]):
            raise _not_a_number(origin, header, begin, 0)
        if len(cells) != len(first[1]):
            text = f"has {len(cells)} cells, and the first line has {len(first[1])}"
            raise origin.invalid(text, cell=f"line {line}")
        labels += [cell.strip() for cell in cells[:named]]
        try:
            rows.append(np.fromiter(map(float, cells[named:]), np.float64, len(cells) - named))
        except ValueError:
            column = next(number for number in range(named, len(cells)) if not _is_number(cells[number]))
            raise _not_a_number(origin, header, (line, cells), column) from None
        line_numbers.append(line)
    numbers = np.stack(rows)
    if not numbers.size:
        raise origin.invalid("holds no numbers, only names")
    bad = first_index(~np.isfinite(numbers))
    if bad is not None:
        cell = _cell(header, line_numbers[bad[0]], bad[1] + named)
        raise origin.invalid(f"must be finite, not {numbers[bad]}", cell=cell)
    return table_input(origin, numbers, header and header[named:], labels if named else None)


def _not_a_number(origin: Origin, header: list[str] | None, line: Line, column: int) -> Exception:
    seen = line[1][column].strip()
    text = f"must be a number, not {preview(seen)}" if seen else "must be a number, and it is empty"
    return origin.invalid(text, cell=_cell(header, line[0], column))


def _cell(header: list[str] | None, line: int, column: int) -> str:
    name = f" ({preview(header[column])})" if header and header[column] else ""
    return f"line {line}, column {column + 1}{name}"


def _is_header(cells: list[str]) -> bool:
    """Whether the first row holds names: none is a number, unless the first cell is empty, as pandas writes it."""
    # Without digits, as "nan" and "inf", a number may be a name.
    numbers = (_is_number(cell) and any(map(str.isdigit, cell)) for cell in cells)
    return (len(cells) > 1 and not cells[0].strip()) or not any(numbers)


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
