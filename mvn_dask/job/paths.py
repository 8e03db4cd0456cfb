"""Paths and URLs of jobs and of the command, in which ``${NAME}`` is an environment variable.

Input: a text as it is written. Output: a path or a URL, or an `ArgumentError` that goes on after the name of its key or
argument. Cost: no system call beyond the look-up of a home folder.
"""

import os
import re
from pathlib import Path

from mvn_dask.errors import ArgumentError
from mvn_dask.job.toml_format import preview
from mvn_dask.locations import parse_location, require_store_url

_VARIABLE = re.compile(r"\$\{([^}]*)(\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Not surrogates, by which the system's names come that are no text of its encoding.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def plain_text(text: str, forbidden: re.Pattern[str] = CONTROL) -> str:
    """The text itself, or ArgumentError if it is blank or holds forbidden characters."""
    if not text.strip() or forbidden.search(text):
        raise ArgumentError("must be text, not empty, and without control characters")
    return text


def expand_variables(text: str) -> str:
    """The text with environment variables in the place of `${NAME}`; ArgumentError for one that is unset or empty."""

    def expand(found: re.Match[str]) -> str:
        name, end = found.groups()
        if not end or not _NAME.fullmatch(name):
            raise ArgumentError(f"must hold an environment variable as ${{NAME}}, not {preview(found[0])}")
        value = os.environ.get(name)
        if not value:
            state = "is not set" if value is None else "is empty"
            raise ArgumentError(f"needs the environment variable {name}, which {state}")
        return value

    return _VARIABLE.sub(expand, text)


def location_of(text: str) -> Path | str:
    """Where a path or URL of a job leads: `${NAME}` is an environment variable, a leading ``~`` a home folder.

    Raises ArgumentError for a variable that is unset or empty, for control characters, and as
    `mvn_dask.locations.parse_location`.

    Examples
    --------
    >>> location_of("data/$x.npy"), location_of("s3://bucket/x")
    (PosixPath('data/$x.npy'), 's3://bucket/x')
    """
    return parse_location(plain_text(expand_variables(text)))


def usable_location(text: str) -> Path | str:
    """The same; ArgumentError as well for a URL that nothing can be stored at."""
    return _usable(location_of(text))


def store_location(text: str) -> Path | str:
    """Where a store lies already: as `usable_location`, whatever its folder is called, which others may have made."""
    return _usable(parse_location(expand_variables(text)))


def _usable(location: Path | str) -> Path | str:
    if isinstance(location, str):
        require_store_url(location)
    return location


def is_remote(text: str) -> bool:
    """Whether a path or URL leads to anything but a file.

    Examples
    --------
    >>> is_remote("s3://bucket/x.zarr"), is_remote("x.zarr"), is_remote("file:///x.zarr")
    (True, False, False)
    """
    return isinstance(location_of(text), str)
