"""Which URLs, repositories and options name a repository."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import icechunk
import pytest

import mvn_dask
from mvn_dask.cli.application import app
from mvn_dask.cli.exit_codes import ExitCode
from mvn_dask.errors import StorageError, StorageOptionsError
from mvn_dask.locations import repository_url
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.icechunk.opening import opened_storage
from tests.support.s3 import SECRET, Prefix


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("icechunk+gs://bucket/a", r"not icechunk\+gs://…: open any other repository with icechunk, and give that"),
        ("icechunk+file:relative", "must be icechunk.file:///path or icechunk.s3://bucket/prefix, not 'icechunk"),
        ("icechunk+file://relative/a", "must be icechunk.file:///path"),
        ("icechunk+relative", "'./icechunk.relative' is a path"),
        ("icechunk:///data/a", "must be icechunk.file:///path"),
        ("Icechunk+/data/a", "must be icechunk.file:///path"),
        ("icechunk+s3://user:secret@bucket/a", "must hold no credentials"),
        ("icechunk+s3://bucket/../a", "plain prefix"),
        ("icechunk+file:///a?branch=x&tag=y", "one of a branch, a tag and a snapshot"),
        ("icechunk+file:///a?brunch=x", "not 'brunch=x'"),
        ("icechunk+file:///a?branch=", "not 'branch='"),
        ("icechunk+file:///a?branch=x/y", "not 'branch=x/y'"),
        ("icechunk+file:///a?branch", "at most behind it"),
    ],
)
def test_other_urls_are_refused(url: str, message: str) -> None:
    with pytest.raises(StorageError, match=message) as caught:
        open_storage(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["icechunk+file:///a", "icechunk+s3://bucket/a"])
def test_without_icechunk_an_error_says_what_to_install(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "icechunk", None)  # as where it is not installed
    words = r"URLs need icechunk: pip install 'mvn_dask\[icechunk\]'"
    x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1)
    for call in (lambda: mvn_dask.to_zarr(x, url), lambda: mvn_dask.from_zarr(url, missing="draw")):
        with pytest.raises(StorageError, match=words):
            call()
    assert app(["status", url], standalone_mode=False) == ExitCode.STORAGE
    assert re.search(words, capsys.readouterr().err)


def test_options_go_with_buckets_alone() -> None:
    with pytest.raises(StorageOptionsError, match=r"takes the options .*, and not 'sse'"):
        open_storage("icechunk+s3://bucket/a", {"sse": "x"})
    with pytest.raises(StorageOptionsError, match="no meaning"):
        open_storage("icechunk+file:///a", {"region": "eu"})


@pytest.mark.parametrize(
    "spelling",
    ["{}/", "{}//a%20b", "{}/./a b", "{}/a%20b/", "{}/a b/?branch=main", "{}/c/../a b", "ICECHUNK+FILE:{}/a b"],
)
def test_spellings_of_a_folder(spelling: str, tmp_path: Path) -> None:
    folder = tmp_path / ("" if spelling == "{}/" else "a b")
    url = spelling.format(tmp_path) if spelling[0] == "I" else "icechunk+file://" + spelling.format(tmp_path)
    assert open_storage(url).name == repository_url(folder)


def test_a_percent_sign_and_a_number_sign_in_a_name(tmp_path: Path) -> None:
    x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1)
    for name in ("100%", "a#b"):
        mvn_dask.to_zarr(x, f"icechunk+file://{tmp_path}/{name}")
        shown = mvn_dask.status(f"icechunk+file://{tmp_path}/{name}").url
        assert mvn_dask.verify(shown).ok, "what is shown is a URL of the same"
        assert (tmp_path / name / "snapshots").is_dir()


def test_what_another_commits_is_refused() -> None:
    repository = icechunk.Repository.create(icechunk.in_memory_storage())
    session = repository.writable_session("main")
    x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1)
    for what in (session, session.store):
        with pytest.raises(StorageError, match=r"whose changes are another's to commit: give the icechunk.Repository"):
            mvn_dask.to_zarr(x, what)  # type: ignore[arg-type]
    with pytest.raises(StorageError, match=r"an icechunk Storage: give what icechunk.Repository.open_or_create makes"):
        mvn_dask.to_zarr(x, icechunk.in_memory_storage())  # type: ignore[arg-type]
    with pytest.raises(StorageOptionsError, match="and not 'region'"):
        open_storage(repository, {"region": "eu"})


def test_names_hold_the_branch_and_no_secret(prefix: Prefix) -> None:
    storage = open_storage(f"icechunk+{prefix.url}?branch=b", prefix.options_of_repositories)
    assert storage.name == f"icechunk+{prefix.url}?branch=b"
    opened = icechunk.s3_storage(
        bucket="bucket", prefix="a/b", region="eu", access_key_id="x", secret_access_key=SECRET, endpoint_url="http://h"
    )
    assert SECRET not in repr(opened)
    of_user: Any = SimpleNamespace(storage=opened)
    assert opened_storage(of_user, {}).name == "icechunk+s3://bucket/a/b"
