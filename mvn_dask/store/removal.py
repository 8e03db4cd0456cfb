"""Deleting a store, so that a kill at any moment leaves something that can be deleted again."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from mvn_dask.atomic import PARTIAL
from mvn_dask.store.layout import ARRAY
from mvn_dask.store.occupancy import LOCK
from mvn_dask.store.record import HIDDEN, RECORD, PlanRecord

DOCUMENTS = {"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"}
"""Metadata documents of Zarr 3 and Zarr 2."""
TRASH = "trash"
"""Folder in the hidden folder, into which things are moved before they are deleted."""

_CHUNKS = re.compile(r"c|\d+([./]\d+)*")


def strangers(folder: Path, record: PlanRecord | None) -> list[str]:
    """Names in a folder that belong to no Zarr hierarchy: what must never be deleted."""
    known = DOCUMENTS | {HIDDEN}
    if (folder / HIDDEN).is_dir():
        known |= {ARRAY}
    if record is not None and record.names is not None:
        known |= {record.dimensions[-1]}
    rooted = any((folder / name).exists() for name in DOCUMENTS)
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.name not in known
        and not PARTIAL.search(path.name)
        and not any((path / name).exists() for name in DOCUMENTS)
        and not (rooted and _CHUNKS.fullmatch(path.name))
    )


def remove(folder: Path, record: PlanRecord | None) -> None:
    """Delete a hierarchy, and the plan record last; the lock stays.

    Everything is moved aside first, which takes no time: our own documents before the chunks, so that no
    reader sees half a store; those of a foreign hierarchy after them, so that it is still known as one.
    """
    hidden = folder / HIDDEN
    trash = hidden / TRASH
    empty_trash(folder)
    trash.mkdir(parents=True)
    ours = record is not None
    for path in sorted(_visible(folder), key=lambda path: (path.name in DOCUMENTS) != ours):
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


def _visible(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.name != HIDDEN)
