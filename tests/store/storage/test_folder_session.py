from pathlib import Path

from mvn_dask.store.storage.local import LocalStorage


def test_an_exclusive_session_writes_and_deletes_in_its_folder(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    with storage.session() as one, storage.session():
        assert not one.try_exclusive()
        one.acquire_shared()
        storage.write("a/b", [b"x"])
        storage.write("a/c/d", [b"y"])
    with storage.session() as alone:
        assert alone.try_exclusive()
        alone.begin_removal()
        alone.replace("a/b", [b"an", b"other"])
        assert storage.read("a/b").tobytes() == b"another"
        alone.delete_many(["a/c/d", "a/nothing"])
        assert sorted(storage.names("a")) == ["b"]
