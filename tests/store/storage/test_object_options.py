import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from obstore.store import from_url

import mvn_dask
from mvn_dask.cli.application import run
from mvn_dask.errors import StorageOptionsError
from mvn_dask.job.toml_format import format_value
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.object_options import CLIENT_OPTIONS, CLIENT_SPANS, obstore_options
from tests.support.command import JOB
from tests.support.s3 import Prefix

VALUES: dict[str, list[Any]] = {
    **{name: [30, 1.5, "30", "30s", "500ms", "2 m", timedelta(seconds=3)] for name in CLIENT_SPANS},
    **{name: [True, False, "true"] for name in CLIENT_OPTIONS if name.startswith(("allow_", "http1_", "http2_only"))},
    "default_content_type": ["text/plain"],
    "default_headers": [{"x-a": "b"}],
    "http2_keep_alive_while_idle": ["true"],
    "http2_max_frame_size": [2**15, "32768"],
    "pool_max_idle_per_host": [5, "5"],
    "proxy_url": ["http://127.0.0.1:1"],
    "proxy_excludes": ["localhost"],
    "randomize_addresses": [True],
    "user_agent": ["me"],
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_an_option_of_the_client_stands_where_it_likes(name: str) -> None:
    """obstore itself panics where one stands beside the others, and takes no number."""
    for value in VALUES[name]:
        beside, inside = obstore_options({name: value}), obstore_options({"client_options": {name: value}})
        assert beside == inside
        assert beside.keys() == {"client_options"}
        for url in ("s3://bucket/x", "gs://bucket/x"):
            region = {"region": "us-east-1"} if url.startswith("s3") else {"skip_signature": True}
            from_url(url, **obstore_options({**region, name: value}))
            open_storage(url, {**region, name.upper(): value})


def test_retries_are_plain_numbers() -> None:
    given = {"max_retries": 3, "retry_timeout": 30, "backoff": {"init_backoff": 0.1, "max_backoff": "2s", "base": 2}}
    assert obstore_options({"region": "eu", "retry_config": given}) == {
        "region": "eu",
        "retry_config": {
            "max_retries": 3,
            "retry_timeout": timedelta(seconds=30),
            "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=2), "base": 2},
        },
    }
    open_storage("s3://bucket/x", {"region": "us-east-1", "retry_config": given})
    assert given["retry_timeout"] == 30, "what was given stays as it was"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"timeout": "soon"}, "timeout must be seconds, or a span such as '30s', '500ms' or '2m'"),
        ({"timeout": True}, "timeout must be seconds"),
        ({"timeout": -1}, "timeout must be seconds"),
        ({"timeout": "1.2.3s"}, "timeout must be seconds"),
        ({"timeout": "nan"}, "timeout must be seconds"),
        ({"timeout": 10**400}, "timeout must be seconds"),
        ({"client_options": {"read_timeout": "5 parsecs"}}, "read_timeout must be seconds"),
        ({"allow_http": True, "client_options": {"allow_http": True}}, "allow_http stands beside client_options"),
        ({"client_options": 5}, "client_options must be a table"),
        ({"retry_config": 5}, "retry_config must be a table"),
        ({"retry_config": {"max_retrys": 5}}, "takes backoff, max_retries, retry_timeout, and not 'max_retrys'"),
        ({"retry_config": {"max_retries": 0.5}}, "max_retries must be an integer"),
        ({"retry_config": {"max_retries": True}}, "max_retries must be an integer"),
        ({"retry_config": {"retry_timeout": "x"}}, "retry_timeout must be seconds"),
        ({"retry_config": {"backoff": {"bass": 2}}}, "backoff takes base, init_backoff, max_backoff, and not 'bass'"),
        ({"retry_config": {"backoff": {"base": "two"}}}, "base must be a number"),
        ({"region": 5}, "region must be text"),
        # Values that are parts of our words, and names that are none.
        ({"retry_config": {"max_retries": "x"}}, "understood: max_retries must be an integer, not negative"),
        ({"retry_config": {"retry_timeout": "s"}}, "understood: retry_timeout must be seconds, or a span"),
        ({"timeout": "must"}, "understood: timeout must be seconds"),
        ({5: 1}, "names in storage_options must be text, and one of them is of type int"),
        ({"client_options": {None: "1"}}, "names in client_options must be text, and one of them is of type NoneType"),
        ({"retry_config": {5: 1, "max_retries": 2}}, "names in retry_config must be text"),
        ({"retry_config": {"backoff": {(): 1}}}, "names in backoff must be text, and one of them is of type tuple"),
        ({"proxy_url": "no url"}, "builder error"),
        ({"allow_http": "perhaps"}, "as boolean"),
        ({"nonsense": "1"}, "is not valid"),
    ],
)
def test_what_is_impossible_is_named_in_a_line(options: dict[str, Any], text: str, capfd: Any) -> None:
    with pytest.raises(StorageOptionsError, match="the URL or `storage_options` are not understood") as caught:
        open_storage("s3://bucket/x", {"region": "us-east-1", **options})
    assert text in str(caught.value)
    assert str(caught.value).count("\n") == 0
    assert capfd.readouterr() == ("", "")


def test_a_panic_is_an_error_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an option that a later obstore may have."""
    monkeypatch.setattr("mvn_dask.store.storage.addressing.obstore_options", dict)
    with pytest.raises(StorageOptionsError, match="are not understood"):
        open_storage("s3://bucket/x", {"region": "us-east-1", "allow_http": True})


def test_a_job_with_options_of_every_kind(tmp_path: Path, prefix: Prefix, capsys: pytest.CaptureFixture[str]) -> None:
    """In a real bucket behind plain http, from TOML and from a command line."""
    options = {
        **{name: value for name, value in prefix.options.items() if isinstance(value, str)},
        "allow_http": True,
        "timeout": 30,
        "retry_config": {"max_retries": 2, "retry_timeout": 20, "backoff": {"init_backoff": 0.05, "base": 2}},
    }
    job = tmp_path / "job.toml"
    table = f'url = "{prefix.url}"\nstorage_options = {format_value(options)}'
    job.write_text(JOB.replace('url = "store.zarr"', table).replace("16_000", "2000"))
    assert run(["run", str(job), "--quiet"]) == 0
    assert mvn_dask.verify(prefix.url, level="checksum", storage_options=options).ok
    flat = [f"--storage-option={name}={value}" for name, value in options.items() if isinstance(value, str)]
    assert run(["status", prefix.url, *flat, "--storage-option=allow_http=true", "--storage-option=timeout=30"]) == 0
    capsys.readouterr()
    job.write_text(job.read_text().replace("timeout = 30", 'timeout = "soon"'))
    assert run(["run", str(job), "--quiet"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "timeout must be seconds" in err


def test_the_command_prints_no_panic() -> None:
    options = ["--storage-option=region=x", "--storage-option=proxy_url=no url"]
    command = [sys.executable, "-m", "mvn_dask", "status", "s3://bucket/x", *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1
