"""From `url` and `storage_options` to a `Storage`.

Input: a path, a URL, or a Zarr store. Output: a `Storage`, or a `StorageError` that names what cannot be written
atomically, and the way out. Cost: no request; obstore and Zarr are imported only where they are needed.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Union
from urllib.parse import unquote

from mvn_dask.errors import ArgumentError, StorageError, StorageOptionsError
from mvn_dask.locations import OBJECT_SCHEMES, is_repository_url, parse_location, require_object_url
from mvn_dask.readable import short_repr
from mvn_dask.redaction import redact
from mvn_dask.store.storage.base import Storage
from mvn_dask.store.storage.local import LocalStorage
from mvn_dask.store.storage.object_options import environment_options, obstore_options

if TYPE_CHECKING:
    from zarr.storage import LocalStore, ObjectStore

    from mvn_dask.store.storage.icechunk.storage import IcechunkStorage


class Repository(Protocol):
    """What type checkers know of an `icechunk.Repository`; without icechunk its own name would allow anything."""

    def writable_session(self, branch: str) -> Any: ...
    def list_branches(self) -> set[str]: ...
    def lookup_branch(self, branch: str) -> str: ...


StoreLike = Union[str, os.PathLike[str], "LocalStore", "ObjectStore[Any]", Repository]
"""What a store may be named by."""

KINDS = (
    "a local path, a file:// URL, an s3://, gs://, az:// or memory:// URL, a zarr.storage.LocalStore or ObjectStore, "
    "or a repository of icechunk, as icechunk+file:// or icechunk+s3:// URL or as icechunk.Repository"
)
"""What `url` may be, in words."""

REQUEST_SECONDS = 600
"""Seconds that a request to an object store may take, where `client_options` say nothing else."""


def open_storage(url: object, storage_options: Mapping[str, Any] | None = None, *, fsync: bool = False) -> Storage:
    """The storage of a store; `url`, `storage_options` and `fsync` are those of `mvn_dask.to_zarr`.

    Raises StorageError if `url` is none of `KINDS`, or `storage_options` do not go with it.
    """
    if storage_options is not None and not isinstance(storage_options, Mapping):
        raise StorageOptionsError(f"`storage_options` must be a mapping, not {type(storage_options).__name__}")
    repository = _repository_storage(url, storage_options or {})
    if repository is not None:
        if fsync:
            repository.refuse_fsync()
        return repository
    storage = _zarr_storage(url, fsync=fsync)
    location = None if storage is not None else _location(url)
    if storage_options and not isinstance(location, str):
        raise StorageOptionsError("`storage_options` go with the URL of an object store")
    if storage is not None:
        return storage
    if isinstance(location, Path):
        # Absolute and without links, since workers have folders of their own.
        return LocalStorage(location.resolve(), fsync=fsync)
    return _object_storage(str(location), dict(storage_options or {}))


def _location(url: object) -> Path | str:
    if not isinstance(url, (str, os.PathLike)) or not os.fspath(url):
        raise StorageError(f"`url` must be {KINDS}, not {short_repr(url)}")
    try:
        return parse_location(url)
    except ArgumentError as error:
        raise StorageError(f"`url` {error}") from error


def _repository_storage(url: object, storage_options: Mapping[str, Any]) -> "IcechunkStorage | None":
    """The storage of a repository of icechunk, named by a URL or opened, or None if it is none."""
    if isinstance(url, str) and is_repository_url(url) and isinstance(location := _location(url), str):
        from mvn_dask.store.storage.icechunk.opening import repository_storage

        return repository_storage(location, storage_options)
    icechunk = sys.modules.get("icechunk")  # whoever holds a repository has imported it
    if icechunk is None:
        return None
    if isinstance(url, (icechunk.Session, icechunk.IcechunkStore)):
        raise StorageError(
            f"`url` is an icechunk {type(url).__name__}, whose changes are another's to commit: give the "
            "icechunk.Repository, and storage_options={'branch': …} if it is not main"
        )
    if isinstance(url, icechunk.Storage):
        raise StorageError("`url` is an icechunk Storage: give what icechunk.Repository.open_or_create makes of it")
    if not isinstance(url, icechunk.Repository):
        return None
    from mvn_dask.store.storage.icechunk.opening import opened_storage

    return opened_storage(url, storage_options)


def _zarr_storage(url: object, *, fsync: bool) -> Storage | None:
    """The storage behind a Zarr store, or None if it is none."""
    if "zarr" not in sys.modules:
        return None  # whoever holds a store has imported it
    from zarr.storage import FsspecStore, LocalStore, ObjectStore

    if isinstance(url, LocalStore):
        return LocalStorage(Path(url.root).resolve(), fsync=fsync)
    if isinstance(url, ObjectStore):
        from mvn_dask.store.storage.object import ObjectStorage

        store: Any = url.store
        if type(store).__name__ in {"LocalStore", "MemoryStore", "HTTPStore"}:
            raise StorageError(f"an obstore {type(store).__name__} is no storage: name a path, or memory://name")
        return ObjectStorage(store, _plain_name(store))
    if isinstance(url, FsspecStore):
        raise StorageError(_fsspec_fault(url.fs.protocol))
    return None


def _fsspec_fault(protocol: str | tuple[str, ...]) -> str:
    """Why a file system of fsspec is refused, and the way out."""
    protocols = {protocol} if isinstance(protocol, str) else set(protocol)
    spelling = "/".join(sorted(protocols))
    if protocols & {"file", "local"}:
        return f"fsspec's {spelling} leaves torn chunks behind when it is killed: give the path itself"
    if protocols & OBJECT_SCHEMES:
        return f"fsspec's {spelling} is not used: give the URL and `storage_options`, or a zarr.storage.ObjectStore"
    return f"fsspec's {spelling} is not known to create exclusively: `url` must be {KINDS}"


def _object_storage(url: str, options: dict[str, Any]) -> Storage:
    try:
        parts = require_object_url(url)
    except ArgumentError as error:
        raise StorageError(f"`url` {error}") from error
    path = unquote(parts.path).strip("/")
    try:
        from obstore.store import from_url

        from mvn_dask.store.storage.object import MemoryStorage, ObjectStorage
    except ImportError as error:
        raise StorageError(f"{parts.scheme}:// URLs need obstore: pip install 'mvn_dask[objects]'") from error
    if parts.scheme == "memory":
        if options:
            raise StorageOptionsError("`storage_options` have no meaning for memory://")
        return MemoryStorage("/".join(filter(None, (parts.netloc, path))))
    refused = f"{parts.scheme}://{parts.netloc}: the URL or `storage_options` are not understood"
    try:
        given = obstore_options(options)
        client = {**environment_options(parts.scheme), **given.get("client_options", {})}
    except ValueError as error:
        # It holds no value, and so no secret: a short secret may be a part of its words.
        raise StorageOptionsError(f"{refused}: {error}") from None
    try:
        store = from_url(url, **{**given, "client_options": _with_time(client)})
    except BaseException as error:
        # obstore's own errors, whatever a bad option raises, and a panic, which is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        text = redact(str(error), options).split("\n", maxsplit=1)[0]
        raise StorageOptionsError(f"{refused}: {text}") from None
    return ObjectStorage(store, f"{parts.scheme}://{'/'.join(filter(None, (parts.netloc, path)))}")


def _with_time(client: dict[str, Any]) -> dict[str, Any]:
    """Options of the client with a time for requests: one sends a chunk, and obstore's 30 s are few on a slow line."""
    return {"timeout": f"{REQUEST_SECONDS} s", **client}


def _plain_name(store: Any) -> str:
    """The URL of a bucket and prefix that obstore opened; its configuration holds secrets beside them."""
    config = getattr(store, "config", {})
    bucket = config.get("bucket") or config.get("container_name") or "?"
    scheme = {"S3Store": "s3", "GCSStore": "gs", "AzureStore": "az"}.get(type(store).__name__, "object")
    prefix = str(getattr(store, "prefix", None) or "").strip("/")
    return f"{scheme}://{'/'.join(filter(None, (bucket, prefix)))}"


def refuse_unsafe_writes(url: object) -> None:
    """Raise StorageError for a store open for reading only, and for a codec pipeline that writes chunks in place."""
    import zarr
    from zarr.abc.store import Store

    if isinstance(url, Store) and url.read_only:
        raise StorageError(f"`url` is a {type(url).__name__} that was opened for reading only")
    pipeline = str(zarr.config.get("codec_pipeline.path"))
    if pipeline.startswith("zarrs"):
        raise StorageError(f"the codec pipeline {pipeline} leaves torn chunks behind when it is killed: unset it")
