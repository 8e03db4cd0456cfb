import dataclasses
import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mvn_dask
from mvn_dask.errors import DamagedManifestError, NotAStoreError
from mvn_dask.store.status import describe
from tests.support.damage import BAD, chunk, flip, named, write
from tests.support.s3 import Prefix

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
        "size: 968 B, written at 48.4 B/s; 20 s to go at that rate"
    )


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


def test_the_mean_and_the_factor_are_not_asked_for(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    flip(folder / ".mvn_dask" / "parameters" / "factor.matrix.npy", -1)
    (folder / ".mvn_dask" / "parameters" / "mean.npy").unlink()
    assert mvn_dask.status(folder).complete


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


NAMES = [f"v{i}" for i in range(8)]
NORMAL = mvn_dask.MultivariateNormal(np.zeros(8), pd.DataFrame(np.eye(8) + 0.5, columns=NAMES, index=NAMES))


def test_a_sample(tmp_path: Path) -> None:
    mvn_dask.to_zarr(NORMAL.sample(100, seed=[1, 2], chunks=30), tmp_path, part=(0, 2))
    found = describe(tmp_path)
    assert (found.kind, found.complete, found.names, found.expression) == ("sample", False, tuple(NAMES), None)
    assert (found.shape, found.dtype, found.chunk_shape, found.inner_chunk_shape) == (
        (100, 8),
        "float64",
        (30, 8),
        None,
    )
    assert (found.chunks, found.bytes, found.dimensions) == (4, 4 * (30 * 8 * 8 + 4), ("sample", "variable"))
    assert found.environment is not None
    assert found.environment["mvn_dask"] == mvn_dask.__version__
    mvn_dask.to_zarr(NORMAL.sample(100, seed=[1, 2], chunks=30), tmp_path)
    found = describe(tmp_path)
    assert found.complete
    chunks = sum(path.stat().st_size for path in (tmp_path / "samples" / "c").rglob("0") if path.is_file())
    assert found.bytes == chunks
    text = str(found)
    for words in (
        "sample, complete",
        "v0, v1, v2, v3, v4, v5, … (8)",
        "SFC64, multivariate_normal dense svd",
        found.fingerprint,
    ):
        assert words in text
    assert len(text.splitlines()) == 10


def test_pieces_and_other_shapes(tmp_path: Path) -> None:
    mvn_dask.to_zarr(NORMAL.sample((4, 50), seed=1, chunks=10, dtype=np.float32), tmp_path / "a", shards=5)
    found = describe(tmp_path / "a")
    assert found.dtype == "float32"
    assert found.inner_chunk_shape is not None
    assert "inner chunks of shape" in str(found)


def test_a_derived_array(tmp_path: Path) -> None:
    x, y = NORMAL.sample(100, seed=1, chunks=50), NORMAL.sample(100, seed=2, chunks=50)
    mvn_dask.to_zarr(x + y, tmp_path)
    found = describe(tmp_path)
    assert (found.kind, len(found.samples)) == ("derived", 2)
    assert found.expression is not None
    assert found.expression.startswith("add-")
    assert {each["entropy"] for each in found.samples} == {"1", "2"}
    assert "(key [0]); " in str(found)


def test_where_it_was_begun_may_be_lost(tmp_path: Path) -> None:
    mvn_dask.to_zarr(NORMAL.sample(10, seed=1), tmp_path)
    (tmp_path / ".mvn_dask" / "writer.json").unlink()
    found = describe(tmp_path)
    assert found.environment is None
    assert "begun with" not in str(found)


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(NotAStoreError):
        describe(tmp_path)
    mvn_dask.to_zarr(NORMAL.sample(10, seed=1), tmp_path)
    (tmp_path / ".mvn_dask" / "manifest.json").write_text("{}")
    with pytest.raises(DamagedManifestError):
        describe(tmp_path)


def test_an_object_store(prefix: Prefix) -> None:
    mvn_dask.to_zarr(NORMAL.sample(10, seed=1), prefix.url, storage_options=prefix.options)
    found = describe(prefix.url, storage_options=prefix.options)
    assert found.complete
    assert found.url == prefix.url
