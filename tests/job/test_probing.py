from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.job.planning import plan
from mvn_dask.job.preparation import prepare
from mvn_dask.job.probing import write_seconds
from mvn_dask.job.running import run
from mvn_dask.store.format.layout import decode
from mvn_dask.store.storage.base import Storage
from mvn_dask.store.storage.local import LocalStorage
from tests.support.jobs import job_in
from tests.support.s3 import Prefix
from tests.support.stores import tree

NONE = np.empty(0, np.int64)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """Keys and contents that are written into folders, in the order of their renames."""
    found: list[tuple[str, bytes]] = []
    real = LocalStorage.write

    def write(self: LocalStorage, key: str, buffers: Any) -> None:
        found.append((key, b"".join(bytes(buffer) for buffer in buffers)))
        real(self, key, buffers)

    monkeypatch.setattr(LocalStorage, "write", write)
    return found


def test_a_chunk_of_the_sample_is_written_and_nothing_is_left(tmp_path: Path, written: list[tuple[str, bytes]]) -> None:
    job = job_in(tmp_path, output={"url": "a/b/samples.zarr"})
    planned = plan(job, probe=True)
    assert planned.write_seconds is not None
    assert planned.write_seconds > 0
    assert not list(tmp_path.iterdir())
    ((_, content),) = written
    manifest = prepare(job).manifest
    block = decode(manifest, (0, 0), np.frombuffer(content, np.uint8))
    run(job)
    np.testing.assert_array_equal(block, mvn_dask.from_zarr(tmp_path / "a" / "b" / "samples.zarr")[:100].compute())


def test_a_store_that_is_begun_stays_as_it_is(tmp_path: Path, written: list[tuple[str, bytes]]) -> None:
    job = job_in(tmp_path)
    run(job, (0, 2))
    before = tree(tmp_path)
    written.clear()
    assert plan(job, probe=True).write_seconds
    assert tree(tmp_path) == before
    assert len(written) == 1
    run(job)
    written.clear()
    assert plan(job, probe=True).write_seconds == 0.0
    assert not written
    assert plan(job).write_seconds is None


def test_what_a_kill_leaves_is_removed_by_the_next_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both files: the one under its name, and the temporary one on the way to that."""
    monkeypatch.setattr(LocalStorage, "delete", lambda *_: None)
    job = job_in(tmp_path)
    plan(job, probe=True)
    monkeypatch.undo()
    folder = tmp_path / "samples.zarr" / ".mvn_dask"
    (left,) = folder.iterdir()
    left.with_name(f"{left.name}.{'0' * 32}.partial").write_bytes(b"half")
    assert run(job).complete
    assert mvn_dask.verify(tmp_path / "samples.zarr").ok
    assert not list(folder.glob("*.partial"))


def test_chunks_are_written_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Storage, "probe", lambda *_: 2.0)
    prepared = prepare(job_in(tmp_path))
    assert write_seconds(prepared, np.arange(10)) == 20.0
    assert write_seconds(prepared, NONE) == 0.0


def test_a_folder_that_may_not_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises((OSError, mvn_dask.errors.MvnDaskError)):
        plan(job_in(tmp_path, output={"url": "file/samples.zarr"}), probe=True)


def test_a_bucket(prefix: Prefix) -> None:
    job = job_in(Path(), output={"url": prefix.url, "storage_options": dict(prefix.options)})
    planned = plan(job, probe=True)
    assert planned.write_seconds
    assert planned.free_bytes is None
    assert not list(prepare(job).storage.entries())
