from pathlib import Path

import pytest

import mvn_dask
from mvn_dask.environment import environment
from mvn_dask.lineage import InputFile
from mvn_dask.maintenance.describe import describe
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.file_writer import FileWriter
from mvn_dask.store.format.writer_note import WRITER, WriterNote, read_note, write_note
from mvn_dask.store.storage.base import MANIFEST_KEY
from mvn_dask.store.storage.local import LocalStorage

ROWS = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]]).sample(100, seed=1)
MANIFEST, _ = manifest_of(ROWS)
DATA = InputFile("distribution.data", "returns.csv", "0" * 64, 7)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    storage = LocalStorage(tmp_path)
    storage.create(MANIFEST_KEY, MANIFEST.text)
    return storage


def test_a_note_comes_back_and_is_written_once(storage: LocalStorage) -> None:
    files, note = FileWriter(storage, MANIFEST), WriterNote(environment(), (DATA,))
    write_note(files, note)
    write_note(files, WriterNote(environment()))
    assert read_note(storage) == note


def test_nothing_is_noted_of_a_lost_environment(storage: LocalStorage) -> None:
    write_note(FileWriter(storage, MANIFEST), WriterNote(None, (DATA,)))
    assert storage.entry(WRITER) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"numpy": "2"}'])
def test_where_a_store_was_begun_may_be_lost(content: bytes, storage: LocalStorage) -> None:
    assert read_note(storage) == WriterNote(None)
    storage.write(WRITER, [content])
    assert read_note(storage) == WriterNote(None)


def test_the_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what describes a store, and by a copy of it: in a bucket each look is a request."""
    mvn_dask.to_zarr(ROWS, tmp_path / "a")
    read, seen = LocalStorage.read, list[str]()

    def counting(storage: LocalStorage, key: str) -> object:
        seen.append(key)
        return read(storage, key)

    monkeypatch.setattr(LocalStorage, "read", counting)
    describe(tmp_path / "a")
    assert seen.count(WRITER) == 1
    rows = mvn_dask.from_zarr(tmp_path / "a")
    seen.clear()
    mvn_dask.to_zarr(rows, tmp_path / "b")
    assert seen.count(WRITER) == 1
