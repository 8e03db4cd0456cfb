"""Deleting a store, so that a kill at any moment leaves something that can be deleted again."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from mvn_dask.atomic import PARTIAL
from mvn_dask.store.occupancy import LOCK
from mvn_dask.store.record import HIDDEN, RECORD

DOCUMENTS = {"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"}
"""Metadata documents of Zarr 3 and Zarr 2."""
TRASH = "trash"
"""Folder in the hidden folder, into which things are moved before they are deleted."""

_CHUNK = re.compile(r"c(\.\d+)*|\d+(\.\d+)*")


def strangers(folder: Path) -> Iterator[Path]:
    """Files that belong to no Zarr hierarchy: what must never be deleted.

    In a folder that is neither a hierarchy nor a store of ours, those are all.
    """
    rooted = _is_ours(folder) or any((folder / name).exists() for name in DOCUMENTS)
    for place, folders, files in os.walk(folder):
        if Path(place) == folder and HIDDEN in folders:
            folders.remove(HIDDEN)
        for name in files:
            if not rooted or not (name in DOCUMENTS or PARTIAL.search(name) or _CHUNK.fullmatch(name)):
                yield Path(place, name)


def remove(folder: Path) -> None:
    """Delete a hierarchy, and the plan record last; the lock stays.

    Everything is moved aside first, which takes no time: our own documents before the chunks, so that no
    reader sees half a store; those of a foreign hierarchy after them, so that it is still known as one.
    """
    hidden = folder / HIDDEN
    trash = hidden / TRASH
    empty_trash(folder)
    trash.mkdir(parents=True)
    ours = _is_ours(folder)
    visible = [path for path in folder.iterdir() if path.name != HIDDEN]
    for path in sorted(visible, key=lambda path: (path.name in DOCUMENTS) != ours):
        path.rename(trash / path.name)
    empty_trash(folder)
    for path in sorted(hidden.iterdir(), key=lambda path: path.name == RECORD):
        if path.name != LOCK:
            path.unlink()


def empty_trash(folder: Path) -> None:
    """Delete what was moved aside."""
    trash = folder / HIDDEN / TRASH
    if trash.exists():
        shutil.rmtree(trash)


def _is_ours(folder: Path) -> bool:
    return (folder / HIDDEN / RECORD).exists()
