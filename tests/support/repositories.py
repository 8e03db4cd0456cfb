"""Repositories of icechunk in folders and buckets, and jobs that pause while they write to one."""

import os
from pathlib import Path
from typing import Any

import dask
import icechunk

import mvn_dask
from mvn_dask.store.storage.base import Storage
from mvn_dask.store.storage.icechunk.changes import TaskWriter
from tests.support.pausing import barrier, gate, rows, wait_for
from tests.support.s3 import ACCESS, SECRET, Prefix


def url_of(folder: Path, query: str = "") -> str:
    return f"icechunk+file://{folder}{query}"


def has_repository(folder: Path) -> bool:
    """Whether there is one: version 1 keeps its references in a folder, and version 2 in a file."""
    return (folder / "refs").exists() or (folder / "repo").exists()


def repository_in(folder: Path) -> icechunk.Repository:
    return icechunk.Repository.open(icechunk.local_filesystem_storage(str(folder)))


def repository_at(prefix: Prefix) -> icechunk.Repository:
    """As a user opens it, without mvn_dask."""
    storage = icechunk.s3_storage(
        bucket=prefix.bucket,
        prefix=prefix.path,
        region="us-east-1",
        endpoint_url=prefix.endpoint,
        allow_http=True,
        access_key_id=ACCESS,
        secret_access_key=SECRET,
        force_path_style=True,
    )
    return icechunk.Repository.open(storage)


def messages(repository: icechunk.Repository, branch: str = "main") -> list[str]:
    """Those of all commits, the first one first."""
    return [each.message for each in repository.ancestry(branch=branch)][::-1]


def pause_tasks(folder: Path, chunks: int) -> None:
    """In this process no task writes another chunk from now on after so many, until the gate is open."""
    write, written = TaskWriter.write, list[None]()

    def paused(self: TaskWriter, *arguments: Any) -> None:
        if len(written) >= chunks:
            barrier(folder, os.getpid()).touch()
            wait_for(gate(folder).exists, "the gate")
        written.append(None)
        write(self, *arguments)

    TaskWriter.write = paused  # type: ignore[method-assign,assignment]


def write_part(folder: Path, chunks: int, part: tuple[int, int] | None = None) -> None:
    """A job that commits whenever a task ends, and pauses after so many chunks."""
    pause_tasks(folder, chunks)
    with dask.config.set({"mvn_dask.commit": 0, "scheduler": "threads"}):
        mvn_dask.to_zarr(rows(), url_of(folder), part=part)


def contents(storage: Storage) -> dict[str, bytes]:
    """Every file of a store, and its bytes."""
    return {entry.key: storage.read(entry.key).tobytes() for entry in storage.entries()}
