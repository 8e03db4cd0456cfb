import dataclasses
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mvn_dask
from mvn_dask.errors import DamagedManifestError, NotAStoreError, UnfinishedStoreError
from mvn_dask.maintenance.describe import describe
from mvn_dask.store.storage.addressing import open_storage
from tests.support.damage import BAD, change, chunk, flip, link, named, replace_by_fifo, write
from tests.support.stores import tree

CHUNK = 30 * 2 * 8 + 4


def test_a_finished_store(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    report = mvn_dask.status(folder)
    assert (report.url, report.done, report.missing, report.bytes) == (str(folder), 4, 0, 4 * CHUNK)
    assert report.committed
    assert report.complete
    assert str(report).startswith(f"{folder}: complete\nchunks: 4 of 4 (100.0%), 0 missing\nsize: 1.89 KiB")
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.done = 3  # type: ignore[misc]


def test_an_unfinished_store(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    mvn_dask.to_zarr(named(), folder, part=(0, 2))
    now = time.time()
    os.utime(chunk(folder, 0), (now - 10, now - 10))
    os.utime(chunk(folder, 1), (now, now))
    report = mvn_dask.status(folder)
    assert (report.done, report.missing, report.committed, report.complete) == (2, 2, False, False)
    assert report.rate == pytest.approx(CHUNK / 10)
    assert str(report) == (
        f"{folder}: unfinished\nchunks: 2 of 4 (50.0%), 2 missing\n"
        "size: 968 B, written at 48.4 B/s, 20 s left at that rate"
    )


def test_rows_that_are_there(tmp_path: Path) -> None:
    """Of chunks that are not full, of axes of draws, of a part, and of chunks that cut rows."""
    sample = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1, chunks=30)
    for part, rows, done in (((3, 4), 10, 10), ((0, 4), 30, 40)):
        mvn_dask.to_zarr(sample, tmp_path / "rows", part=part)
        assert mvn_dask.status(tmp_path / "rows", part=part).rows == rows
        assert (mvn_dask.status(tmp_path / "rows").rows, mvn_dask.status(tmp_path / "rows").done_rows) == (100, done)
    shaped = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample((4, 25), seed=1, chunks=(1, 20))
    mvn_dask.to_zarr(shaped, tmp_path / "shaped", part=(0, 8))
    report = mvn_dask.status(tmp_path / "shaped")
    assert (report.rows, report.done_rows, report.missing) == (100, 20, 7)
    mvn_dask.to_zarr(sample.rechunk((100, 1)), tmp_path / "columns")
    (tmp_path / "columns" / "samples" / "c" / "0" / "1").unlink()
    report = mvn_dask.status(tmp_path / "columns")
    assert (report.rows, report.done_rows, report.missing) == (100, 50, 1)
    mvn_dask.to_zarr(sample.sum(), tmp_path / "number")
    assert (mvn_dask.status(tmp_path / "number").rows, mvn_dask.status(tmp_path / "number").done_rows) == (1, 1)


def test_when_and_by_whom_it_was_written(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    for number in range(4):
        os.utime(chunk(folder, number), (number, number))
    report = mvn_dask.status(folder)
    assert (report.last_written, report.writers, report.writers_text) == (3.0, 0, "0 processes of this machine")
    with open_storage(folder).session():
        assert str(mvn_dask.status(folder)).endswith("\nat work: 1 process of this machine")
    mvn_dask.to_zarr(named(), "memory://writers")
    with open_storage("memory://writers").session():
        assert mvn_dask.status("memory://writers").writers_text == "1 job"


def test_the_rate_is_that_of_the_last_minute(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    for number, seconds in enumerate([0.0, 3600.0, 3610.0, 3620.0]):
        os.utime(chunk(folder, number), (seconds, seconds))
    assert mvn_dask.status(folder).rate == pytest.approx(2 * CHUNK / 20)
    for number in range(4):
        os.utime(chunk(folder, number), (0, 0))
    assert mvn_dask.status(folder).rate is None
    shutil.rmtree(folder / "samples" / "c")
    assert mvn_dask.status(folder).rate is None
    assert str(mvn_dask.status(folder)).endswith("chunks: 0 of 4 (0.0%), 4 missing\nsize: 0 B")


@pytest.mark.parametrize("damage", BAD)
def test_it_sees_what_sizes_tell(damage: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    harm, lowest, _ = BAD[damage]
    harm(chunk(folder, 3))
    report = mvn_dask.status(folder)
    assert (report.done, report.missing) == ((3, 1) if lowest == "size" else (4, 0))


def test_chunks_without_the_metadata(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    (folder / "zarr.json").unlink()
    report = mvn_dask.status(folder)
    assert (report.missing, report.committed, report.complete) == (0, False, False)
    assert "all chunks are there, not committed" in str(report)


@pytest.mark.parametrize("size", [None, 0, (0, 3), (3, 4)])
def test_other_shapes(size: Any, tmp_path: Path) -> None:
    rows = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(size, seed=1)
    folder = write(tmp_path / "store", rows)
    assert mvn_dask.status(folder).complete
    assert "chunks: " in str(mvn_dask.status(folder))
    assert mvn_dask.verify(folder, level="values", full=True).ok
    assert mvn_dask.repair(folder).chunks == ()


def test_the_content_of_the_mean_and_the_factor_is_not_looked_at(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    flip(folder / ".mvn_dask" / "parameters" / "factor.matrix.npy", -1)
    assert mvn_dask.status(folder).complete


LOST: dict[str, Callable[[Path], object]] = {
    **{
        f"{key}: {how}": lambda folder, key=key, make=make: make(folder / key)  # type: ignore[misc]
        for key in (".mvn_dask/parameters/mean.npy", ".mvn_dask/parameters/factor.matrix.npy", "variable/c/0")
        for how, make in {"missing": Path.unlink, "a link": link, "a pipe": replace_by_fifo}.items()
    },
    "all parameters": lambda folder: shutil.rmtree(folder / ".mvn_dask" / "parameters"),
    **{
        f"{key}: missing": lambda folder, key=key: (folder / key).unlink()  # type: ignore[misc]
        for key in ("zarr.json", "samples/zarr.json", "variable/zarr.json", "samples/c/1/0")
    },
    "a chunk is a pipe": lambda folder: replace_by_fifo(folder / "samples" / "c" / "1" / "0"),
    "attributes of the root": lambda folder: change(folder / "zarr.json", attributes={}),
    "attributes of the array": lambda folder: change(folder / "samples" / "zarr.json", attributes={"mine": 1}),
    "another field": lambda folder: change(folder / "variable" / "zarr.json", more=1),
    "nothing": lambda _: None,
}
"""What may be lost of a store, chunks and what lies beside them."""


@pytest.mark.parametrize("lost", LOST)
def test_whoever_asks_for_the_state_of_a_store_is_told_the_same(lost: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    before = tree(folder)
    LOST[lost](folder)
    report, description = mvn_dask.status(folder), describe(folder)
    expected = "complete" if lost == "nothing" else "changed" if lost.startswith(("attr", "another")) else "unfinished"
    assert report.state == description.state == expected
    assert report.complete is description.complete is (expected != "unfinished")
    assert ("complete" in str(report).split("\n", maxsplit=1)[0]) is report.complete
    if report.committed and not report.missing and not report.complete:
        assert report.missing_files
        assert f"all chunks are there, but not {', '.join(report.missing_files)}\n" in str(report)
    if expected == "unfinished":
        with pytest.raises((UnfinishedStoreError, DamagedManifestError)):
            mvn_dask.extend(folder, 5)
    write(folder)
    assert mvn_dask.status(folder).state == describe(folder).state == "complete"
    assert {key for key in before if tree(folder)[key] != before[key]} <= {"samples/zarr.json"}, "mine is kept there"


def test_nothing_there_and_nothing_to_believe(tmp_path: Path) -> None:
    with pytest.raises(NotAStoreError, match="there is no store at"):
        mvn_dask.status(tmp_path)
    folder = write(tmp_path / "store")
    shutil.copy(folder / "zarr.json", folder / "samples" / "zarr.json")
    with pytest.raises(DamagedManifestError, match=r"metadata in samples/zarr.json disagree"):
        mvn_dask.status(folder)
    (folder / ".mvn_dask" / "manifest.json").write_text("{")
    with pytest.raises(DamagedManifestError, match="is no JSON"):
        mvn_dask.status(folder)


def test_a_notebook_shows_a_bar(tmp_path: Path) -> None:
    rows = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    mvn_dask.to_zarr(rows, tmp_path / "<b>", part=(0, 2))
    html = mvn_dask.status(tmp_path / "<b>")._repr_html_()
    assert "width:50%" in html
    assert "<b></b>" not in html
    assert "&lt;b&gt;" in html
    assert "<dt>chunks</dt><dd>2 of 4 (50.0%), 2 missing</dd>" in html
