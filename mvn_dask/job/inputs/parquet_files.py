"""Parquet files, through pyarrow. Input: numeric columns, with at most one column of row names."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.job.inputs.base import InputArray, Origin, first_index, table_input
from mvn_dask.job.toml_format import preview
from mvn_dask.readable import plural


def read_parquet(origin: Origin, path: Path) -> InputArray:
    """The vector or matrix in a Parquet file.

    Columns are variables; pandas' index, or the only column of texts, names the rows.
    """
    pq = pyarrow_parquet(origin)
    try:
        # pq.read_table would add columns from the names of folders ("year=2026"), and rows from files beside it.
        with pq.ParquetFile(path) as file:
            table = file.read()
    except Exception as error:  # noqa: BLE001 whatever a damaged or hostile file raises
        text = str(error).split("\n", maxsplit=1)[0]
        raise origin.invalid(f"is no Parquet file, or a damaged one: {text}") from None
    pandas_index = index_of_pandas(table.schema)
    index = _index(origin, table, pandas_index)
    columns = [number for number in range(table.num_columns) if number != index]
    if not columns or not table.num_rows:
        raise origin.invalid(f"holds no numbers: {plural(table.num_rows, 'row')}, {plural(len(columns), 'column')}")
    names = [table.column_names[number] for number in columns]
    numbers = np.column_stack([_numbers(origin, *each) for each in zip(names, table.select(columns), strict=True)])
    labels = _range(table, pandas_index) if index is None else table.column(index).to_pylist()
    return table_input(origin, numbers, names, None if labels is None else [str(label) for label in labels])


def pyarrow_parquet(origin: Origin) -> Any:
    """The module ``pyarrow.parquet``. Raises JobFileError where it is not installed."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise origin.missing(".parquet files need pyarrow: pip install 'mvn_dask[parquet]'") from None
    return pyarrow.parquet


def is_numeric(kind: Any) -> bool:
    """Whether a type of Arrow's is one of numbers."""
    import pyarrow.types as kinds

    return bool(kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind))


def index_of_pandas(schema: Any) -> list[Any]:
    """What pandas wrote about its index: names of columns, or the description of a range; a level each."""
    with suppress(TypeError, KeyError, ValueError):  # no metadata of pandas, or none that can be read
        found = schema.pandas_metadata["index_columns"]
        if isinstance(found, list):
            return found
    return []


def _range(table: Any, pandas_index: list[Any]) -> range | None:
    """The numbers of the rows, which pandas writes as a description where they are evenly spaced."""
    with suppress(TypeError, KeyError, ValueError, OverflowError):
        (level,) = pandas_index
        found = range(*(level[name] for name in ("start", "stop", "step")))
        # The index of a single row says nothing about variables in columns.
        if len(found) == table.num_rows > 1:
            return found
    return None


def _index(origin: Origin, table: Any, pandas_index: list[Any]) -> int | None:
    """Number of the column that names the rows."""
    import pyarrow.types as kinds

    names = table.column_names
    columns = [level for level in pandas_index if isinstance(level, str) and level in names]
    if len(columns) > 1:
        levels = ", ".join(map(preview, columns))
        raise origin.invalid(
            f"its index has {len(columns)} levels ({levels}), and a variable has one name: write a frame whose index "
            "has one, such as frame.set_axis(frame.index.map(str))"
        )
    if columns:
        return int(names.index(columns[0]))

    def is_text(kind: Any) -> bool:
        inner = kind.value_type if kinds.is_dictionary(kind) else kind
        return bool(kinds.is_string(inner) or kinds.is_large_string(inner) or kinds.is_string_view(inner))

    texts = [number for number, field in enumerate(table.schema) if is_text(field.type)]
    if len(texts) > 1:
        both = " and ".join(preview(names[number]) for number in texts[:2])
        raise origin.invalid(f"must hold numbers, and one column of names at most: columns {both} hold text")
    return texts[0] if texts else None


def _numbers(origin: Origin, name: str, column: Any) -> FloatArray:
    where = f"column {preview(name)}"
    if not is_numeric(column.type):
        raise origin.invalid(f"must hold numbers, not {preview(str(column.type))}", cell=where)
    if column.null_count:
        row = column.is_null().to_pylist().index(True)
        raise origin.invalid("must be a number, and it is missing", cell=f"row {row + 1}, {where}")
    found: FloatArray = column.to_numpy().astype(np.float64)
    bad = first_index(~np.isfinite(found))
    if bad is not None:
        raise origin.invalid(f"must be finite, not {found[bad]}", cell=f"row {bad[0] + 1}, {where}")
    return found
