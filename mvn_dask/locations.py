"""Paths and URLs as users write them.

Input: a text or a path object. Output: a `Path` of this machine, its home folder expanded, or the URL of something
else; an `ArgumentError` for what is neither, which would silently become a folder of that name. Cost: no system call
beyond the look-up of a home folder.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from mvn_dask.errors import ArgumentError

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?P<rest>.*)", re.DOTALL)
_FILE_URL = re.compile(r"(//(localhost)?(?=/)|(?!//))(?P<path>/.*)", re.DOTALL | re.IGNORECASE)
_REPOSITORY_URL = re.compile(r"icechunk\+[a-z0-9]+://")
_DRIVE = re.compile(r"[A-Za-z]:", re.ASCII)
"""A drive of Windows, which is no scheme."""
OBJECT_SCHEMES = {"s3", "s3a", "gs", "az", "abfs", "abfss", "adl", "azure"}
"""Object stores that have a conditional put."""
_SCHEMES = {*OBJECT_SCHEMES, "gcs", "memory", "http", "https", "ftp", "hdfs"}
"""Schemes that no file name begins with by chance: "run:7" is a name, "s3:bucket" is a mistake."""


def parse_location(value: object) -> Path | str:
    """A path, or a URL of anything but a file, with its scheme in lower case.

    Parameters
    ----------
    value : str or path-like
        A path, in which a leading ``~`` or ``~user`` is a home folder; a file URL, ``file:/data`` or
        ``file:///data``, with percent-encoding; any other URL.

    Raises
    ------
    ArgumentError
        For an empty text, a URL without its slashes, a file URL of another machine, the home of an unknown user, or
        text that the system cannot encode. The message goes on after the name of the argument.

    Examples
    --------
    >>> parse_location("runs/a.zarr"), parse_location("FILE:///data/a%20b"), parse_location("S3://bucket/a")
    (PosixPath('runs/a.zarr'), PosixPath('/data/a b'), 's3://bucket/a')
    >>> parse_location("s3:/bucket/a")
    Traceback (most recent call last):
    mvn_dask.errors.ArgumentError: must be a path, or a URL as s3://…, not 's3:/bucket/a'; './s3:/bucket/a' is a path
    """
    location = _parse(value)
    encoding = "utf-8" if isinstance(location, str) else sys.getfilesystemencoding()
    try:
        # Names of files that are no text of that encoding arrive from the system as such, and go back to it.
        os.fsencode(location) if isinstance(location, Path) else location.encode()
    except UnicodeEncodeError as error:
        way_out = "" if encoding == "utf-8" else ": set the environment variable PYTHONUTF8=1"
        text = repr(location if isinstance(location, str) else str(location))
        raise ArgumentError(f"must be text that {encoding} can hold, and {text} is none{way_out}") from error
    return location


def _parse(value: object) -> Path | str:
    if not isinstance(value, (str, os.PathLike)):
        raise ArgumentError(f"must be a path or a URL, not {type(value).__name__}")
    text = os.fsdecode(os.fspath(value))
    if not text.strip() or "\0" in text:
        raise ArgumentError(f"must be a path or a URL, neither empty nor with null characters, not {text!r}")
    found = _SCHEME.fullmatch(text)
    if isinstance(value, str) and _names_repository(text):
        raise ArgumentError(f"must be {REPOSITORY_KINDS}, not {_shown(text)}; {_shown(f'./{text}')} is a path")
    if found is None or not _is_url(found["scheme"].lower(), found["rest"]):
        if text.partition("/")[0].endswith(":") and not _DRIVE.match(text):
            # "simplecache::s3://bucket" and "://bucket" are meant as URLs.
            raise ArgumentError(
                f"must be a path, or a URL as s3://…, not {_shown(text)}; {_shown(f'./{text}')} is a path"
            )
        return _expand_home(text)
    if not isinstance(value, str):
        raise ArgumentError(f"must be a text if it is a URL: as a path, {_shown(text)} would be a folder here")
    return _parse_url(text, found["scheme"].lower(), found["rest"])


def local_path(value: object) -> Path:
    """A path of this machine, as `parse_location` reads it; an ArgumentError for any other URL.

    >>> local_path("file:/data/a")
    PosixPath('/data/a')
    """
    location = parse_location(value)
    if isinstance(location, str):
        raise ArgumentError(f"must be a path of this machine, not the URL {_shown(location)}")
    return location


def require_object_url(url: str) -> SplitResult:
    """The parts of the URL of an object store, or of memory, as `parse_location` gives it.

    Raises ArgumentError for another scheme, for credentials or queries, and where ``.`` or ``..`` are steps of it.

    >>> require_object_url("s3://bucket/a/b.zarr").netloc
    'bucket'
    >>> require_object_url("https://host/b.zarr")
    Traceback (most recent call last):
    mvn_dask.errors.ArgumentError: must be a path, or an s3://, gs://, az:// or memory:// URL, not https://…
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ArgumentError(f"must be a path or a URL, and {_shown(url)} is none: {error}") from error
    if parts.scheme not in OBJECT_SCHEMES | {"memory"}:
        raise ArgumentError(f"must be a path, or an s3://, gs://, az:// or memory:// URL, not {parts.scheme}://…")
    # abfs://container@account.dfs.core.windows.net is how Azure spells a container.
    user = parts.username if parts.scheme not in {"abfs", "abfss"} else None
    if user or parts.password or parts.query or parts.fragment:
        raise ArgumentError("must hold no credentials or queries: give them as storage_options")
    if {".", ".."} & {parts.netloc, *unquote(parts.path).split("/")}:
        raise ArgumentError(f"must be a plain prefix, without '.' and '..', not {_shown(url)}")
    return parts


REPOSITORY = "icechunk+"
"""What the scheme of the URL of a repository of icechunk begins with; that of where it lies follows."""
REPOSITORY_KINDS = "icechunk+file:///path or icechunk+s3://bucket/prefix"
"""URLs of repositories, in words."""


class RepositoryUrl(NamedTuple):
    """The parts of the URL of a repository of icechunk."""

    scheme: str
    """Of where it lies: "file" or "s3"."""
    bucket: str
    """The bucket; empty for a folder."""
    path: str
    """Path of the folder, or the prefix in the bucket."""
    query: Mapping[str, str]
    """What of the repository is meant: a branch, a tag or a snapshot."""


def is_repository_url(url: str) -> bool:
    """Whether a URL names a repository of icechunk.

    >>> is_repository_url("icechunk+s3://bucket/a"), is_repository_url("s3://bucket/a")
    (True, False)
    """
    return url.lower().startswith(REPOSITORY)


def repository_url(folder: Path) -> str:
    """The URL of a repository of icechunk in a folder.

    >>> repository_url(Path("/data/a b"))
    'icechunk+file:///data/a%20b'
    """
    return f"{REPOSITORY}file://{quote(str(folder))}"


def bucket_repository_url(bucket: str, prefix: str) -> str:
    """The URL of a repository of icechunk in a bucket of S3.

    >>> bucket_repository_url("bucket", "a b/c/")
    'icechunk+s3://bucket/a%20b/c'
    """
    return f"{REPOSITORY}s3://{'/'.join(filter(None, (bucket, quote(prefix.strip('/')))))}"


def parse_repository_url(url: str) -> RepositoryUrl:
    """The parts of the URL of a repository of icechunk, as `parse_location` gives it.

    Raises ArgumentError for another scheme, for credentials, without a bucket, and where ``.`` or ``..`` are steps of a
    prefix.

    >>> parse_repository_url("icechunk+s3://bucket/a/b?branch=dev")
    RepositoryUrl(scheme='s3', bucket='bucket', path='a/b', query={'branch': 'dev'})
    >>> parse_repository_url("icechunk+file:///data/a%20b").path
    '/data/a b'
    """
    head, mark, tail = url[len(REPOSITORY) :].partition("?")
    try:
        query = dict(parse_qsl(tail, keep_blank_values=True, strict_parsing=bool(mark)))
    except ValueError as error:
        raise ArgumentError(f"must be {REPOSITORY_KINDS}, with ?branch=NAME at most behind it") from error
    scheme = head.partition(":")[0].lower()
    if scheme == "file":
        return RepositoryUrl("file", "", str(parse_location(head)), query)
    if scheme != "s3":
        raise ArgumentError(
            f"must be {REPOSITORY_KINDS}, not {REPOSITORY}{scheme}://…: open any other repository with icechunk, and "
            "give that"
        )
    parts = require_object_url(head)
    if not parts.netloc:
        raise ArgumentError(f"must be {REPOSITORY_KINDS}, with a bucket, not {_shown(url)}")
    return RepositoryUrl("s3", parts.netloc, unquote(parts.path).strip("/"), query)


def require_store_url(url: str) -> None:
    """Raise ArgumentError for a URL that no store can lie at, as `parse_location` gives it."""
    if is_repository_url(url):
        parse_repository_url(url)
    else:
        require_object_url(url)


def as_text(path: Path) -> str:
    """A path as a text that `parse_location` reads as the same path.

    >>> as_text(Path("~a")), as_text(Path("s3:a")), as_text(Path("a"))
    ('./~a', './s3:a', 'a')
    """
    text = str(path)
    try:
        return text if parse_location(text) == path else f"./{text}"
    except ArgumentError:
        return f"./{text}"


def _is_url(scheme: str, rest: str) -> bool:
    return (
        rest.startswith("//")
        or scheme in {*_SCHEMES, "file"}
        or scheme.startswith(REPOSITORY)
        or (rest.startswith("/") and len(scheme) > 1)
    )


def _names_repository(text: str) -> bool:
    """Whether a text is meant as the URL of a repository of icechunk, and is none."""
    lower = text.lower()
    if lower.startswith(f"{REPOSITORY}file:"):
        return not _FILE_URL.fullmatch(text[len(f"{REPOSITORY}file:") :].partition("?")[0])
    return lower.startswith(("icechunk:/", REPOSITORY)) and not _REPOSITORY_URL.match(lower)


def _parse_url(text: str, scheme: str, rest: str) -> Path | str:
    if scheme == "file":
        found = _FILE_URL.fullmatch(rest)
        path = unquote(found["path"]) if found else "\0"
        if "\0" in path:
            raise ArgumentError(f"must be an absolute path of this machine, as file:///data, not {_shown(text)}")
        return Path(path)
    if rest.startswith("//") or scheme == f"{REPOSITORY}file":
        return f"{scheme}:{rest}"
    raise ArgumentError(
        f"must be a path, or a URL as {scheme}://…, not {_shown(text)}; {_shown(f'./{text}')} is a path"
    )


def _expand_home(text: str) -> Path:
    try:
        # A text that begins with "./" names no home; a path object has lost that beginning.
        return Path(text).expanduser() if text.startswith("~") else Path(text)
    except RuntimeError as error:
        home = text.partition("/")[0]
        raise ArgumentError(
            f"must be a path, and {home!r} is the home of nobody here; {f'./{text}'!r} is a path"
        ) from error


def _shown(text: str) -> str:
    """A text that may be a URL, as errors show it: without what may be a password or a key."""
    return repr(text) if "@" not in text and "?" not in text else repr(f"{text.partition(':')[0]}:…")
