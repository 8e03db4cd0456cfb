"""Repositories where they lie: made once, refused where others are, and reached with the settings of a user."""

import pickle
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import icechunk
import pytest

import mvn_dask
from mvn_dask.errors import StorageNotEmptyError, TransportError
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.icechunk.connection import Connection
from mvn_dask.store.storage.icechunk.folder import local_storage
from tests.support.repositories import repository_at
from tests.support.s3 import Prefix, wired
from tests.support.stores import sample

OF_VERSION_2 = pytest.mark.skipif(not hasattr(icechunk, "StorageTimeoutSettings"), reason="icechunk 1 has its own")


def test_a_repository_is_made_once(tmp_path: Path) -> None:
    connection = Connection(local_storage(tmp_path / "r"))
    assert connection.open() is None
    first = connection.create("r")
    assert connection.create("r").lookup_branch("main") == first.lookup_branch("main")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "file").write_text("x")
    with pytest.raises(StorageNotEmptyError, match="theirs is no repository of icechunk, and not empty"):
        Connection(local_storage(tmp_path / "theirs")).create("theirs")


@pytest.fixture
def refusing() -> Iterator[tuple[str, list[str]]]:
    """A server that is overloaded for ever, and what was asked of it."""
    asked: list[str] = []

    class Overloaded(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Overloaded) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@OF_VERSION_2
@pytest.mark.parametrize("retries", [0, 3])
def test_retries_are_those_of_the_user(retries: int, refusing: tuple[str, list[str]]) -> None:
    endpoint, asked = refusing
    options = {
        **Prefix(endpoint, "").options,
        "retry_config": {"max_retries": retries, "backoff": {"init_backoff": "1ms", "max_backoff": 0.002}},
    }
    with pytest.raises(TransportError, match=r"icechunk\+s3://bucket/a"):
        mvn_dask.status("icechunk+s3://bucket/a", storage_options=options)
    # Version 2 asks for several objects at once, and ends when the first of them fails for good.
    assert all(asked.count(path) <= retries + 1 for path in asked)
    assert max(asked.count(path) for path in asked) == retries + 1


@OF_VERSION_2
def test_workers_have_the_same_settings(prefix: Prefix) -> None:
    """A repository travels with its settings, and none of them stays in the repository for others."""
    with wired(prefix.endpoint) as wire:
        options = {**prefix.options, "endpoint": wire.endpoint, "timeout": 3, "retry_config": {"max_retries": 1}}
        mvn_dask.to_zarr(sample(10), f"icechunk+{prefix.url}", storage_options=options)
        storage = open_storage(f"icechunk+{prefix.url}", options)
        assert storage.entry("zarr.json") is not None
        again = pickle.loads(pickle.dumps(storage))  # noqa: S301
        settings = again._history.repository().config.storage
        assert (settings.retries.max_tries, settings.timeouts.operation_attempt_timeout_ms) == (2, 3000)
        assert again.read("zarr.json").tobytes() == storage.read("zarr.json").tobytes()
    config = repository_at(prefix).config.storage
    assert config is None or config.retries is None or config.retries.max_tries != 2
