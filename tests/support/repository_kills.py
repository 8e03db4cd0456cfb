"""Jobs on repositories of icechunk that end, as by kill -9, right before a given step of their protocol."""

import os
from collections.abc import Callable
from functools import wraps
from inspect import getattr_static
from pathlib import Path
from typing import Any

import dask
import icechunk

import mvn_dask
from tests.support.pausing import rows
from tests.support.repositories import url_of
from tests.support.stores import labelled

STEPS: tuple[tuple[type, str], ...] = (
    (icechunk.Repository, "create"),
    (type(Path()), "rename"),
    (icechunk.Repository, "create_branch"),
    (icechunk.Repository, "reset_branch"),
    (icechunk.Repository, "delete_branch"),
    (icechunk.Session, "fork"),
    (icechunk.Session, "merge"),
    (icechunk.Session, "commit"),
    (icechunk.IcechunkStore, "set"),
    (icechunk.IcechunkStore, "delete"),
)
"""All calls by which a job changes a repository: between two of them nothing changes there."""


def count_steps(before_each: Callable[[str], None]) -> None:
    """In this process every step is announced from now on, by its name."""
    for owner, name in STEPS:
        found = getattr_static(owner, name)
        call = found.__func__ if isinstance(found, classmethod) else found

        @wraps(call)
        def announced(*arguments: Any, _call: Any = call, _name: str = name, **options: Any) -> Any:
            before_each(_name)
            return _call(*arguments, **options)

        setattr(owner, name, classmethod(announced) if isinstance(found, classmethod) else announced)


def write(folder: Path) -> None:
    """Begin a store, or go on with it; a commit after each chunk."""
    _run(lambda: mvn_dask.to_zarr(labelled(chunks=600), url_of(folder)))


def overwrite(folder: Path) -> None:
    """Replace a store by another."""
    _run(lambda: mvn_dask.to_zarr(labelled(chunks=600, seed=2), url_of(folder), overwrite=True))


def extend(folder: Path) -> None:
    """Append 500 rows, or complete the store to which some were appended."""
    url = url_of(folder)
    if mvn_dask.status(url).rows == 1000:
        _run(lambda: mvn_dask.extend(url, 500))
    else:
        _run(lambda: mvn_dask.repair(url))


def repair(folder: Path) -> None:
    """Draw again what is bad or missing."""
    _run(lambda: mvn_dask.repair(url_of(folder)))


def _run(what: Callable[[], object]) -> None:
    with dask.config.set({"mvn_dask.commit": 0, "scheduler": "synchronous"}):
        what()


def act_and_die(action: Callable[[Path], None], folder: Path, step: int) -> None:
    """Act, and end before the n-th step; to the end where there are fewer."""
    seen: list[str] = []

    def die(name: str) -> None:
        seen.append(name)
        if len(seen) == step:
            os._exit(9)

    count_steps(die)
    action(folder)


def write_down_steps(action: Callable[[Path], None], folder: Path, names: Path) -> None:
    """Act, and write the names of all steps to a file."""
    seen: list[str] = []
    count_steps(seen.append)
    action(folder)
    names.write_text("\n".join(seen))


def write_many(folder: Path) -> None:
    """Write 32 chunks by threads, with a commit after each range."""
    with dask.config.set({"mvn_dask.commit": 0, "scheduler": "threads"}):
        mvn_dask.to_zarr(rows(), url_of(folder))
