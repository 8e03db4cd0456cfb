"""What is kept of a session that ends with an error; the rest is in the contract of storage."""

from pathlib import Path

import pytest

from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import MANIFEST_KEY
from tests.support.repositories import messages, repository_in, url_of

WORK = "main.mvn_dask-unfinished"


def test_files_of_a_session_that_fails_are_given_up(tmp_path: Path) -> None:
    storage = open_storage(url_of(tmp_path))

    def fail() -> None:
        with storage.session() as session:
            assert storage.create(MANIFEST_KEY, b"{}")
            storage.write("half", [b"x"])
            assert storage.read("half").tobytes() == b"x"
            assert session.try_exclusive()
            session.replace("half", [b"y"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [entry.key for entry in storage.entries()] == [MANIFEST_KEY, "half"]
    assert storage.read("half").tobytes() == b"x", "it was saved before the session was exclusive"
    assert len(messages(repository_in(tmp_path), WORK)) == 3
