from datetime import date
from typing import Any

import pytest

from mvn_dask.errors import JobFileError
from tests.support.jobs import job


def test_an_output() -> None:
    output = job(output={"url": "file:///data/x.zarr", "shards": "1e3", "overwrite": True}).output
    assert (output.url, output.shards, output.overwrite, output.fsync) == ("file:///data/x.zarr", 1000, True, False)


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"url": None}, "url: is required"),
    ({"url": ""}, "url: must be text, not empty"),
    ({"url": "a\x00b"}, "url: must be text, not empty, and without control characters"),
    ({"url": "s3://u:p@bucket/x"}, "url: must hold no credentials or queries: give them as storage_options"),
    ({"url": "s3://bucket/x?versionId=1"}, "url: must hold no credentials or queries"),
    ({"shards": 0}, "shards: must be an integer of at least 1, not 0"),
    ({"overwrite": "yes"}, 'overwrite: must be true or false, not "yes"'),
    ({"fsync": 1}, "fsync: must be true or false, not 1"),
    ({"storage_options": {"a": "b"}}, "storage_options: go with a URL, and url is a path"),
    (
        {"url": "s3://b/x", "storage_options": {"when": date(2026, 1, 1)}},
        "storage_options: must hold texts, numbers, true and false, lists and tables: when is none of these",
    ),
]


def test_faults() -> None:
    for table, fault in FAULTS:
        with pytest.raises(JobFileError) as caught:
            job(output=table)
        assert str(caught.value).startswith(f"job.toml: output.{fault}")


def test_options_are_secret() -> None:
    one = job(output={"url": "s3://bucket/x", "storage_options": {"key": "verysecret", "deep": {"er": ["verysecret"]}}})
    for text in (repr(one), str(one), f"{one.output}", one.model_dump_json(), str(one.model_dump())):
        assert "verysecret" not in text
    assert one.output.storage_options.get_secret_value()["deep"] == {"er": ["verysecret"]}
