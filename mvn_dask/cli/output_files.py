"""Files that a command writes beside its store. Input: a text; output: a path, or an error before any work."""

import errno
import os
from pathlib import Path


def output_file(option: str, text: str) -> Path:
    """The path that an option names, as paths are read everywhere.

    Raises ArgumentError unless it is a file of this machine that can be written into a folder that is there, or
    PermissionError.
    """
    from mvn_dask.errors import ArgumentError
    from mvn_dask.locations import local_path

    try:
        path = local_path(text)
    except ArgumentError as error:
        raise ArgumentError(f"{option} {error}") from error
    folder = path.resolve().parent
    if not folder.is_dir():
        raise ArgumentError(f"{option} {path}: there is no folder {folder}: make it, or name another file")
    if path.is_dir():
        raise ArgumentError(f"{option} {path} is a folder: name a file in it")
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    return path
