from pathlib import Path

import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.job.paths import is_remote, location_of, usable_location

UNUSABLE = [
    ("http://host/x.zarr", "must be a path, or an s3://, gs://, az:// or memory:// URL, not http://…"),
    ("gcs://bucket/x.zarr", "not gcs://…"),
    ("${SCHEME}://bucket/x.zarr", "not ftp://…"),
    ("s3://${UP}/x.zarr", "must be a plain prefix, without '.' and '..'"),
    ("s3://bucket/${UP}/x.zarr", "must be a plain prefix, without '.' and '..'"),
    ("s3://bucket/%2e%2e/x.zarr", "must be a plain prefix, without '.' and '..'"),
    ("s3://bucket/x#y", "must hold no credentials or queries"),
    ("s3://[bucket/x", "must be a path or a URL"),
]


@pytest.mark.parametrize(("text", "message"), UNUSABLE)
def test_a_url_at_which_nothing_can_be_stored(text: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UP", "..")
    monkeypatch.setenv("SCHEME", "ftp")
    with pytest.raises(ArgumentError) as caught:
        usable_location(text)
    assert message in str(caught.value)


def test_variables_and_names_that_are_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUCKET", "data")
    assert usable_location("s3://${BUCKET}/x") == "s3://data/x"
    assert is_remote("s3://${BUCKET}/x")
    assert usable_location("../${BUCKET}/x") == Path("../data/x")
    assert usable_location("a\udcff.zarr") == Path("a\udcff.zarr")
    for text in ("", " ", "a\nb", "a\x00b", "a\x7fb"):
        with pytest.raises(ArgumentError, match="must be text, not empty, and without control characters"):
            location_of(text)
