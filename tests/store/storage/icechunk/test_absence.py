"""Why there is no store: what is there instead, and what helps."""

from collections.abc import Callable
from pathlib import Path

import icechunk
import pytest
import zarr

import mvn_dask
from mvn_dask.errors import NotAStoreError, StorageError, StorageNotEmptyError
from tests.support.repositories import repository_in, url_of
from tests.support.s3 import Prefix
from tests.support.stores import sample


def repository_of(folder: Path, *arrays: str) -> Path:
    repository = icechunk.Repository.create(icechunk.local_filesystem_storage(str(folder)))
    for name in arrays:
        session = repository.writable_session("main")
        zarr.create_group(session.store).create_array(name, shape=(3,), dtype="i4")
        session.commit("theirs")
    return folder


def store_in(folder: Path) -> Path:
    mvn_dask.to_zarr(sample(10), folder)
    return folder


def empty_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


def file_at(path: Path) -> Path:
    path.write_text("x")
    return path


MADE: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "nothing": (lambda folder: folder, "", "and no repository of icechunk: mvn_dask.to_zarr makes one"),
    "an empty folder": (empty_folder, "", "the folder is empty: mvn_dask.to_zarr makes"),
    "a file": (file_at, "", "is a file, and no repository of icechunk: name another URL"),
    "a store": (store_in, "", "is a store itself, and no repository of icechunk: name the path"),
    "an empty repository": (repository_of, "", "the branch 'main' of the repository is empty: mvn_dask.to_zarr makes"),
    "another's": (lambda folder: repository_of(folder, "theirs"), "", "holds what others keep there: name another bra"),
    "no branch": (repository_of, "?branch=dev", "has the branches 'main', and no branch 'dev': mvn_dask.to_zarr makes"),
    "no tag": (repository_of, "?tag=v1", "has no tags: name another, or a branch, as …?branch=NAME"),
}


@pytest.mark.parametrize("name", MADE)
def test_an_error_says_what_is_there(name: str, tmp_path: Path) -> None:
    make, query, words = MADE[name]
    url = url_of(make(tmp_path / "place"), query)
    with pytest.raises(NotAStoreError, match="there is no store at icechunk") as caught:
        mvn_dask.status(url)
    assert words in str(caught.value)
    with pytest.raises(NotAStoreError):
        mvn_dask.from_zarr(url, missing="draw")
    assert not (tmp_path / "place").exists() or name != "nothing"


def test_a_snapshot_that_is_not_there(tmp_path: Path) -> None:
    repository_of(tmp_path / "place")
    for digits in ("none", "4CD1BZC6H5J431V602XG"):
        with pytest.raises(StorageError, match=f"the snapshot '{digits}', which the repository does not have"):
            mvn_dask.status(url_of(tmp_path / "place", f"?snapshot={digits}"))


def test_the_path_of_a_repository_is_none_of_a_store(tmp_path: Path) -> None:
    folder = repository_of(tmp_path / "a b")
    words = r"it is a repository of icechunk: its URL is icechunk\+file:///.*/a%20b$"
    with pytest.raises(NotAStoreError, match=words):
        mvn_dask.status(folder)
    for overwrite in (False, True):
        with pytest.raises(StorageNotEmptyError, match=words):
            mvn_dask.to_zarr(sample(10), folder, overwrite=overwrite)
    assert repository_in(folder).list_branches() == {"main"}


def test_a_bucket_says_the_same(prefix: Prefix) -> None:
    """A store where a repository was named, and a repository where a store was named."""
    options = prefix.options_of_repositories
    store, repository = prefix.below("a store"), prefix.below("a b")
    mvn_dask.to_zarr(sample(10), store.url, storage_options=prefix.options)
    mvn_dask.to_zarr(sample(10), f"icechunk+{repository.url}", storage_options=options)
    with pytest.raises(StorageNotEmptyError, match=r"a%20store is no repository of icechunk, and not empty: `url` mus"):
        mvn_dask.to_zarr(sample(10), f"icechunk+{store.url}", storage_options=options)
    with pytest.raises(NotAStoreError, match="and no repository of icechunk"):
        mvn_dask.status(f"icechunk+{store.url}", storage_options=options)
    words = f"it is a repository of icechunk: its URL is icechunk.{prefix.url}/a%20b$"
    with pytest.raises(NotAStoreError, match=words):
        mvn_dask.status(repository.url, storage_options=prefix.options)
    with pytest.raises(StorageNotEmptyError, match="is not empty, and no store"):
        mvn_dask.to_zarr(sample(10), repository.url, overwrite=True, storage_options=prefix.options)


def test_many_names_are_cut(tmp_path: Path) -> None:
    repository = repository_in(repository_of(tmp_path / "place"))
    for number in range(9):
        repository.create_branch(f"b{number}", repository.lookup_branch("main"))
    with pytest.raises(NotAStoreError, match=r"'b0', 'b1', 'b2', 'b3', 'b4', 'b5', … \(10\), and no branch 'dev'"):
        mvn_dask.status(url_of(tmp_path / "place", "?branch=dev"))
