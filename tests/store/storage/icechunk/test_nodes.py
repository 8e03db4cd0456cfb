"""Files of snapshots, as documents, chunks and arrays of bytes."""

import icechunk
import numpy as np
import pytest
import zarr

from mvn_dask.errors import TransportError
from mvn_dask.store.storage.icechunk.changes import Changes
from mvn_dask.store.storage.icechunk.nodes import FILE_CHUNK_BYTES, Nodes, array_of, translated


def test_keys_of_chunks_are_those_of_arrays() -> None:
    arrays = {"a", "a/c/0"}.__contains__
    assert [array_of(key, arrays) for key in ("a/c", "a/c/0/1", "a/c/0/c/2", "b/c/0", "a/c/01", "a/x", "a")] == [
        "a", "a", "a/c/0", None, None, None, None,
    ]  # fmt: skip


def test_zarr_and_files_lie_side_by_side() -> None:
    repository = icechunk.Repository.create(icechunk.in_memory_storage())
    session = repository.writable_session("main")
    numbers = zarr.create_group(session.store).create_array("numbers", shape=(4, 2), chunks=(1, 2), dtype="u1")
    numbers[:3] = 7
    large, changes = bytes(FILE_CHUNK_BYTES) + b"end", Changes()
    changes.put("notes/large", [large[:5], large[5:]])
    assert changes.apply(session, Nodes(session, "here", 0.0))
    session.commit("both")
    nodes = Nodes(repository.readonly_session("main"), "here", 5.0)
    sizes = {entry.key: entry.size for entry in nodes.entries()}
    chunks = {key: size for key, size in sizes.items() if "/c/" in key}
    assert set(chunks) == {f"numbers/c/{row}/0" for row in range(3)}
    assert all(len(nodes.raw(key) or b"") == size > 0 for key, size in chunks.items())
    assert set(sizes) - set(chunks) == {"zarr.json", "numbers/zarr.json", "notes/large"}
    content = nodes.read("notes/large")
    assert content is not None
    assert content.tobytes() == large
    assert nodes.entry("notes/zarr.json") is None
    assert nodes.entry("notes/large/zarr.json") is None
    assert nodes.read("notes") is None
    assert {entry.key for entry in nodes.entries("numbers/c/1")} == {"numbers/c/1/0"}
    assert nodes.has_nodes_of_others()
    np.testing.assert_array_equal(zarr.open_array(session.store, path="numbers", mode="r")[:3], 7)


def test_errors_are_one_line() -> None:
    repository = icechunk.Repository.create(icechunk.in_memory_storage())
    with pytest.raises(TransportError, match=r"^here: ref not found `none`$") as caught, translated("here"):
        repository.lookup_branch("none")
    assert caught.value.__cause__ is None
