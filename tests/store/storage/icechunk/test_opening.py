"""Which URLs, repositories and options name a repository."""

from types import SimpleNamespace
from typing import Any

import icechunk
import pytest

import mvn_dask
from mvn_dask.errors import StorageError, StorageOptionsError
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.icechunk.opening import opened_storage, s3_arguments
from tests.support.s3 import SECRET, Prefix


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("icechunk+gs://bucket/a", r"not icechunk\+gs://…: open any other repository with icechunk, and give that"),
        ("icechunk+file:relative", "URL as icechunk"),
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


def test_options_are_those_of_other_buckets(prefix: Prefix) -> None:
    found = s3_arguments(prefix.options)
    assert found.pop("secret_access_key") == SECRET
    assert found == {
        "endpoint_url": prefix.endpoint,
        "access_key_id": "AKIASECRETKEYID",
        "region": "us-east-1",
        "allow_http": True,
        "force_path_style": True,
    }
    assert s3_arguments({"AWS_REGION": "eu", "virtual_hosted_style_request": "true", "endpoint": "x"}) == {
        "region": "eu",
        "endpoint_url": "x",
        "force_path_style": False,
        "from_env": True,
    }
    with pytest.raises(StorageOptionsError, match=r"takes the options .*, and not 'sse'"):
        open_storage("icechunk+s3://bucket/a", {"sse": "x"})
    with pytest.raises(StorageOptionsError, match="'allow_http' must be true or false"):
        open_storage("icechunk+s3://bucket/a", {"allow_http": "perhaps"})
    with pytest.raises(StorageOptionsError, match="no meaning"):
        open_storage("icechunk+file:///a", {"region": "eu"})


def test_what_another_commits_is_refused() -> None:
    repository = icechunk.Repository.create(icechunk.in_memory_storage())
    session = repository.writable_session("main")
    x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1)
    for what in (session, session.store):
        with pytest.raises(StorageError, match=r"whose changes are another's to commit: give the icechunk.Repository"):
            mvn_dask.to_zarr(x, what)  # type: ignore[arg-type]
    with pytest.raises(StorageOptionsError, match="and not 'region'"):
        open_storage(repository, {"region": "eu"})


def test_names_hold_the_branch_and_no_secret(prefix: Prefix) -> None:
    storage = open_storage(f"icechunk+{prefix.url}?branch=b", prefix.options)
    assert storage.name == f"icechunk+{prefix.url}?branch=b"
    opened = icechunk.s3_storage(
        bucket="bucket", prefix="a/b", region="eu", access_key_id="x", secret_access_key=SECRET, endpoint_url="http://h"
    )
    assert SECRET not in repr(opened)
    of_user: Any = SimpleNamespace(storage=opened)
    assert opened_storage(of_user, {}).name == "icechunk+s3://bucket/a/b"
