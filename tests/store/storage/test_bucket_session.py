"""Exclusive sessions in a bucket, and what is left when another job has taken the store over."""

import pytest

from mvn_dask.errors import StorageBusyError
from mvn_dask.store.storage.base import MANIFEST_KEY
from mvn_dask.store.storage.object import MemoryStorage
from mvn_dask.store.storage.placeholder import is_placeholder, new_placeholder
from tests.support.s3 import Prefix


def test_whoever_takes_over_deletes_what_could_still_be_copied(prefix: Prefix) -> None:
    storage = MemoryStorage(prefix.path)
    for key in ("x", MANIFEST_KEY):
        storage.write(key, [b"old"])

    class Late(MemoryStorage):
        def copy(self, source: str, target: str) -> bool:
            # At the last moment before the request arrives.
            if target == "x":
                for found in list(storage.objects(".mvn_dask/leases")):
                    storage.erase(found.key)
                storage.write("x", [b"another's"])
            return super().copy(source, target)

    late = Late(prefix.path)
    for change in ("replace", "delete_many"):
        with late.session() as session:
            assert session.try_exclusive()
            session.begin_removal()
            with pytest.raises(StorageBusyError, match="another job has taken"):
                session.replace("x", [b"mine"]) if change == "replace" else session.delete_many(["x"])
        assert storage.read("x").tobytes() == b"another's"


def test_the_manifest_is_kept_behind_which_all_is_deleted(prefix: Prefix) -> None:
    storage = MemoryStorage(prefix.path)
    storage.write(MANIFEST_KEY, [b"{}"])
    fifty_five = b"x" * 55
    for key, content in (("x", b"1"), ("left by a dead job", new_placeholder()), ("of the same size", fifty_five)):
        storage.write(key, [content])
    with storage.session() as session:
        assert session.try_exclusive()
        session.begin_removal()
        content = storage.read(MANIFEST_KEY).tobytes()
        assert content.startswith(b"{}")
        assert is_placeholder(content[2:])
        assert {each.key for each in storage.objects() if "leases" not in each.key} == {
            "x",
            "of the same size",
            MANIFEST_KEY,
        }
        session.delete_many(["x", MANIFEST_KEY])
        session.begin_removal()
        assert storage.read(MANIFEST_KEY).tobytes() == content
        session.replace(MANIFEST_KEY, [b"[]"])
    assert {entry.key for entry in storage.entries()} == {MANIFEST_KEY, "of the same size"}
