"""What is opened of a repository of icechunk: a branch, a tag or a snapshot.

Input: the query of a URL, or options beside a repository. Output: a `Revision`. Cost: none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from mvn_dask.errors import StorageError
from mvn_dask.readable import short_repr

KINDS_OF_REVISION = ("branch", "tag", "snapshot")
"""What a query of a URL, or an option beside a repository, may name."""
UNFINISHED = ".mvn_dask-unfinished"
"""What the name of the branch of jobs has behind that of the branch which readers open."""

_NAME = re.compile(r"[A-Za-z0-9 !$&'()+,.:;=@_-]+")
"""Names of branches and tags that icechunk lists as they are; others it lists with escapes where it keeps files."""


@dataclass(frozen=True)
class Revision:
    """What is opened of a repository."""

    kind: Literal["branch", "tag", "snapshot"]
    """What it is."""
    name: str
    """Its name, or the digits of the snapshot."""

    @property
    def query(self) -> str:
        """As the end of a URL; empty for the branch that repositories begin with.

        >>> Revision("branch", "a b").query
        '?branch=a%20b'
        """
        return "" if self == MAIN else f"?{self.kind}={quote(self.name, safe='')}"

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r}"


MAIN = Revision("branch", "main")
"""What is opened where nothing else is named."""


def revision_of(query: Mapping[str, object], argument: str) -> Revision:
    """What a query names, or the options beside a repository; `argument` is what errors are about.

    Raises StorageError for more than one name, for a name that no branch and no tag has, and for a branch of jobs.

    Examples
    --------
    >>> revision_of({"tag": "v1"}, "url")
    Revision(kind='tag', name='v1')
    """
    if not query:
        return MAIN
    if len(query) > 1:
        names = " and ".join(sorted(query))
        raise StorageError(f"`{argument}` must name one of a branch, a tag and a snapshot, not {names}")
    ((kind, name),) = query.items()
    form = "?branch=NAME, ?tag=NAME or ?snapshot=ID" if argument == "url" else "a branch, a tag or a snapshot"
    if kind not in KINDS_OF_REVISION or not isinstance(name, str) or not _NAME.fullmatch(name):
        seen = short_repr(f"{kind}={name}" if argument == "url" else dict(query))
        raise StorageError(
            f"`{argument}` may name {form} of a repository, in letters, digits, spaces and signs as -._+, not {seen}"
        )
    if kind == "branch" and name.endswith(UNFINISHED):
        readers = name.removesuffix(UNFINISHED) or "main"
        raise StorageError(
            f"`{argument}` names the branch {name!r}, to which jobs commit what is not finished yet: name {readers!r}, "
            "the branch of their store"
        )
    return Revision(kind, name)  # type: ignore[arg-type]
