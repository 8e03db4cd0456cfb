import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mvn_dask.errors import JobFileError
from tests.support.job_inputs import read, refusal

NAMES = ["öl", "gas"]
MATRIX = np.array([[4.0, 1.0], [1.0, 9.0]])


def put(folder: Path, table: Any) -> str:
    if isinstance(table, pd.DataFrame):
        table.to_parquet(folder / "a.parquet")
    elif isinstance(table, pl.DataFrame):
        table.write_parquet(folder / "a.parquet")
    else:
        pq.write_table(pa.table(table), folder / "a.parquet")
    return "a.parquet"


COVARIANCES: list[tuple[Any, Any]] = [
    (pd.DataFrame(MATRIX, columns=NAMES), NAMES),
    (pd.DataFrame(MATRIX, columns=NAMES, index=NAMES), NAMES),
    (pd.DataFrame(MATRIX, columns=NAMES, index=pd.Index(NAMES, name="variable")), NAMES),
    (pd.DataFrame(MATRIX, columns=["2001", "2002"], index=[2001, 2002]), ["2001", "2002"]),
    (pd.DataFrame(MATRIX, columns=["0", "1"]), None),
    ({"öl": [4.0, 1.0], "gas": [1, 9]}, NAMES),
    ({"name": NAMES, "öl": [4.0, 1.0], "gas": [1, 9]}, NAMES),
    (pd.DataFrame(MATRIX, columns=NAMES).astype({"öl": "Int64", "gas": "double[pyarrow]"}), NAMES),
    ({"öl": pa.array([Decimal(4), Decimal(1)]), "gas": [1, 9]}, NAMES),
    (pl.DataFrame(MATRIX, schema=NAMES), NAMES),
    (pl.DataFrame(MATRIX), None),
    ({"öl": pa.array(np.array([4, 1], np.float16)), "gas": pa.array([1, 9], pa.uint8())}, NAMES),
]


def test_covariances(tmp_path: Path) -> None:
    for table, names in COVARIANCES:
        found = read(tmp_path, "cov", put(tmp_path, table))
        assert np.array_equal(found.array, MATRIX)
        assert found.names == (None if names is None else tuple(names))


MEANS: list[tuple[Any, Any]] = [
    (pd.DataFrame({"mean": [1.0, 2.0]}, index=NAMES), NAMES),
    (pd.DataFrame([[1.0, 2.0]], columns=NAMES), NAMES),
    ({"name": pa.array(NAMES).dictionary_encode(), "x": [1, 2]}, NAMES),
    ({"name": pa.array(NAMES, pa.large_string()), "x": [1, 2]}, NAMES),
    ({"x": [1, 2]}, None),
]


def test_means(tmp_path: Path) -> None:
    for table, names in MEANS:
        found = read(tmp_path, "mean", put(tmp_path, table))
        assert found.array.tolist() == [1, 2]
        assert found.names == (None if names is None else tuple(names))


FAULTS: list[tuple[Any, str]] = [
    ({"a": [1.0, None], "b": [1.0, 2.0]}, 'row 2, column "a": must be a number, and it is missing'),
    ({"a": [1.0, np.nan], "b": [1.0, 2.0]}, 'row 2, column "a": must be finite, not nan'),
    ({"a": [True, False]}, 'column "a": must hold numbers, not "bool"'),
    ({"a": [[1.0], [2.0]]}, 'column "a": must hold numbers, not "list<'),
    ({"a": [b"x"]}, 'column "a": must hold numbers, not "binary"'),
    ({"a": ["x"], "b": ["y"], "c": [1.0]}, 'must hold numbers, and one column of names at most: columns "a" and "b"'),
    ({"a": ["x"]}, "holds no numbers: 1 row, 0 columns"),
    ({"a": pa.array([], pa.float64())}, "holds no numbers: 0 rows, 1 column"),
    ({}, "holds no numbers: 0 rows, 0 columns"),
    ({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0]}, "must be a square matrix, or one row or column, and it has 3 rows"),
    (pd.DataFrame(MATRIX, columns=NAMES, index=NAMES[::-1]), "its rows and its columns must agree: "),
]


def test_what_is_no_covariance(tmp_path: Path) -> None:
    for table, fault in FAULTS:
        found = refusal(tmp_path, "cov", put(tmp_path, table))
        assert found.removeprefix("a.parquet").lstrip(":, ").startswith(fault)


def test_damaged_files(tmp_path: Path) -> None:
    content = (tmp_path / put(tmp_path, {"a": [1.0]})).read_bytes()
    for damaged in (b"", b"PAR1", content[:50], b"a,b\n1,2\n", content[:-12] + b"\xff" * 4 + content[-8:]):
        (tmp_path / "a.parquet").write_bytes(damaged)
        assert "a.parquet: is no Parquet file, or a damaged one: " in refusal(tmp_path, "cov", "a.parquet")


def test_metadata_of_pandas_that_lie(tmp_path: Path) -> None:
    for lie in (b"{", b"[]", b"3", b'{"index_columns": 3}', b'{"index_columns": ["nothing", {}]}', b"{}",
        b'{"index_columns": [{"kind": "range", "start": 0, "stop": 1000000000000000000000, "step": 1}]}',
        b'{"index_columns": [{"kind": "range", "start": 0, "stop": "x", "step": 0}]}',
    ):  # fmt: skip
        table = pa.table({"a": [1.0]}).replace_schema_metadata({b"pandas": lie})
        pq.write_table(table, tmp_path / "a.parquet")
        assert read(tmp_path, "cov", "a.parquet").array.tolist() == [[1.0]]


def test_an_index_of_several_levels_is_refused_and_the_way_out_works(tmp_path: Path) -> None:
    """In a table of any width, whose levels may be texts or numbers: none is taken for a variable."""
    levels: list[list[tuple[Any, ...]]] = [
        [("oil", 2026), ("gas", 2027)], [(2026, 1), (2027, 2)], [("a", "b", "c"), ("d", "e", "f")]
    ]  # fmt: skip
    for index in levels:
        labels = pd.MultiIndex.from_tuples(index, names=["commodity", *[None] * (len(index[0]) - 1)])
        for key, columns in (("mean", ["x"]), ("cov", [str(label) for label in index])):
            frame = pd.DataFrame(MATRIX[:, : len(columns)], index=labels, columns=columns)
            assert refusal(tmp_path, key, put(tmp_path, frame)).startswith(
                f'a.parquet: its index has {len(index[0])} levels ("commodity", "__index_level_1__"'
            )
            way_out = refusal(tmp_path, key, "a.parquet").rpartition("such as ")[2]
            put(tmp_path, eval(way_out, {"frame": frame}))  # noqa: S307
            found = read(tmp_path, key, "a.parquet")
            assert found.names == tuple(str(label) for label in index)
            assert np.array_equal(found.array, MATRIX if key == "cov" else MATRIX[:, 0])


def test_the_range_of_pandas_labels_the_rows(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    for index, names in (
        (pd.RangeIndex(3), None),
        (pd.RangeIndex(2, -1, -1), ("2", "1", "0")),
        (pd.RangeIndex(1990, 2020, 10), ("1990", "2000", "2010")),
    ):
        assert read(tmp_path, "mean", put(tmp_path, frame.set_axis(index))).names == names
    for number, name in ((4.0, "oil"), (9.0, "0")):
        found = read(tmp_path, "cov", put(tmp_path, pd.DataFrame({name: [number]})))
        assert (found.array.tolist(), found.names) == ([[number]], None if name == "0" else (name,))


def test_folders_around_it_are_no_columns(tmp_path: Path) -> None:
    folder = tmp_path / "year=2026"
    folder.mkdir()
    put(folder, {"a": [1.0]})
    assert read(tmp_path, "cov", "year=2026/a.parquet").array.tolist() == [[1.0]]


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, {"a": [1.0]})
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(JobFileError, match=r"\.parquet files need pyarrow: pip install 'mvn_dask\[parquet\]'$"):
        read(tmp_path, "cov", "a.parquet")
