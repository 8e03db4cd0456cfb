"""Files go only into the store that the job began."""

import re
from pathlib import Path

import pytest

import mvn_dask
from mvn_dask.errors import StoreError
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.file_writer import FileWriter
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import MANIFEST_KEY
from tests.support.s3 import Prefix
from tests.support.stores import sample


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_files_of_another_store_are_left_alone(kind: str, tmp_path: Path, prefix: Prefix) -> None:
    storage = open_storage(tmp_path / "store" if kind == "folder" else f"memory://{prefix.path}")
    manifest, other = manifest_of(sample())[0], manifest_of(sample(seed=2))[0]
    mvn_dask.to_zarr(sample(), storage.name)
    writer, late = FileWriter(storage, manifest), FileWriter(storage, other)
    with storage.session():
        assert not writer.create("zarr.json", b"other")
        assert writer.create("new", b"1")
        writer.write("new", [b"2"])
        for change in (lambda: late.write("new", [b"3"]), lambda: late.create("newer", b"3")):
            with pytest.raises(StoreError, match="was overwritten while a job was writing to it, or extended"):
                change()
        assert storage.read("new").tobytes() == b"2"
        assert storage.entry("newer") is None
        storage.delete("new")
        storage.delete(MANIFEST_KEY)
        with pytest.raises(StoreError, match="was overwritten"):
            writer.write("new", [b"3"])


def test_nothing_is_written_past_it() -> None:
    """Outside of `storage/` only the manifest is created by itself: all else is fenced, or in an exclusive session."""
    package = Path(mvn_dask.__file__).parent
    files = [
        path for folder in ("store", "maintenance", "job", "reporting") for path in (package / folder).rglob("*.py")
    ]
    found = [
        f"{path.name}: {call[0]}"
        for path in files
        if path.parent.name != "storage"
        for call in re.finditer(r"\bstorage\.(write|create|delete|delete_many|put|erase)\(.*", path.read_text())
    ]
    assert found == ["writing.py: storage.create(MANIFEST_KEY, manifest.text)"]
