"""Rows of data from every kind of file, and what is no data."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mvn_dask.errors import InvalidDistributionError
from mvn_dask.job.inputs import data_rows
from mvn_dask.job.inputs.base import Origin
from mvn_dask.job.inputs.data_rows import DataRows, csv_rows, numpy_rows, parquet_rows

ROWS = [[0.1, 0.2], [0.3, np.nan], [-0.1, 0.1]]
ORIGIN = Origin("job", "data", "x")


def all_rows(data: DataRows) -> np.ndarray[Any, Any]:
    return np.concatenate(list(data.blocks))


def write(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "names", "index", "first"),
    [
        ("oil,gas\n0.1,0.2\n0.3,\n-0.1,0.1\n", ("oil", "gas"), None, 2),
        ("0.1,0.2\n0.3,nan\n-0.1,0.1\n", None, None, 1),
        ("# x\n\ndate,oil,gas\n2020-1-1,0.1,0.2\n2020-1-2,0.3,NA\n2020-1-3,-.1,1e-1\n", ("oil", "gas"), "date", 4),
        (",oil,gas\n0,0.1,0.2\n1,0.3,null\n2,-0.1,0.1\n", ("oil", "gas"), "the first", 2),
        ("Date,oil,gas\n20200101,0.1,0.2\n20200102,0.3,N/A\n20200103,-0.1,0.1\n", ("oil", "gas"), "Date", 2),
        ('a,0.1,0.2\nb,0.3,""\nc,-0.1,0.1\n', None, "the first", 1),
    ],
)  # fmt: skip
def test_csv(
    text: str, names: object, index: object, first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for block in (2**20, 4):
        monkeypatch.setattr(data_rows, "BLOCK_NUMBERS", block)
        data = csv_rows(ORIGIN, write(tmp_path, text), "auto")
        assert (data.names, data.columns, data.index, data.first) == (names, 2, index, first)
        np.testing.assert_array_equal(all_rows(data), ROWS)


def test_a_first_column_that_is_chosen(tmp_path: Path) -> None:
    path = write(tmp_path, "year,oil\n2020,0.1\n2021,0.2\n")
    assert csv_rows(ORIGIN, path, "auto").names == ("year", "oil")
    assert csv_rows(ORIGIN, path, "first").names == ("oil",)
    path = write(tmp_path, "date,oil\n1,0.1\n2,0.2\n")
    assert csv_rows(ORIGIN, path, "none").names == ("date", "oil")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("oil,gas\n", "only a header"),
        ("oil,gas\n1.0\n", "line 2: has 1 cell, and the first line has 2"),
        ("oil,gas\n1.0,2.0\n1.0,two\n", 'line 3, column 2 ("gas"): must be a number, not "two"'),
        ("oil,gas\n1.o,2.0\n1.0,2.0\n", 'line 3, column 1: holds "1.o" in line 2 and the number 1.0 in this one'),
        ("oil;gas\n1.0;2.0\n", "cells must be separated by commas"),
        ('oil,gas\n"1.0,2.0\n', "is no CSV"),
    ],
)
def test_what_is_no_csv_of_data(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidDistributionError) as error:
        all_rows(csv_rows(ORIGIN, write(tmp_path, text), "auto"))
    assert message in str(error.value)


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b"oil,gas\n1,2\n\xff,3\n")
    with pytest.raises(InvalidDistributionError, match="UTF-8"):
        all_rows(csv_rows(ORIGIN, tmp_path / "data.csv", "none"))


def test_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_rows, "BLOCK_NUMBERS", 4)
    np.save(tmp_path / "x.npy", ROWS)
    np.savez(tmp_path / "x.npz", returns=np.array(ROWS, np.float32), other=np.eye(3))
    np.testing.assert_array_equal(all_rows(numpy_rows(ORIGIN, tmp_path / "x.npy", None, "auto")), ROWS)
    found = numpy_rows(ORIGIN, tmp_path / "x.npz", "returns", "first")
    assert found.columns == 1
    np.testing.assert_array_equal(all_rows(found), np.array(ROWS, np.float32)[:, 1:])
    with pytest.raises(InvalidDistributionError, match="name one of them"):
        numpy_rows(ORIGIN, tmp_path / "x.npz", None, "auto")
    for array, message in ((np.ones(3), "must be a matrix"), (np.ones((0, 2)), "must be a matrix"),
                           (np.array([["a"]]), "must hold real numbers")):  # fmt: skip
        np.save(tmp_path / "y.npy", array)
        with pytest.raises(InvalidDistributionError, match=message):
            numpy_rows(ORIGIN, tmp_path / "y.npy", None, "auto")
    (tmp_path / "y.npy").rename(tmp_path / "y.npz")
    with pytest.raises(InvalidDistributionError, match=r"is a single array: its name must end in \.npy"):
        numpy_rows(ORIGIN, tmp_path / "y.npz", None, "auto")


def test_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_rows, "BLOCK_NUMBERS", 4)
    days = pd.date_range("2020-01-01", periods=3)
    frame = pd.DataFrame(ROWS, columns=["oil", "gas"], index=days.rename("day"))
    frame.to_parquet(tmp_path / "indexed.parquet")
    frame.reset_index(drop=True).to_parquet(tmp_path / "plain.parquet")
    dates = [dt.date(2020, 1, day) for day in (1, 2, 3)]
    columns = {"when": dates, "oil": [0.1, 0.3, -0.1], "gas": [0.2, None, 0.1]}
    pq.write_table(pa.table(columns), tmp_path / "arrow.parquet")
    for name, index in (("indexed", "day"), ("plain", None), ("arrow", "when")):
        data = parquet_rows(ORIGIN, tmp_path / f"{name}.parquet", "auto")
        assert (data.names, data.index) == (("oil", "gas"), index)
        np.testing.assert_array_equal(all_rows(data), ROWS)
    with pytest.raises(InvalidDistributionError, match='column "when" is "date32'):
        parquet_rows(ORIGIN, tmp_path / "arrow.parquet", "none")
    pq.write_table(pa.table({"when": dates}), tmp_path / "none.parquet")
    with pytest.raises(InvalidDistributionError, match="holds no numbers: 3 rows, 0 columns"):
        parquet_rows(ORIGIN, tmp_path / "none.parquet", "auto")
    (tmp_path / "bad.parquet").write_text("no")
    with pytest.raises(InvalidDistributionError, match="damaged"):
        parquet_rows(ORIGIN, tmp_path / "bad.parquet", "auto")


@pytest.mark.parametrize("metadata", ["no JSON", "{}", "[]", '{"index_columns": null}'])
def test_parquet_whose_metadata_of_pandas_cannot_be_read(metadata: str, tmp_path: Path) -> None:
    table = pa.table({"oil": [0.1, 0.3]}).replace_schema_metadata({"pandas": metadata})
    pq.write_table(table, tmp_path / "x.parquet")
    assert parquet_rows(ORIGIN, tmp_path / "x.parquet", "auto").names == ("oil",)
