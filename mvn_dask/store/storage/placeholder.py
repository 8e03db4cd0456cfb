"""Placeholders: objects in a bucket that are no files, and each of which is equal to no other.

A writer puts one in the place of a file before it writes that; and a job that overwrites a store, in the place of each
that it deletes, and behind the manifest while it does.
"""

import re
import uuid

from mvn_dask.advice import Advice
from mvn_dask.errors import DamagedManifestError
from mvn_dask.store.storage.base import ByteArray, Storage

PLACEHOLDER_BYTES = 55
"""Size of a placeholder: odd, as that of no chunk is whose numbers have more than a byte, so that few are read."""

_PLACEHOLDER = re.compile(rb"mvn_dask: placeholder [0-9a-f]{32}\n")


def new_placeholder() -> bytes:
    """A placeholder that is equal to no other."""
    return b"mvn_dask: placeholder %s\n" % uuid.uuid4().hex.encode()


def is_placeholder(content: ByteArray | bytes) -> bool:
    """Whether a content is a placeholder, and nothing else."""
    return len(content) == PLACEHOLDER_BYTES and _PLACEHOLDER.fullmatch(bytes(content)) is not None


def kept_manifest(content: bytes, storage: Storage, *, removing: bool = False) -> bytes:
    """The manifest of a store, without the placeholder behind it that a job leaves there while it deletes the store.

    Raises DamagedManifestError if there is one, unless `removing`.
    """
    if not is_placeholder(content[-PLACEHOLDER_BYTES:]):
        return content
    if removing:
        return content[:-PLACEHOLDER_BYTES]
    raise DamagedManifestError(
        f"{storage} is being overwritten by another job, or was, by one that was stopped",
        advice=Advice("wait for it, or {overwrite}"),
    )
