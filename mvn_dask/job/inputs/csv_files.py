"""CSV files. Input: comma-separated numbers, with optional column names above and row names before them.

Accepted are numbers only; a header of names above them; the files of pandas and R, with an empty first cell above the
names of the rows; and lines of a name and its numbers. A first line that mixes names and numbers is no header, unless
its first cell is empty: a typing error in a number would turn the line into names.

Lines that begin with "# ", as numpy.savetxt writes its header and footer, are comments. The one above the numbers names
the columns if it has as many cells as they, and no other header follows.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.job.inputs.base import InputArray, Origin, first_index, table_input
from mvn_dask.job.toml_format import preview

Line = tuple[int, list[str]]
"""Number of a row's last line in the file, counted from 1, and its cells."""
_COMMENT = re.compile(r"#([ \t].*)?\s*", re.DOTALL)
"""A line that is a comment unless it holds numbers. Without the space it may be a name, such as "#1"."""


def read_csv(origin: Origin, path: Path) -> InputArray:
    """The vector or matrix in a CSV file. Errors name line, column and cell."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="strict")
    except UnicodeDecodeError as error:
        raise origin.invalid(f"must be text in UTF-8, and byte {error.start} is not: save it as such") from None
    header, lines = _split(origin, text)
    return _table(origin, header, lines)


def _rows(origin: Origin, text: str) -> Iterator[tuple[Line, bool]]:
    """The rows of a file, and whether each is a comment."""
    source = list(io.StringIO(text, newline=""))
    reader = csv.reader(source, strict=True, skipinitialspace=True)
    begin = 0
    try:
        for cells in reader:
            is_comment = _COMMENT.fullmatch(source[begin]) is not None
            begin = reader.line_num
            if is_comment:
                cells[0] = cells[0].removeprefix("#")
                if any(map(_is_digital, cells)):
                    msg = 'begins with "# ", as a comment, and holds numbers: delete it, or put the name in quotes'
                    raise origin.invalid(msg, cell=f"line {begin}")
            if len(cells) > 1 or (cells and cells[0].strip()):
                yield (begin, cells), is_comment
    except csv.Error as error:
        raise origin.invalid(f"is no CSV: {error}", cell=f"line {reader.line_num}") from None


def _split(origin: Origin, text: str) -> tuple[list[str] | None, Iterator[Line]]:
    """The cells of the header, if there is one, and the lines below it, one at a time."""
    rows = _rows(origin, text)
    comment: Line | None = None
    for first, is_comment in rows:
        if not is_comment:
            break
        comment = first
    else:
        raise origin.invalid("holds no numbers, only comments" if comment else "is empty")
    _refuse_other_separators(origin, first)
    lines = (line for line, is_comment in rows if not is_comment)
    if not _is_header(first[1]):
        names = comment[1] if comment is not None and len(comment[1]) == len(first[1]) else None
        return names and [cell.strip() for cell in names], chain([first], lines)
    begin = next(lines, None)
    if begin is None:
        raise origin.invalid("holds no numbers, only a header")
    return [cell.strip() for cell in first[1]], chain([begin], lines)


def _table(origin: Origin, header: list[str] | None, lines: Iterator[Line]) -> InputArray:
    begin = next(lines)
    width = len(header or begin[1])
    indexed = header is not None and not header[0]
    named = indexed or (len(begin[1]) > 1 and not _is_number(begin[1][0]))
    labels: list[str] = []
    rows: list[FloatArray] = []
    line_numbers: list[int] = []
    for line, cells in chain([begin], lines):
        if named and not indexed and _is_number(cells[0]):
            raise _not_a_number(origin, header, begin, 0)
        if len(cells) != width:
            text = f"has {len(cells)} cells, and the first line has {width}"
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
        cell = place_of_cell(header, line_numbers[bad[0]], bad[1] + named)
        raise origin.invalid(f"must be finite, not {numbers[bad]}", cell=cell)
    return table_input(origin, numbers, header and header[named:], labels if named else None)


def _not_a_number(origin: Origin, header: list[str] | None, line: Line, column: int) -> Exception:
    seen = line[1][column].strip()
    text = f"must be a number, not {preview(seen)}" if seen else "must be a number, and it is empty"
    return origin.invalid(text, cell=place_of_cell(header, line[0], column))


def place_of_cell(header: Sequence[str] | None, line: int, column: int) -> str:
    """Line and column of a cell, as errors name them; the column is counted from 0."""
    name = f" ({preview(header[column])})" if header and header[column] else ""
    return f"line {line}, column {column + 1}{name}"


def _is_header(cells: list[str]) -> bool:
    """Whether the first row holds names: none is a number, unless the first cell is empty, as pandas writes it."""
    return (len(cells) > 1 and not cells[0].strip()) or not any(map(_is_digital, cells))


def _is_digital(cell: str) -> bool:
    # Without digits, as "nan" and "inf", a number may be a name.
    return _is_number(cell) and any(map(str.isdigit, cell))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _refuse_other_separators(origin: Origin, first: Line) -> None:
    number, cells = first
    if len(cells) > 1:
        return
    found = {name for sign, name in {";": "semicolons", "\t": "tabs"}.items() if sign in cells[0]}
    if not found and len(cells[0].split()) > 1 and all(map(_is_number, cells[0].split())):
        found = {"spaces"}
    for name in found:
        raise origin.invalid(f"cells must be separated by commas, not {name}", cell=f"line {number}")
