"""Write files atomically: under its name a file has its old content or all of the new.

Input: a path. Output: a file object. Cost: a rename; with `fsync` a wait for the disk.
"""

import errno
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PARTIAL = re.compile(r"(?P<name>.+)\.[0-9a-f]{32}\.partial", re.DOTALL)
"""Name of a temporary file, with that of the file that it was to become."""
NO_SPACE = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""Numbers of the errors for want of space: a full disk, a limit for files, a quota."""


@contextmanager
def file_named(path: str | Path) -> Iterator[None]:
    """Inside the body, an error of the system that names no file names this one."""
    try:
        yield
    except OSError as error:
        # Those of reading and writing name none. Of numpy's own, which have no number, the text is all there is.
        if error.filename is not None or type(error).__module__ != "builtins":
            raise
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error


@contextmanager
def atomic_write(path: Path, *, fsync: bool = False) -> Iterator[BinaryIO]:
    """A binary file that takes its name when the body ends without an error; missing folders are made.

    `fsync` waits until the content, the name and the folders made for it are on the disk.
    """
    # Those folders that are missing on the way, innermost first.
    made = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with file_named(path):
            with partial.open("wb") as file:
                yield file
                if fsync:
                    file.flush()
                    os.fsync(file.fileno())
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    if fsync and os.name != "nt":  # there folders cannot be opened
        for folder in (path.parent, *(folder.parent for folder in made)):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                with file_named(folder):
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
