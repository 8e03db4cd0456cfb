"""Files that a command writes beside its store. Input: a path; output: an error before any work, if it cannot be."""

import errno
import os
from pathlib import Path


def refuse_unusable_file(option: str, path: Path) -> None:
    """Raise ArgumentError unless a file of that path can be written into a folder that is there, or PermissionError."""
    from mvn_dask.errors import ArgumentError

    folder = path.resolve().parent
    if not folder.is_dir():
        raise ArgumentError(f"{option} {path}: there is no folder {folder}: make it, or name another file")
    if path.is_dir():
        raise ArgumentError(f"{option} {path} is a folder: name a file in it")
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
