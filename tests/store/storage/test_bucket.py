"""What takes the place of locks in a bucket."""

from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import StorageError, StoreError
from mvn_dask.store.storage.bucket import MAX_OBJECT_BYTES
from mvn_dask.store.storage.object import MemoryStorage
from mvn_dask.store.storage.placeholder import PLACEHOLDER_BYTES, is_placeholder, new_placeholder
from tests.support.s3 import Prefix
from tests.support.stores import LEASES, labelled, local_files, sample


def nothing() -> None:
    """A check that finds nothing."""


def gone() -> None:
    raise StoreError("it is gone")


def test_a_placeholder_is_no_file(prefix: Prefix) -> None:
    storage = MemoryStorage(prefix.path)
    storage.write("x", [new_placeholder()])
    storage.write("y", [bytes(PLACEHOLDER_BYTES)])
    assert storage.entry("x") is None
    with pytest.raises(FileNotFoundError):
        storage.read("x")
    assert [entry.key for entry in storage.entries()] == ["y"]
    assert storage.entry("y") is not None
    assert {each.key for each in storage.objects()} == {"x", "y"}


@pytest.mark.parametrize("there", [None, b"a", b"same", "placeholder"])
def test_what_a_file_is_written_over(there: bytes | str | None, prefix: Prefix) -> None:
    storage = MemoryStorage(prefix.path)

    def lie() -> None:
        storage.erase("x")
        if there is not None:
            storage.write("x", [new_placeholder() if isinstance(there, str) else there])

    free = there in {None, "placeholder"}
    lie()
    assert storage.write_if(nothing, "x", [b"na", b"me"], "nothing") is free
    assert storage.read("x").tobytes() == (b"name" if free else there)
    lie()
    if there == b"same":
        with pytest.raises(StoreError, match=r"x of memory://.* holds other bytes than were drawn now"):
            storage.write_if(nothing, "x", [b"na", b"me"], "other sizes")
    else:
        assert storage.write_if(nothing, "x", [b"na", b"me"], "other sizes")
    lie()
    assert storage.write_if(nothing, "x", [b"na", b"me"], "anything")
    assert not storage.write_if(nothing, "x", [b"nam", b"e"], "anything"), "it is there"
    with pytest.raises(StoreError, match="it is gone"):
        storage.write_if(gone, "x", [b"late"], "anything")
    assert storage.read("x").tobytes() == b"name"


def test_who_comes_late_leaves_nothing(prefix: Prefix) -> None:
    storage, checks = MemoryStorage(prefix.path), iter([nothing, gone])

    def check() -> None:
        next(checks)()

    with pytest.raises(StoreError, match="it is gone"):
        storage.write_if(check, "x", [b"late"], "anything")
    assert list(storage.objects()) == []


def test_a_placeholder_of_a_dead_job_is_written_over(prefix: Prefix) -> None:
    mvn_dask.to_zarr(labelled(), prefix.url, storage_options=prefix.options)
    before = prefix.tree()
    for key in ("samples/c/1/0", "zarr.json", ".mvn_dask/parameters/mean.npy"):
        prefix.write(key, new_placeholder())
    report = mvn_dask.status(prefix.url, storage_options=prefix.options)
    assert (report.done, report.missing, report.committed) == (3, 1, False)
    mvn_dask.to_zarr(labelled(), prefix.url, storage_options=prefix.options)
    assert prefix.tree() == before


def test_where_nothing_can_be_deleted_placeholders_stay_and_count_for_nothing(prefix: Prefix, tmp_path: Path) -> None:
    place = Prefix(prefix.endpoint, prefix.path, "undeletable")
    mvn_dask.to_zarr(sample(), place.url, storage_options=place.options)
    mvn_dask.to_zarr(sample(300, seed=2), place.url, overwrite=True, storage_options=place.options)
    left = {key: content for key, content in place.tree().items() if not is_placeholder(content)}
    assert left == local_files(tmp_path / "local", sample(300, seed=2))
    assert set(place.tree()) - left.keys() == {f"samples/c/{number}/0" for number in (1, 2, 3)}
    assert mvn_dask.verify(place.url, level="values", full=True, storage_options=place.options).ok
    mvn_dask.extend(place.url, 700, storage_options=place.options)
    np.testing.assert_array_equal(mvn_dask.from_zarr(place.url, storage_options=place.options), sample(seed=2))
    assert place.keys(LEASES) == []


def test_a_store_whose_removal_was_cut_short_says_so(prefix: Prefix) -> None:
    name = f"memory://{prefix.path}"
    mvn_dask.to_zarr(sample(), name)
    storage = MemoryStorage(prefix.path)
    with storage.session() as session:
        assert session.try_exclusive()
        session.begin_removal()
        session.delete_many(["zarr.json", "samples/c/0/0"])
    for call in (mvn_dask.from_zarr, mvn_dask.status, lambda url: mvn_dask.to_zarr(sample(), url)):
        with pytest.raises(StoreError, match="is being overwritten by another job, or was, by one that was stopped"):
            call(name)
    mvn_dask.to_zarr(sample(seed=2), name, overwrite=True)
    assert mvn_dask.verify(name, level="values").ok


def test_a_chunk_that_no_request_can_send_is_refused_before_any_work(prefix: Prefix) -> None:
    storage = MemoryStorage(prefix.path)
    storage.refuse_large(MAX_OBJECT_BYTES)
    with pytest.raises(StorageError, match=r"a chunk of 5368709121 bytes is too large for memory://.*: use smaller"):
        storage.refuse_large(MAX_OBJECT_BYTES + 1)
