"""Deleting a store, and knowing what must never be deleted."""

import re
from collections.abc import Iterator

from mvn_dask.errors import TargetNotEmptyError
from mvn_dask.store.record import read
from mvn_dask.store.targets.base import HIDDEN, RECORD, Target

DOCUMENTS = {"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"}
"""Metadata documents of Zarr 3 and Zarr 2."""

_CHUNK = re.compile(r"c(\.\d+)*|\d+(\.\d+)*")


def strangers(target: Target) -> Iterator[str]:
    """Files that belong to no Zarr hierarchy: what must never be deleted.

    In a folder that is neither a hierarchy nor a store of ours, those are all.
    """
    rooted = _is_ours(target) or any(target.entry(name) is not None for name in DOCUMENTS)
    for entry in target.entries():
        if entry.key.startswith(f"{HIDDEN}/"):
            continue
        name = entry.key.rpartition("/")[2]
        if not rooted or not (name in DOCUMENTS or target.is_leftover(entry.key) or _CHUNK.fullmatch(name)):
            yield entry.key


def refuse_strangers(target: Target, *, overwrite: bool) -> None:
    """Raise if something lies there that is no store of ours; with `overwrite`, if it is no Zarr hierarchy.

    Raises
    ------
    TargetNotEmptyError
        With what lies there.
    TargetError
        If it is a file.
    """
    target.refuse_if_no_folder()
    if not overwrite and read(target) is not None:
        return
    foreign = next(strangers(target), None)
    if foreign is not None:
        msg = f"{target} is not empty, and no store: {foreign} lies there. Name another target"
        raise TargetNotEmptyError(msg)
    if not overwrite and any(not entry.key.startswith(f"{HIDDEN}/") for entry in target.entries()):
        msg = f"{target} is not empty, and no store of ours: name another target, or use overwrite=True"
        raise TargetNotEmptyError(msg)


def remove(target: Target) -> None:
    """Delete a hierarchy, and the plan record last."""
    target.remove(ours=_is_ours(target), documents=lambda key: key.rpartition("/")[2] in DOCUMENTS)


def _is_ours(target: Target) -> bool:
    return target.entry(RECORD) is not None
