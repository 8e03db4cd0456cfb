import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvn_dask.errors import JobFileError
from tests.support.job_inputs import read, refusal


def test_numbers_in_the_job_file(tmp_path: Path) -> None:
    assert read(tmp_path, "mean", 2).array.shape == ()
    assert read(tmp_path, "mean", [1, 2]).array.tolist() == [1, 2]
    assert read(tmp_path, "cov", [[1, 2], [3, 4]]).array.tolist() == [[1, 2], [3, 4]]
    assert refusal(tmp_path, "cov", [[1, 2], [3]]) == "row 2 has 1 number, and the first row has 2"
    assert refusal(tmp_path, "mean", [1, float("nan")]) == "must be finite: mean[1] is nan"
    assert refusal(tmp_path, "cov", float("inf")) == "must be finite: cov is inf"


def test_where_files_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a b").mkdir()
    np.save(tmp_path / "a b" / "MEAN.NPY", [1.0])
    (tmp_path / "a b" / "MEAN.NPY.npy").rename(tmp_path / "a b" / "MEAN.NPY")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DATA", str(tmp_path / "a b"))
    for value in (
        "${DATA}/MEAN.NPY",
        f"file:{tmp_path}/a%20b/MEAN.NPY",
        f"FILE://localhost{tmp_path}/a b/MEAN.NPY",
        "a b/MEAN.NPY",
        str(tmp_path / "a b" / "MEAN.NPY"),
        "~/a b/MEAN.NPY",
        f"file://{tmp_path}/a%20b/MEAN.NPY",
    ):
        assert read(tmp_path, "mean", value).array.tolist() == [1.0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("none.csv", "none.csv: there is no such file"),
        ("none", "none: there is no such file"),
        ("a.txt/b.csv", "a.txt/b.csv: there is no such file"),
        ("a.txt", "a.txt: must be a .npy, .npz, .csv or .parquet file, or a Zarr array or group"),
        (
            {"path": "a.csv", "key": "x"},
            "a.csv: `key` names an array in a .npz file or a Zarr group, and this is a .csv",
        ),
        ("s3://bucket/mean.npy", "only Zarr arrays are read from a URL, and files of type .npy from a disk"),
        ("x" * 300, "cannot be read: File name too long"),
    ],
)
def test_files_that_are_not_there(tmp_path: Path, value: Any, text: str) -> None:
    (tmp_path / "a.txt").write_text("1")
    (tmp_path / "a.csv").write_text("1")
    with pytest.raises(JobFileError) as caught:
        read(tmp_path, "mean", value)
    assert str(caught.value).startswith("job.toml: distribution.mean: ")
    assert text in str(caught.value)


def test_a_pipe_may_never_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(JobFileError, match="must be a file or a folder"):
        read(tmp_path, "mean", "a.csv")
