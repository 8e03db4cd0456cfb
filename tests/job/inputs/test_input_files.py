"""Files of jobs in stores: which are recorded, and which have changed."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import mvn_dask
from mvn_dask.errors import SpecMismatchError
from mvn_dask.job.comparison import store_differences
from mvn_dask.job.inputs.input_files import changed_inputs, input_files
from mvn_dask.job.job import Job
from mvn_dask.lineage import InputFile
from mvn_dask.maintenance.describe import describe
from mvn_dask.store.format.writer_note import MAX_INPUTS, WRITER, read_note
from mvn_dask.store.storage.addressing import open_storage


def job(folder: Path, distribution: dict[str, Any], **output: Any) -> Job:
    return Job.from_mapping(
        {
            "version": 1,
            "distribution": distribution,
            "sample": {"size": 1000, "seed": 1, "chunks": 250},
            "output": {"url": "out.zarr", **output},
        },
        folder=folder,
    )


def write_data(folder: Path, last: int = 9) -> InputFile:
    content = f"oil,gas\n1,2\n3,5\n4,{last}\n".encode()
    (folder / "returns.csv").write_bytes(content)
    return InputFile("distribution.data", "returns.csv", hashlib.sha256(content).hexdigest(), len(content))


def test_a_store_names_the_data_that_it_was_begun_with(tmp_path: Path) -> None:
    """Also where it was killed before its end; a copy of it does; and the folder is nobody's concern."""
    data = write_data(tmp_path)
    mine = job(tmp_path, {"data": "returns.csv"})
    mine.run((0, 2))
    storage = open_storage(tmp_path / "out.zarr")
    assert read_note(storage).inputs == input_files(mine) == (data,)
    assert str(tmp_path) not in storage.read(WRITER).tobytes().decode()
    mine.run()
    assert describe(tmp_path / "out.zarr").inputs == (data,)
    assert str(describe(tmp_path / "out.zarr")).endswith(
        f"\nread from    returns.csv (distribution.data, SHA-256 {data.sha256})"
    )
    assert mvn_dask.verify(tmp_path / "out.zarr").ok
    mvn_dask.to_zarr(mvn_dask.from_zarr(tmp_path / "out.zarr"), tmp_path / "copy.zarr")
    assert describe(tmp_path / "copy.zarr").inputs == (data,)


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    old = write_data(tmp_path)
    job(tmp_path, {"data": "returns.csv"}).run((0, 2))
    new = write_data(tmp_path, last=7)
    changed = (
        "distribution.data: the file returns.csv has changed since the store was begun "
        f"(SHA-256 {old.sha256[:12]}… then, {new.sha256[:12]}… now)"
    )
    mine = job(tmp_path, {"data": "returns.csv"})
    with pytest.raises(SpecMismatchError) as error:
        mine.run()
    assert error.value.text.endswith(f"; {changed}.") or error.value.text.endswith(f" {changed}.")
    assert error.value.advice is not None
    assert store_differences(mine)[-1] == changed
    (tmp_path / "returns.csv").rename(tmp_path / "other.csv")
    assert store_differences(job(tmp_path, {"data": "other.csv"}))[-1].startswith(
        "distribution.data: the store was begun with returns.csv, and the job has other.csv now (SHA-256 "
    )


def test_a_file_that_says_the_same_otherwise_goes_on(tmp_path: Path) -> None:
    write_data(tmp_path)
    job(tmp_path, {"data": "returns.csv"}).run((0, 2))
    (tmp_path / "returns.csv").write_text("oil,gas\n1.0,2.0\n3.0,5.0\n4.0,9.0\n")
    mine = job(tmp_path, {"data": "returns.csv"})
    assert len(changed_inputs(mine, read_note(open_storage(tmp_path / "out.zarr")).inputs)) == 1
    assert store_differences(mine) == []
    assert mine.run().complete


def test_other_parameters_and_seeds(tmp_path: Path) -> None:
    """Every array that lies in a file; what differs without a change of files is said as before."""
    np.save(tmp_path / "mean.npy", [0.0, 1.0])
    np.save(tmp_path / "d.npy", [2.0, 1.0])
    loadings: Any = np.ones((2, 1))
    zarr.save_array(tmp_path / "f.zarr", loadings)
    cov = {"kind": "low-rank", "loadings": "f.zarr", "variances": "d.npy"}
    mine = job(tmp_path, {"mean": "mean.npy", "cov": cov})
    mine.run((0, 2))
    names = [(each.key, each.name) for each in read_note(open_storage(tmp_path / "out.zarr")).inputs]
    assert names == [("distribution.mean", "mean.npy"), ("distribution.cov.variances", "d.npy")]
    np.save(tmp_path / "d.npy", [2.0, 3.0])
    with pytest.raises(SpecMismatchError, match=r"distribution\.cov\.variances: the file d\.npy has changed since"):
        mine.run()
    job(tmp_path, {"mean": 0.0, "cov": 1.0}, url="numbers.zarr").run((0, 2))
    assert read_note(open_storage(tmp_path / "numbers.zarr")).inputs == ()
    with pytest.raises(SpecMismatchError) as error:
        job(tmp_path, {"mean": 1.0, "cov": 1.0}, url="numbers.zarr").run()
    assert "has changed" not in str(error.value)


def test_labels_in_files(tmp_path: Path) -> None:
    """They are no numbers of the sample, but a store with other labels is another one."""
    np.save(tmp_path / "days.npy", np.array(["2026-01-01", "2026-01-02"], "M8[D]"))
    coords = {"day": "days.npy", "place": ["north", "south"]}
    mine = job(tmp_path, {"mean": 0.0, "cov": np.eye(4).tolist(), "event_shape": [2, 2], "dims": ["day", "place"],
                          "coords": coords})  # fmt: skip
    mine.run((0, 2))
    (recorded,) = read_note(open_storage(tmp_path / "out.zarr")).inputs
    assert (recorded.key, recorded.name) == ("distribution.coords.day", "days.npy")
    assert recorded.sha256 == hashlib.sha256((tmp_path / "days.npy").read_bytes()).hexdigest()
    np.save(tmp_path / "days.npy", np.array(["2026-01-01", "2026-01-03"], "M8[D]"))
    changed = "distribution.coords.day: the file days.npy has changed since the store was begun (SHA-256 "
    assert store_differences(mine)[-1].startswith(changed)
    with pytest.raises(SpecMismatchError, match=re.escape(changed)):
        mine.run()


GOOD = {"key": "distribution.data", "name": "x.csv", "sha256": "0" * 64, "size": 1}


@pytest.mark.parametrize(
    ("recorded", "count"),
    [
        ([GOOD] * 2 * MAX_INPUTS, MAX_INPUTS),
        ([{**GOOD, "sha256": "0"}, {**GOOD, "name": 7}], 0),
        ([{"key": "distribution.data"}], 0),
        ([7], 0),
        ("x" * 99, 0),
        (7, 0),
        ({"a": 1}, 0),
        (None, 0),
    ],
)
def test_whatever_a_hostile_store_records(recorded: object, count: int, tmp_path: Path) -> None:
    job(tmp_path, {"mean": 0.0, "cov": 1.0}).run()
    path = tmp_path / "out.zarr" / WRITER
    path.write_text(json.dumps({**json.loads(path.read_text()), "inputs": recorded}))
    assert len(describe(tmp_path / "out.zarr").inputs) == count
    assert describe(tmp_path / "out.zarr").environment is not None
    str(describe(tmp_path / "out.zarr"))
