"""Folders: temporary files, the spool, home, the working folder, shared memory. Output: a finding for each.

Cost: a small file is written to each and removed.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mvn_dask.diagnosis.base import Finding
from mvn_dask.readable import readable_bytes

LITTLE_ROOM = 2**30
"""Bytes that are little for a factor that is spooled, or for a store."""
AUTOMATIC = ("auto", "graph")
"""Settings of the spool that name no folder."""


def temporary_folder() -> Iterator[Finding]:
    """Where factors are spooled for the processes of this machine, unless a spool is configured."""
    cure = "export TMPDIR=… with a folder that you may write to"
    try:
        folder = tempfile.gettempdir()
    except FileNotFoundError as error:
        yield Finding("temporary files", "fault", f"no folder for them: {error.strerror}", cure)
        return
    yield _room("temporary files", folder, cure)


def spool() -> Iterator[Finding]:
    """Where arrays lie that the workers of a cluster read."""
    from mvn_dask.errors import ArgumentError
    from mvn_dask.sampling.workers import spool_setting

    cure = "export DASK_MVN_DASK__SPOOL=… with a folder or a URL that this process and all workers see"
    try:
        setting = spool_setting()
    except ArgumentError as error:
        yield Finding("spool", "fault", error.text, cure)
        return
    if setting in AUTOMATIC:
        where = "in graphs" if setting == "graph" else "temporary files, which other machines do not see"
        yield Finding("spool", "ok", where)
    elif "://" in setting:
        yield Finding("spool", "ok", f"{setting}, which was not tried")
    else:
        yield _room("spool", setting, cure)


def home() -> Iterator[Finding]:
    """The home folder, where settings of dask and code of numba may lie; it need not be writable."""
    try:
        folder = Path.home()
    except RuntimeError:
        yield Finding("home", "warning", "this user has none", "export HOME=… with a folder of yours")
        return
    fault = _write_fault(str(folder))
    if fault is None:
        yield Finding("home", "ok", str(folder))
    else:
        cure = "nothing, if compiled code is kept elsewhere (see below); else export HOME=… with a folder of yours"
        yield Finding("home", "warning", f"{folder}: {fault}", cure)


def working_folder() -> Iterator[Finding]:
    """Where relative paths of stores lie."""
    try:
        folder = str(Path.cwd())
    except FileNotFoundError:
        yield Finding("working folder", "fault", "it was deleted", "cd to a folder that is there")
        return
    found = _room("working folder", folder, "name stores in another folder, by a whole path or a URL")
    # Nothing has to be stored there.
    yield found if found.grade == "ok" else Finding(found.name, "warning", found.value, found.cure)


def shared_memory() -> Iterator[Finding]:
    """Semaphores, which processes of one machine count with."""
    from multiprocessing import get_context

    try:
        get_context("spawn").Value("q", 0)
    except (OSError, ImportError) as error:
        text = f"semaphores cannot be made: {error}"
        cure = 'mount /dev/shm (docker run --shm-size=64m), or use threads: cluster.kind = "threads"'
        yield Finding("shared memory", "warning", text, cure)
        return
    where = "/dev/shm" if sys.platform.startswith("linux") else "of the system"  # noqa: S108 named, not used
    yield Finding("shared memory", "ok", where)


def _room(name: str, folder: str, cure: str) -> Finding:
    fault = _write_fault(folder)
    if fault is not None:
        return Finding(name, "fault", f"{folder}: {fault}", cure)
    free = shutil.disk_usage(folder).free
    if free < LITTLE_ROOM:
        return Finding(
            name, "warning", f"{folder}, with {readable_bytes(free)} free only", f"free some room, or {cure}"
        )
    return Finding(name, "ok", f"{folder}, {readable_bytes(free)} free")


def _write_fault(folder: str) -> str | None:
    """Why no file can be written to a folder, if that is so."""
    if not os.path.isdir(folder):  # noqa: PTH112 one that cannot be looked at is none
        return "there is no such folder"
    try:
        # Not by asking for permissions, which say nothing of file systems that are mounted read-only, or full.
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".mvn-dask-doctor-") as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        return f"cannot be written to: {error.strerror}"
    return None
