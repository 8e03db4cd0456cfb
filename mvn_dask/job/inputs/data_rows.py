"""Rows of data, in pieces, from whatever file holds them.

Input: a CSV, .npy, .npz or Parquet file, or an array of another kind. Output: names of the columns, and blocks of rows
in float64, in which missing values are NaN. Cost: reading, once; a block of `BLOCK_NUMBERS` numbers at a time is in
memory, of a .npz file the array.
"""

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.job.inputs.base import Origin
from mvn_dask.job.inputs.csv_files import place_of_cell
from mvn_dask.job.inputs.numpy_files import loaded, npy_array, npz_array
from mvn_dask.job.inputs.parquet_files import index_of_pandas, is_numeric, pyarrow_parquet
from mvn_dask.job.toml_format import preview
from mvn_dask.readable import plural

BLOCK_NUMBERS = 2**20
"""Numbers that are read at a time, about."""
MISSING_CELLS = {"", "na", "n/a", "nan", "null", "none", "<na>", "#n/a"}
"""Cells of a CSV file that stand for a missing value, in small letters."""

INDEX_NAMES = {"", "date", "datetime", "time", "timestamp", "index"}
"""Names of a first column that is no variable, in small letters."""

Index = Literal["auto", "first", "none"]
Blocks = Iterator[Float64Array]


@dataclass(frozen=True, eq=False)
class DataRows:
    """Rows that can be read once."""

    origin: Origin
    """Where they are read."""
    names: tuple[str, ...] | None
    """Names of the columns, if they have any."""
    columns: int
    """How many they are."""
    blocks: Blocks
    """The rows, in pieces of shape (n, columns)."""
    index: str | None = None
    """Name of the column that names the rows, and is left out; None where there is none."""
    first: int = 0
    """Number that people give the first row: 2 of a CSV file with a header."""


def csv_rows(origin: Origin, path: Path, index: Index) -> DataRows:
    """The rows of a CSV file, with a header of names or without."""
    lines = _csv_lines(origin, path)
    first = next(lines, None)
    if first is None:
        raise origin.invalid("is empty")
    is_header = (len(first[1]) > 1 and not first[1][0].strip()) or not any(map(_is_number, first[1]))
    header = [cell.strip() for cell in first[1]] if is_header else None
    begin = first if header is None else next(lines, None)
    if begin is None:
        raise origin.invalid("holds no numbers, only a header")
    width = len(header or begin[1])
    name = header[0] if header else None
    is_text = not _is_number(begin[1][0]) and not _is_missing(begin[1][0])
    left_out = _is_index(index, name, is_text)
    by_text = left_out and not _is_index(index, name, False)
    if width == left_out:
        raise origin.invalid(
            f"has one column, which names the rows: cells must be separated by commas, and the first line is "
            f"{preview(','.join(first[1])[:80])}"
        )
    names = None if header is None else tuple(header[left_out:])

    def blocks() -> Blocks:
        size = max(1, BLOCK_NUMBERS // width)
        rows: list[list[float]] = []
        line: tuple[int, list[str]] | None = begin
        while line is not None:
            if by_text and _is_number(line[1][0]):
                raise _not_an_index(origin, begin, line)
            rows.append(_csv_row(origin, line, width, left_out, header))
            if len(rows) == size:
                yield np.array(rows)
                rows = []
            line = next(lines, None)
        if rows:
            yield np.array(rows)

    return DataRows(origin, names, width - left_out, blocks(), (name or "the first") if left_out else None, begin[0])


def _not_an_index(origin: Origin, begin: tuple[int, list[str]], line: tuple[int, list[str]]) -> Exception:
    text = f"holds {preview(begin[1][0].strip())} in line {begin[0]} and the number {line[1][0].strip()} in this one: "
    text += 'correct them, or say with index = "first" or "none" (--index) whether the column names the rows'
    return origin.invalid(text, cell=place_of_cell(None, line[0], 0))


def _csv_lines(origin: Origin, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The number of each line and its cells; blank lines and comments are left out."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True, skipinitialspace=True)
        try:
            for cells in reader:
                if cells and not (len(cells) == 1 and not cells[0].strip()) and not cells[0].startswith("# "):
                    yield reader.line_num, cells
        except csv.Error as error:
            raise origin.invalid(f"is no CSV: {error}", cell=f"line {reader.line_num}") from None
        except UnicodeDecodeError:
            text = "must be text in UTF-8, and is not: save it as such"
            raise origin.invalid(text, cell=f"line {reader.line_num + 1}") from None


def _csv_row(
    origin: Origin, line: tuple[int, list[str]], width: int, left_out: int, header: Sequence[str] | None
) -> list[float]:
    number, cells = line
    if len(cells) != width:
        text = f"has {plural(len(cells), 'cell')}, and the first line has {width}"
        if width == 1 and header and any(sign in header[0] for sign in ";\t|"):
            text += f", {preview(header[0][:80])}: cells must be separated by commas, and numbers have a point"
        raise origin.invalid(text, cell=f"line {number}")
    try:
        return list(map(float, cells[left_out:]))  # of a row without faults, many times as fast
    except ValueError:
        return [_csv_number(origin, number, column, cells[column], header) for column in range(left_out, width)]


def _csv_number(origin: Origin, line: int, column: int, cell: str, header: Sequence[str] | None) -> float:
    """The number in a cell, or NaN where it is missing."""
    try:
        return float(cell)
    except ValueError:
        if _is_missing(cell):
            return math.nan
    text = f"must be a number, not {preview(cell.strip())}"
    raise origin.invalid(text, cell=place_of_cell(header, line, column))


def numpy_rows(origin: Origin, path: Path, key: str | None, index: Index) -> DataRows:
    """The rows of a matrix in a .npy or .npz file."""
    array = npz_array(origin, path, key) if path.suffix.lower() == ".npz" else npy_array(origin, path)
    return array_rows(origin, array, None, index, lambda start, stop: np.asarray(array[start:stop], np.float64))


def array_rows(
    origin: Origin, array: Any, names: Sequence[str] | None, index: Index, read: Callable[[int, int], Float64Array]
) -> DataRows:
    """The rows of an array of two axes; `read` gives some of them."""
    if array.dtype.kind not in "biuf":
        raise origin.invalid(f"must hold real numbers, and its dtype is {array.dtype}")
    if array.ndim != 2 or 0 in array.shape:
        raise origin.invalid(f"must be a matrix, a row an observation, and its shape is {tuple(array.shape)}")
    left_out = index == "first"
    if array.shape[1] == left_out:
        raise origin.invalid("has one column, which names the rows")
    size = max(1, BLOCK_NUMBERS // array.shape[1])
    blocks = (read(start, min(start + size, array.shape[0]))[:, left_out:] for start in range(0, array.shape[0], size))
    kept = None if names is None else tuple(names[left_out:])
    return DataRows(origin, kept, array.shape[1] - left_out, blocks, "the first" if left_out else None)


def parquet_rows(origin: Origin, path: Path, index: Index) -> DataRows:
    """The rows of a Parquet file; an index of pandas is no variable."""
    pq = pyarrow_parquet(origin)
    file = loaded(origin, lambda: pq.ParquetFile(path))
    schema = file.schema_arrow
    names = list(schema.names)
    left_out = [level for level in index_of_pandas(schema) if isinstance(level, str) and level in names]

    def is_number(name: str) -> bool:
        return is_numeric(schema.field(name).type)

    if not left_out and names and _is_index(index, names[0], not is_number(names[0])):
        left_out = names[:1]
    kept = [name for name in names if name not in left_out]
    if not kept or not file.metadata.num_rows:
        raise origin.invalid(
            f"holds no numbers: {plural(file.metadata.num_rows, 'row')}, {plural(len(kept), 'column')}"
        )
    if odd := [name for name in kept if not is_number(name)]:
        raise origin.invalid(
            f"must hold numbers: column {preview(odd[0])} is {preview(str(schema.field(odd[0]).type))}"
        )

    def blocks() -> Blocks:
        for batch in file.iter_batches(max(1, BLOCK_NUMBERS // len(kept)), columns=kept):
            yield np.column_stack(
                [batch.column(name).to_numpy(zero_copy_only=False).astype(np.float64) for name in kept]
            )

    return DataRows(origin, tuple(kept), len(kept), blocks(), ", ".join(left_out) or None)


def _is_index(index: Index, name: str | None, is_text: bool) -> bool:
    """Whether the first column names the rows."""
    return index == "first" or (index == "auto" and (is_text or (name is not None and name.lower() in INDEX_NAMES)))


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _is_missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING_CELLS
