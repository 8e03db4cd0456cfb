"""Changes that wait for a commit."""

import icechunk
import zarr

from mvn_dask.store.storage.icechunk.changes import Changes, TaskWriter
from mvn_dask.store.storage.icechunk.nodes import Nodes


def repository_with_array() -> icechunk.Repository:
    repository = icechunk.Repository.create(icechunk.in_memory_storage())
    session = repository.writable_session("main")
    zarr.create_group(session.store).create_array("a", shape=(4,), chunks=(1,), dtype="u1")[:] = 7
    session.commit("an array")
    return repository


def test_an_array_goes_with_its_chunks_and_comes_back_empty() -> None:
    repository = repository_with_array()
    session = repository.writable_session("main")
    nodes, changes = Nodes(session, "here", 0.0), Changes()
    document = nodes.read("a/zarr.json")
    assert document is not None
    assert not changes.hides("a/c/0")
    changes.delete("a/zarr.json")
    changes.put("a/zarr.json", [document.data])
    assert changes.hides("a/c/0")
    assert changes.apply(session, nodes)
    session.commit("again")
    found = Nodes(repository.readonly_session("main"), "here", 0.0)
    assert {entry.key for entry in found.entries()} == {"zarr.json", "a/zarr.json"}


def test_what_changes_nothing_is_no_change() -> None:
    session = repository_with_array().writable_session("main")
    nodes, changes = Nodes(session, "here", 0.0), Changes()
    chunk = nodes.read("a/c/1")
    assert chunk is not None
    changes.put("a/c/1", [chunk.data])
    changes.put("a/c/2", [b"other"], only_new=True)
    changes.delete("nothing/zarr.json")
    changes.delete("nothing")
    assert not changes.apply(session, nodes)
    assert not session.has_uncommitted_changes


def test_a_task_that_writes_nothing_gives_nothing_back(tmp_path: object) -> None:
    repository = icechunk.Repository.create(icechunk.local_filesystem_storage(f"{tmp_path}/r"))
    import pickle

    assert TaskWriter(pickle.dumps(repository.writable_session("main").fork())).written() is None
