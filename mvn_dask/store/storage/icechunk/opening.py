"""From an ``icechunk+…`` URL, or from an ``icechunk.Repository``, to a `Storage`.

Input: a URL and `storage_options`, or a repository that the user has opened. Output: an `IcechunkStorage`, or a
`StorageError` with the way out. Cost: no request; icechunk is imported.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mvn_dask.errors import ArgumentError, StorageError, StorageOptionsError
from mvn_dask.hashing import fingerprint
from mvn_dask.locations import bucket_repository_url, parse_repository_url, repository_url
from mvn_dask.store.storage.icechunk.connection import Connection
from mvn_dask.store.storage.icechunk.folder import local_storage, say_no_warning
from mvn_dask.store.storage.icechunk.history import History
from mvn_dask.store.storage.icechunk.revision import KINDS_OF_REVISION, Revision, revision_of
from mvn_dask.store.storage.icechunk.s3_options import request_settings, s3_arguments
from mvn_dask.store.storage.icechunk.storage import IcechunkMemory, IcechunkStorage

# What versions 1 and 2 of icechunk show of a storage, which has no attributes.
_LOCAL = (
    re.compile(r"LocalFileSystemObjectStoreBackend\(path=(?P<path>.*?)\)+$", re.DOTALL),
    re.compile(r"^type: local filesystem\npath: (?P<path>.*?)\n*\Z", re.DOTALL | re.MULTILINE),
)
_S3 = (
    re.compile(r"S3Storage\(bucket=(?P<bucket>[^,]*), prefix=(?P<prefix>.*?), config=", re.DOTALL),
    re.compile(r"^type: S3[^\n]*\nbucket: (?P<bucket>[^\n]*)\n(?:prefix: (?P<prefix>[^\n]*)\n)?", re.MULTILINE),
)


def repository_storage(url: str, options: Mapping[str, Any]) -> IcechunkStorage:
    """The storage of an ``icechunk+file://`` or ``icechunk+s3://`` URL."""
    try:
        location = parse_repository_url(url)
    except ArgumentError as error:
        raise StorageError(f"`url` {error}") from error
    try:
        import icechunk
    except ImportError as error:
        raise StorageError("icechunk+… URLs need icechunk: pip install 'mvn_dask[icechunk]'") from error
    revision = revision_of(location.query, "url")
    _refuse_revision(options)
    if location.scheme == "file":
        if options:
            raise StorageOptionsError("`storage_options` have no meaning for icechunk+file://")
        folder = Path(location.path).resolve()
        return _local_storage(folder, revision, Connection(local_storage(folder)))
    name, arguments, settings = (
        bucket_repository_url(location.bucket, location.path),
        s3_arguments(options),
        request_settings(options),
    )
    say_no_warning()
    try:
        storage = icechunk.s3_storage(bucket=location.bucket, prefix=location.path or None, **arguments)
    except (ValueError, TypeError) as error:
        # By its type alone: the message may show a value, and with it a secret.
        raise StorageOptionsError(f"{name}: `storage_options` are not understood: {type(error).__name__}") from None
    return IcechunkStorage(History(name, revision, Connection(storage, settings)))


def _refuse_revision(options: Mapping[str, Any]) -> None:
    found = next((kind for kind in KINDS_OF_REVISION if kind in options), None)
    if found is not None:
        raise StorageOptionsError(
            f"`storage_options` of a URL name no {found}: write it behind the URL, as ?{found}={found.upper()}"
        )


def opened_storage(repository: Any, options: Mapping[str, Any]) -> IcechunkStorage:
    """The storage of a repository that the user has opened; `options` may name a branch, a tag or a snapshot."""
    unknown = sorted(options.keys() - set(KINDS_OF_REVISION))
    if unknown:
        raise StorageOptionsError(
            f"beside an icechunk.Repository `storage_options` name its branch, tag or snapshot, and not {unknown[0]!r}"
        )
    revision, text = revision_of(options, "storage_options"), repr(repository.storage)
    if found := _first_match(_LOCAL, text):
        return _local_storage(Path(found["path"]).resolve(), revision, None, repository)
    if "InMemory" in text or "type: in-memory\n" in text:
        return IcechunkMemory(History(f"icechunk+memory://{id(repository):x}", revision, None, repository))
    if found := _first_match(_S3, text):
        name = bucket_repository_url(found["bucket"], found["prefix"] or "")
        return IcechunkStorage(History(name, revision, None, repository))
    if "LocalFileSystem" in text or "type: local filesystem\n" in text:
        raise StorageError("`url` is a repository in a folder whose path icechunk does not say: name icechunk+file://…")
    # A digest of the place names it without what may be secret.
    return IcechunkStorage(History(f"icechunk+other://{fingerprint(text)[:16]}", revision, None, repository))


def _first_match(patterns: Iterable[re.Pattern[str]], text: str) -> re.Match[str] | None:
    return next((found for pattern in patterns if (found := pattern.search(text))), None)


def _local_storage(
    folder: Path, revision: Revision, connection: Connection | None, repository: Any = None
) -> IcechunkStorage:
    return IcechunkStorage(History(repository_url(folder), revision, connection, repository, folder))
