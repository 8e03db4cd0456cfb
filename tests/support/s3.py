"""An S3 endpoint on loopback: moto's server, a process of its own, and a wire to it that can be cut."""

import re
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import Storage

if TYPE_CHECKING:
    from obstore.store import S3Store
    from zarr.storage import ObjectStore

ACCESS = "AKIASECRETKEYID"
SECRET = "verysecretvalue"  # noqa: S105 nobody's


@cache
def _client(endpoint: str) -> Any:
    import boto3

    return boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=ACCESS, aws_secret_access_key=SECRET, region_name="us-east-1"
    )


@dataclass(frozen=True)
class Prefix:
    """A prefix in a bucket, as a user and as a stranger see it; it pickles."""

    endpoint: str
    path: str
    bucket: str = "bucket"

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.path}"

    @property
    def options(self) -> dict[str, Any]:
        """What `storage_options` are."""
        return {
            "endpoint": self.endpoint,
            "access_key_id": ACCESS,
            "secret_access_key": SECRET,
            "region": "us-east-1",
            "client_options": {"allow_http": True},
            "retry_config": {"max_retries": 0},
        }

    @property
    def options_of_repositories(self) -> dict[str, Any]:
        """The same without what version 1 of icechunk refuses."""
        return {name: value for name, value in self.options.items() if name != "retry_config"}

    def below(self, name: str) -> "Prefix":
        return replace(self, path=f"{self.path}/{name}")

    @property
    def object_store(self) -> "ObjectStore[S3Store]":
        from obstore.store import S3Store
        from zarr.storage import ObjectStore

        return ObjectStore(S3Store(self.bucket, prefix=self.path, **self.options))

    def way(self, name: str) -> tuple[Any, dict[str, Any] | None]:
        """`url` and `storage_options` of one of `WAYS`."""
        if name == "url":
            return self.url, self.options
        return self.object_store, None

    def storage(self, way: str = "url") -> Storage:
        return open_storage(*self.way(way))

    @property
    def client(self) -> Any:
        return _client(self.endpoint)

    def keys(self, folder: str = "") -> list[str]:
        pages = self.client.get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.bucket, Prefix=f"{self.path}/{folder}")
        return [each["Key"].removeprefix(f"{self.path}/") for page in found for each in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        return bytes(self.client.get_object(Bucket=self.bucket, Key=f"{self.path}/{key}")["Body"].read())

    def write(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"{self.path}/{key}", Body=content)

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=f"{self.path}/{key}")

    def tree(self) -> dict[str, bytes]:
        """Every object and its bytes."""
        return {key: self.read(key) for key in self.keys()}

    def times(self) -> dict[str, tuple[Any, str]]:
        """When every object was written, and its tag."""
        heads = {key: self.client.head_object(Bucket=self.bucket, Key=f"{self.path}/{key}") for key in self.keys()}
        return {key: (head["LastModified"], head["ETag"]) for key, head in heads.items()}

    def versions(self, key: str) -> int:
        """How often an object was written, in a bucket that keeps versions."""
        found = self.client.list_object_versions(Bucket=self.bucket, Prefix=f"{self.path}/{key}")
        return sum(each["Key"] == f"{self.path}/{key}" for each in found.get("Versions", []))


WAYS = ["url", "obstore"]
"""How a user may name a prefix."""
EACH_WAY = ["url", pytest.param("obstore", marks=pytest.mark.faults)]
"""Parameters of a test: both ways in the long lane."""

SERVER = """
import threading
from moto import server

class Atomic(server.DomainDispatcherApplication):
    change = threading.Lock()

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            if "/unreadable=" in path and path.endswith(path.split("/unreadable=")[1].split("/")[0].replace("+", "/")):
                start_response("403 Forbidden", [("Content-Type", "application/xml")])
                return [b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"]
            if path.strip("/").count("/") > 0:
                return super().__call__(environ, start_response)
        bucket, conditions = path.split("/")[1], {"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"} & environ.keys()
        if bucket == "outdated" and conditions:
            start_response("501 Not Implemented", [("Content-Type", "application/xml")])
            return [b"<Error><Code>NotImplemented</Code><Message>A header is not implemented</Message></Error>"]
        if bucket == "careless" or (bucket == "undeletable" and environ["REQUEST_METHOD"] == "DELETE"):
            for name in conditions:
                del environ[name]
        with self.change:
            return super().__call__(environ, start_response)

server.DomainDispatcherApplication = Atomic
server.main(["-H", "127.0.0.1", "-p", "0"])
"""
"""moto's server. Its conditional put looks first and writes afterwards, so that on a busy machine two may succeed; S3's
is atomic, and so is this one's. Its listing fails where an object comes meanwhile, so it waits here. It ignores all
conditions in the bucket ``careless``, those of a DELETE in ``undeletable``, and refuses them in ``outdated``, as
servers of other makes do. Of a prefix ``…/unreadable=END`` it refuses to show the objects whose keys end so, with a "+"
in place of a slash."""


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Address of a server of S3, with the buckets ``bucket`` and ``versioned``."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stderr is not None
            found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in server.stderr)))
            # Nobody reads on, and a full pipe would stop the server.
            drain = threading.Thread(target=server.stderr.read, daemon=True)
            drain.start()
            client = Prefix(found[0], "").client
            for bucket in ("bucket", "versioned", "careless", "outdated", "undeletable"):
                client.create_bucket(Bucket=bucket)
            client.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
            yield found[0]
        finally:
            server.kill()
            drain.join()


@pytest.fixture
def prefix(endpoint: str) -> Prefix:
    """A fresh prefix."""
    return Prefix(endpoint, f"tests/{uuid.uuid4().hex}")


class Wire:
    """A way to a server that can be cut, for a moment or for good."""

    def __init__(self, server: str) -> None:
        host, port = server.removeprefix("http://").split(":")
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._cut = False
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut(self) -> None:
        self._cut = True
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._cut = False

    def close(self) -> None:
        self.cut()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in (*self._open, self._listener):
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._cut:
                near.close()
                continue
            far = socket.create_connection(self._server)
            self._open += [near, far]
            for ends in ((near, far), (far, near)):
                self._threads.append(threading.Thread(target=_carry, args=ends, daemon=True))
                self._threads[-1].start()


def _carry(here: socket.socket, there: socket.socket) -> None:
    with suppress(OSError):
        while content := here.recv(2**16):
            there.sendall(content)
    with suppress(OSError):
        there.shutdown(socket.SHUT_RDWR)


@contextmanager
def wired(server: str) -> Iterator[Wire]:
    """A wire to a server."""
    wire = Wire(server)
    try:
        yield wire
    finally:
        wire.close()
