"""Repositories of icechunk in folders: how they are made, in one step, and the disk below them.

Input: a folder. Output: icechunk's storage. Cost: a few small files.
"""

import os
import shutil
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mvn_dask.store.storage.base import INTERNAL_FOLDER, Buffer
from mvn_dask.store.storage.local import LocalStorage


def local_storage(folder: Path) -> Any:
    """Icechunk's storage in a folder, without its warning, printed to stdout, that commits must not be concurrent."""
    import icechunk

    say_no_warning()
    return icechunk.local_filesystem_storage(str(folder))


def say_no_warning() -> None:
    """Let icechunk print to stdout no more that commits in a folder must not be concurrent, or what AWS lacks."""
    import icechunk

    # Jobs hold a lock, and a request without credentials fails. Whoever configures the log of icechunk has the say.
    if "ICECHUNK_LOG" not in os.environ:
        icechunk.set_logs_filter("warn,icechunk::storage::object_store=error,aws_config=error")


def holds_something(folder: Path) -> bool:
    """Whether a path is that of a folder in which something lies."""
    return folder.is_dir() and next(folder.iterdir(), None) is not None


def free_bytes(folder: Path) -> int:
    """Bytes that are free where a folder lies, or is going to."""
    return LocalStorage(folder).free_bytes()


def probe_beside(folder: Path, key: str, buffers: Sequence[Buffer]) -> float:
    """Seconds that it takes to write a file beside a repository, where none of its history will ever hold it."""
    return LocalStorage(folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.partial")).probe(key, buffers)


def create_repository(folder: Path) -> None:
    """Make a repository in a folder that is empty or not there, in one step, whoever else does."""
    import icechunk

    # By Python, whose errors name the folder: icechunk panics where one above is a file.
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Elsewhere, since icechunk makes none in a folder with a lock in it.
    made = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.partial")
    try:
        icechunk.Repository.create(local_storage(made))
        (made / INTERNAL_FOLDER).mkdir()
        with suppress(OSError):  # another job was faster
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
