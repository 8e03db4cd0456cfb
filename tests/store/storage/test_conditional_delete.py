"""Deletions of what was seen, and of nothing else."""

import pytest

from mvn_dask.store.storage.bucket import Version
from mvn_dask.store.storage.object import MemoryStorage, ObjectStorage
from tests.support.s3 import EACH_WAY, Prefix


@pytest.mark.parametrize("way", [*EACH_WAY, "memory"])
def test_an_object_goes_if_it_is_the_one_that_was_seen(way: str, prefix: Prefix) -> None:
    storage = MemoryStorage(prefix.path) if way == "memory" else prefix.storage(way)
    assert isinstance(storage, ObjectStorage)
    old, new = storage.put("x", [b"1"]), storage.put("x", [b"2"])
    storage.put("y", [b"2"])
    storage.erase_version("x", old)
    assert storage.read("x").tobytes() == b"2"
    storage.erase_version("x", new)
    storage.erase_version("x", new)
    assert [entry.key for entry in storage.entries()] == ["y"]


@pytest.mark.parametrize("bucket", ["undeletable", "careless", "outdated"])
def test_where_conditions_are_not_known_nothing_is_deleted(bucket: str, prefix: Prefix) -> None:
    storage = Prefix(prefix.endpoint, prefix.path, bucket).storage()
    assert isinstance(storage, ObjectStorage)
    version = storage.put("x", [b"1"])
    storage.erase_version("x", version)
    storage.erase_version("x", Version(None, None))
    assert [entry.key for entry in storage.entries()] == ["x"]
