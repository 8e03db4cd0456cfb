"""Placeholders: objects in a bucket that are no files, and each of which is equal to no other.

A writer puts one in the place of a file before it writes that; and a job that overwrites a store, in the place of each
that it deletes, and behind the manifest while it does.
"""

import re
import uuid

from mvn_dask.store.storage.base import ByteArray

PLACEHOLDER_BYTES = 55
"""Size of a placeholder: odd, as that of no chunk is whose numbers have more than a byte, so that few are read."""

_PLACEHOLDER = re.compile(rb"mvn_dask: placeholder [0-9a-f]{32}\n")


def new_placeholder() -> bytes:
    """A placeholder that is equal to no other."""
    return b"mvn_dask: placeholder %s\n" % uuid.uuid4().hex.encode()


def is_placeholder(content: ByteArray | bytes) -> bool:
    """Whether a content is a placeholder, and nothing else."""
    return len(content) == PLACEHOLDER_BYTES and _PLACEHOLDER.fullmatch(bytes(content)) is not None


def without_placeholder(content: bytes) -> tuple[bytes, bool]:
    """What stands before a placeholder at the end of a content, and whether there is one."""
    if is_placeholder(content[-PLACEHOLDER_BYTES:]):
        return content[:-PLACEHOLDER_BYTES], True
    return content, False
