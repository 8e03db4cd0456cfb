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
from mvn_dask.locations import parse_repository_url, repository_url
from mvn_dask.store.storage.icechunk.folder import local_storage, say_no_warning
from mvn_dask.store.storage.icechunk.history import History
from mvn_dask.store.storage.icechunk.revision import KINDS_OF_REVISION, Revision, revision_of
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
_S3_NAMES = {
    "access_key_id": "access_key_id",
    "secret_access_key": "secret_access_key",
    "session_token": "session_token",
    "token": "session_token",
    "region": "region",
    "endpoint": "endpoint_url",
    "endpoint_url": "endpoint_url",
    "allow_http": "allow_http",
    "skip_signature": "anonymous",
    "virtual_hosted_style_request": "virtual_hosted",
}
_TRUTHS = {"allow_http", "skip_signature", "virtual_hosted_style_request"}


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
        return _local_storage(folder, revision, local_storage(folder))
    name = f"icechunk+s3://{'/'.join(filter(None, (location.bucket, location.path)))}"
    arguments = s3_arguments(options)
    say_no_warning()
    try:
        storage = icechunk.s3_storage(bucket=location.bucket, prefix=location.path or None, **arguments)
    except (ValueError, TypeError) as error:
        # By its type alone: the message may show a value, and with it a secret.
        raise StorageOptionsError(f"{name}: `storage_options` are not understood: {type(error).__name__}") from None
    return IcechunkStorage(History(name, revision, storage))


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
        prefix = (found["prefix"] or "").strip("/")
        name = f"icechunk+s3://{'/'.join(filter(None, (found['bucket'], prefix)))}"
        return IcechunkStorage(History(name, revision, None, repository))
    if "LocalFileSystem" in text or "type: local filesystem\n" in text:
        raise StorageError("`url` is a repository in a folder whose path icechunk does not say: name icechunk+file://…")
    # A digest of the place names it without what may be secret.
    return IcechunkStorage(History(f"icechunk+other://{fingerprint(text)[:16]}", revision, None, repository))


def _first_match(patterns: Iterable[re.Pattern[str]], text: str) -> re.Match[str] | None:
    return next((found for pattern in patterns if (found := pattern.search(text))), None)


def _local_storage(folder: Path, revision: Revision, storage: Any, repository: Any = None) -> IcechunkStorage:
    return IcechunkStorage(History(repository_url(folder), revision, storage, repository, folder))


def s3_arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of ``icechunk.s3_storage`` from the `storage_options` of ``s3://`` URLs.

    Raises StorageOptionsError with the name of an option that icechunk has nothing for.

    Examples
    --------
    >>> s3_arguments({"endpoint": "http://localhost:9000", "allow_http": True, "skip_signature": True})
    {'endpoint_url': 'http://localhost:9000', 'allow_http': True, 'anonymous': True, 'force_path_style': True}
    """
    client = options.get("client_options", {})
    given = {**options, **(client if isinstance(client, Mapping) else {})}
    found: dict[str, Any] = {}
    for name, value in given.items():
        plain = name.lower().removeprefix("aws_")
        if plain in {"client_options", "retry_config"}:
            continue  # retries are the repository's, which has settings for them
        if plain not in _S3_NAMES:
            raise StorageOptionsError(
                f"icechunk+s3:// takes the options {', '.join(sorted(_S3_NAMES))}, and not {name!r}: open the "
                "repository with icechunk, and give that"
            )
        found[_S3_NAMES[plain]] = _truth(name, value) if plain in _TRUTHS else _text(name, value)
    halves = {"access_key_id", "secret_access_key"} & found.keys()
    if len(halves) == 1:
        raise StorageOptionsError(f"icechunk+s3:// takes access_key_id and secret_access_key, not {halves.pop()} alone")
    if "virtual_hosted" in found:
        found["force_path_style"] = not found.pop("virtual_hosted")
    elif "endpoint_url" in found:
        found["force_path_style"] = True
    if not {"access_key_id", "anonymous"} & found.keys():
        found["from_env"] = True
    return found


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise StorageOptionsError(f"the option {name!r} must be text, not {type(value).__name__}")
    return value


def _truth(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text not in {"true", "false", "1", "0"}:
        raise StorageOptionsError(f"the option {name!r} must be true or false")
    return text in {"true", "1"}
