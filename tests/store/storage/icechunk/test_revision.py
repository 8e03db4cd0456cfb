"""Names of what is opened of a repository."""

from urllib.parse import parse_qsl

import pytest

from mvn_dask.errors import StorageError
from mvn_dask.store.storage.icechunk.revision import MAIN, UNFINISHED, Revision, revision_of


@pytest.mark.parametrize("name", ["dev", "v1.2", "a b", "a+b", "x=y&z"])
@pytest.mark.parametrize("kind", ["branch", "tag", "snapshot"])
def test_a_name_is_that_of_its_query(kind: str, name: str) -> None:
    revision = revision_of({kind: name}, "url")
    assert (revision.kind, revision.name) == (kind, name)
    assert revision_of(dict(parse_qsl(revision.query.removeprefix("?"))), "url") == revision


def test_nothing_is_the_main_branch() -> None:
    assert revision_of({}, "url") == revision_of({"branch": "main"}, "url") == MAIN
    assert (MAIN.query, str(Revision("tag", "v1"))) == ("", "tag 'v1'")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"branch": ""}, r"`url` may name \?branch=NAME, .* not 'branch='"),
        ({"branch": "a/b"}, "letters, digits, spaces"),
        ({"branch": "ä"}, "not 'branch=ä'"),
        ({"tag": "50%"}, "not 'tag=50%'"),
        ({"brnch": "main"}, "not 'brnch=main'"),
        ({"tag": "a", "branch": "b"}, "must name one of a branch, a tag and a snapshot, not branch and tag"),
        ({"branch": f"dev{UNFINISHED}"}, "jobs commit what is not finished yet: name 'dev'"),
        ({"branch": UNFINISHED}, "name 'main'"),
    ],
)
def test_what_is_no_name_is_refused(query: dict[str, str], words: str) -> None:
    with pytest.raises(StorageError, match=words):
        revision_of(query, "url")


def test_options_beside_a_repository_are_named() -> None:
    with pytest.raises(StorageError, match=r"`storage_options` may name a branch, .* not \{'branch': 1\}"):
        revision_of({"branch": 1}, "storage_options")
