"""Repositories of icechunk in folders: how they are made, in one step.

Input: a folder. Output: icechunk's storage. Cost: a few small files.
"""

import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from mvn_dask.store.storage.base import INTERNAL_FOLDER


def local_storage(folder: Path) -> Any:
    """Icechunk's storage in a folder, without its warning, printed to stdout, that commits must not be concurrent."""
    import icechunk

    say_no_warning()
    return icechunk.local_filesystem_storage(str(folder))


def say_no_warning() -> None:
    """Let icechunk say no more that commits in a folder must not be concurrent."""
    import icechunk

    # Jobs hold a lock. Whoever configures the log of icechunk has the say.
    if "ICECHUNK_LOG" not in os.environ:
        icechunk.set_logs_filter("warn,icechunk::storage::object_store=error")


def holds_something(folder: Path) -> bool:
    """Whether a path is that of a folder in which something lies."""
    return folder.is_dir() and next(folder.iterdir(), None) is not None


def create_repository(folder: Path) -> None:
    """Make a repository in a folder that is empty or not there, in one step, whoever else does."""
    import icechunk

    # Elsewhere, since icechunk makes none in a folder with a lock in it.
    made = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.partial")
    try:
        icechunk.Repository.create(local_storage(made))
        (made / INTERNAL_FOLDER).mkdir()
        with suppress(OSError):  # another job was faster
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
