"""Why there is no store in a repository of icechunk.

Input: a repository, or the folder in which there is none, and what was to be opened of it. Output: an error. Cost: a
request or two.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mvn_dask.advice import Advice
from mvn_dask.errors import NotAStoreError
from mvn_dask.readable import short_repr
from mvn_dask.store.storage.base import MANIFEST_KEY
from mvn_dask.store.storage.icechunk.nodes import Nodes
from mvn_dask.store.storage.icechunk.revision import UNFINISHED, Revision

MAKES_ONE = Advice("{to_zarr} makes one")
"""The way out where nothing is in the way."""
SHOWN_NAMES = 6
"""Names of branches or tags that an error shows, at most."""


def repository_absence(name: str, folder: Path | None) -> NotAStoreError:
    """The error where there is no repository; `folder` is its place, where it has one."""
    text = f"there is no store at {name}"
    if folder is None or not folder.exists():
        return NotAStoreError(f"{text}, and no repository of icechunk", advice=MAKES_ONE)
    if (folder / MANIFEST_KEY).exists():
        return NotAStoreError(f"{text}: {folder} is a store itself, and no repository of icechunk: name the path")
    if folder.is_dir() and not any(folder.iterdir()):
        return NotAStoreError(f"{text}: the folder is empty", advice=MAKES_ONE)
    what = "holds something else" if folder.is_dir() else "is a file"
    return NotAStoreError(f"{text}: {folder} {what}, and no repository of icechunk: name another URL")


def revision_absence(name: str, revision: Revision, repository: Any, nodes: Nodes | None) -> NotAStoreError:
    """The error where there is a repository; `nodes` lie in what was opened of it, None where it does not exist."""
    text = f"there is no store at {name}"
    if nodes is None:
        known = repository.list_tags() if revision.kind == "tag" else repository.list_branches()
        plural = "tags" if revision.kind == "tag" else "branches"
        listed = _listed(each for each in known if not each.endswith(UNFINISHED))
        text += f": the repository has {f'the {plural} {listed}, and no {revision}' if listed else f'no {plural}'}"
    elif nodes.has_nodes_of_others():
        text += f": the {revision} of the repository holds what others keep there"
    else:
        text += f": the {revision} of the repository is empty"
    if revision.kind != "branch":
        return NotAStoreError(f"{text}: name another, or a branch, as …?branch=NAME")
    if nodes is not None and nodes.has_nodes_of_others():
        return NotAStoreError(text, advice=Advice("name another branch, as …?branch=NAME; {to_zarr} makes it"))
    return NotAStoreError(text, advice=MAKES_ONE)


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    more = f", … ({len(found)})" if len(found) > SHOWN_NAMES else ""
    return ", ".join(map(short_repr, found[:SHOWN_NAMES])) + more
