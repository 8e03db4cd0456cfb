"""When chunks are committed; what jobs see is in `test_storage`."""

import dask
import icechunk
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.store.storage.icechunk.changes import TaskCopies
from mvn_dask.store.storage.icechunk.history import History
from mvn_dask.store.storage.icechunk.revision import MAIN
from mvn_dask.store.storage.icechunk.transaction import COMMIT_SECONDS, Transaction, commit_seconds


def begun() -> Transaction:
    repository = icechunk.Repository.create(icechunk.in_memory_storage())
    transaction = Transaction(History("memory", MAIN, None, repository))
    document = (
        b'{"zarr_format":3,"node_type":"array","shape":[9],"data_type":"uint8","chunk_grid":{"name":"regular",'
        b'"configuration":{"chunk_shape":[1]}},"chunk_key_encoding":{"name":"default"},"fill_value":0,'
        b'"codecs":[{"name":"bytes"}],"attributes":{}}'
    )
    transaction.put("a/zarr.json", [document])
    transaction.save("begin")
    return transaction


def chunks(transaction: Transaction) -> int:
    return sum("/c/" in entry.key for entry in transaction.look_again().nodes.entries())  # type: ignore[union-attr]


def test_chunks_wait_for_a_commit_by_time_and_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (commit_seconds(), commit_seconds(duration=100.0)) == (COMMIT_SECONDS, 2000.0)
    transaction = begun()
    transaction.take(TaskCopies({"a/c/0": b"0"}))
    assert (chunks(transaction), transaction.published) == (0, False)
    monkeypatch.setattr("mvn_dask.store.storage.icechunk.transaction.COMMIT_BYTES", 3)
    transaction.take(TaskCopies({"a/c/1": b"1", "a/c/2": b"2"}))
    assert chunks(transaction) == 3
    with dask.config.set({"mvn_dask.commit": 0}):
        transaction.take(TaskCopies({"a/c/4": b"4"}))
    assert chunks(transaction) == 4
    transaction.publish("finish")
    assert transaction.published


@pytest.mark.parametrize("setting", [True, -1, "soon", float("inf")])
def test_other_settings_are_refused(setting: object) -> None:
    with (
        dask.config.set({"mvn_dask.commit": setting}),
        pytest.raises(ArgumentError, match=r"`mvn_dask.commit` of dask"),
    ):
        commit_seconds()
