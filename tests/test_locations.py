import os
from pathlib import Path
from typing import Any

import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.locations import as_text, local_path, parse_location

HOME = "/home/somebody"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", HOME)


class Place(os.PathLike[bytes]):
    def __fspath__(self) -> bytes:
        return b"/data/a"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("a", "a"),
        ("a/b.zarr", "a/b.zarr"),
        ("/data/a", "/data/a"),
        (Path("a"), "a"),
        (Place(), "/data/a"),
        ("file:/data/a", "/data/a"),
        ("file:///data/a%20b", "/data/a b"),
        ("FILE:///data/a", "/data/a"),
        ("File:/data/a", "/data/a"),
        ("file://localhost/data/a#b?c", "/data/a#b?c"),
        ("FILE://LocalHost/data/a", "/data/a"),
        ("~", HOME),
        ("~/a", f"{HOME}/a"),
        (Path("~/a"), f"{HOME}/a"),
        ("~root/a", str(Path("~root/a").expanduser())),
        ("./~/a", "~/a"),
        ("a/~/b", "a/~/b"),
        ("run:7", "run:7"),
        ("2026-01-01T12:00:00.zarr", "2026-01-01T12:00:00.zarr"),
        ("a/s3:/b", "a/s3:/b"),
        ("./s3:/b", "s3:/b"),
        ("./s3:b", "s3:b"),
        ("./file:b", "file:b"),
        ("C:/a", "C:/a"),
    ],
)
def test_paths(given: Any, path: str) -> None:
    found = parse_location(given)
    assert isinstance(found, Path)
    assert found == Path(path) == local_path(given)
    assert parse_location(as_text(found)) == found, "as a text it is the same path"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("s3://bucket/a", "s3://bucket/a"),
        ("S3://Bucket/A", "s3://Bucket/A"),
        ("Memory://a", "memory://a"),
        ("what://ever", "what://ever"),
    ],
)
def test_urls(given: str, url: str) -> None:
    assert parse_location(given) == url
    with pytest.raises(ArgumentError, match=f"must be a path of this machine, not the URL '{url}'"):
        local_path(given)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("s3:/typo", "must be a path, or a URL as s3://…, not 's3:/typo'; './s3:/typo' is a path"),
        ("s3:bucket/x", "must be a path, or a URL as s3://…, not 's3:bucket/x'; './s3:bucket/x' is a path"),
        ("GS:bucket", "must be a path, or a URL as gs://…, not 'GS:bucket'"),
        ("memory:x", "must be a path, or a URL as memory://…, not 'memory:x'"),
        ("https:/host/x", "must be a path, or a URL as https://…, not 'https:/host/x'"),
        ("other:/x", "must be a path, or a URL as other://…, not 'other:/x'"),
        ("simplecache::s3://bucket/x", "must be a path, or a URL as s3://…, not 'simplecache::s3://bucket/x'"),
        ("://bucket", "must be a path, or a URL as s3://…, not '://bucket'"),
        ("s3:key:verysecret@bucket", "must be a path, or a URL as s3://…, not 's3:…'"),
        ("file:a", "must be an absolute path of this machine, as file:///data, not 'file:a'"),
        ("file:", "must be an absolute path of this machine, as file:///data, not 'file:'"),
        ("file://", "must be an absolute path of this machine, as file:///data, not 'file://'"),
        ("file://host/a", "must be an absolute path of this machine, as file:///data, not 'file://host/a'"),
        ("file:/%00", "must be an absolute path of this machine, as file:///data, not 'file:/%00'"),
        (Path("s3://bucket/a"), "must be a text if it is a URL: as a path, 's3:/bucket/a' would be a folder here"),
        (Path("file:/a"), "must be a text if it is a URL"),
        (Path("s3:a"), "must be a text if it is a URL"),
        ("~nosuchuser/x", "'~nosuchuser' is the home of nobody here; './~nosuchuser/x' is a path"),
        (Path("~nosuchuser/x"), "'~nosuchuser' is the home of nobody here; './~nosuchuser/x' is a path"),
        ("", "must be a path or a URL, neither empty nor with null characters, not ''"),
        (" ", "neither empty nor"),
        ("a\0b", r"not 'a\x00b'"),
        ("s3:\x1b[31m", r"not 's3:\x1b[31m'"),
        (None, "must be a path or a URL, not NoneType"),
        (7, "must be a path or a URL, not int"),
        (b"a", "must be a path or a URL, not bytes"),
    ],
)
def test_what_is_neither_is_refused_with_the_way_out(given: Any, text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse_location(given)
    assert text in str(caught.value)
    assert "verysecret" not in str(caught.value)
    way_out = str(caught.value).partition("; ")[2].removesuffix(" is a path").strip("'")
    if way_out and "…" not in way_out and "\\" not in way_out:
        assert parse_location(way_out) == Path(str(given))


def test_text_that_the_system_cannot_encode_is_refused() -> None:
    """Half a surrogate pair; but a file's name that is no UTF-8 is one, as the system gives it."""
    for text in ("a\ud800", "file:///a\ud800", "s3://bucket/\ud800", "memory://\ud800"):
        with pytest.raises(ArgumentError, match=r"must be text that utf-8 can hold, and '.*\\ud800' is none"):
            parse_location(text)
    lost = os.fsdecode(b"lost\xff")
    assert os.fsencode(parse_location(lost)) == b"lost\xff"
