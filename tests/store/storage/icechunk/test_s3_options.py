"""Which options of S3 icechunk takes, and the names of those that it does not."""

from typing import Any

import icechunk
import pytest

import mvn_dask
from mvn_dask.errors import StorageOptionsError
from mvn_dask.store.storage.icechunk.s3_options import request_settings, s3_arguments
from tests.support.s3 import SECRET, Prefix

VERSION_2 = hasattr(icechunk, "StorageTimeoutSettings")


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
    assert s3_arguments({"allow_http": "1", "skip_signature": False, "region": "eu"})["allow_http"] is True


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"allow_http": "perhaps"}, "'allow_http' must be true or false"),
        ({"region": 3}, "region must be text"),
        ({"region": None}, "'region' must be text, not NoneType"),
        ({"access_key_id": "a"}, "takes access_key_id and secret_access_key, not access_key_id alone"),
        ({"client_options": 5}, "client_options must be a table"),
        ({"client_options": {"proxy_url": "x"}}, "and not 'proxy_url': open the repository with icechunk"),
        ({"client_options": {"timeout": 3}, "timeout": 3}, "timeout stands beside client_options and in it"),
        ({"timeout": "soon"}, "timeout must be seconds"),
        ({"retry_config": 5}, "retry_config must be a table"),
        ({"retry_config": {"max_retry": 5}}, "retry_config takes .*max_retries.* and not 'max_retry'"),
        ({"retry_config": {"max_retries": "many"}}, "max_retries must be an integer"),
    ],
)
def test_others_are_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(StorageOptionsError, match=message):
        mvn_dask.status("icechunk+s3://bucket/a", storage_options=options)


@pytest.mark.skipif(VERSION_2, reason="icechunk 2 takes them")
@pytest.mark.parametrize("option", ["retry_config", "timeout", "connect_timeout", "read_timeout"])
def test_version_1_has_times_and_retries_of_its_own(option: str) -> None:
    value = {"max_retries": 3} if option == "retry_config" else 30
    with pytest.raises(StorageOptionsError, match=rf"icechunk 1\..* has its own {option}: leave it out, or"):
        mvn_dask.status("icechunk+s3://bucket/a", storage_options={option: value})


@pytest.mark.skipif(not VERSION_2, reason="icechunk 1 has its own")
def test_times_and_retries() -> None:
    assert request_settings({"region": "eu"}) is None
    found = request_settings(
        {
            "timeout": "2m",
            "client_options": {"connect_timeout": 0.5, "read_timeout": "30s", "allow_http": True},
            "retry_config": {"max_retries": 0, "backoff": {"init_backoff": 0.1, "max_backoff": "2s"}},
        }
    )
    assert found is not None
    times, retries = found.timeouts, found.retries
    assert (times.operation_attempt_timeout_ms, times.connect_timeout_ms, times.read_timeout_ms) == (120000, 500, 30000)
    assert (retries.max_tries, retries.initial_backoff_ms, retries.max_backoff_ms) == (1, 100, 2000)
    for config in ({"retry_timeout": 3}, {"backoff": {"base": 2}}):
        with pytest.raises(StorageOptionsError, match="takes max_retries of `retry_config`, and init_backoff and"):
            request_settings({"retry_config": config})
