import subprocess
import sys
from pathlib import Path
from typing import Any

import fsspec
import pytest
import zarr
from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper
from obstore import store as obstores
from zarr.storage import FsspecStore, LocalStore, MemoryStore, ObjectStore

import mvn_dask
from mvn_dask.errors import StorageError
from mvn_dask.store.storage.addressing import open_storage, refuse_unsafe_writes
from mvn_dask.store.storage.local import LocalStorage
from tests.support.s3 import ACCESS, SECRET, Prefix


def test_paths_and_file_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each lies where it says, and nothing beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1)
    places: list[tuple[Any, str]] = [
        ("a.zarr", "a.zarr"),
        (Path("b.zarr"), "b.zarr"),
        (f"file:{tmp_path}/c%20c.zarr", "c c.zarr"),
        (f"FILE://{tmp_path}/d.zarr", "d.zarr"),
        (f"file://localhost{tmp_path}/e#f?g.zarr", "e#f?g.zarr"),
        ("~/h.zarr", "home/h.zarr"),
        (Path("~/i.zarr"), "home/i.zarr"),
        ("./s3:bucket", "s3:bucket"),
        ("run:1.zarr", "run:1.zarr"),
    ]
    for place, path in places:
        assert open_storage(place).name == str(tmp_path / path)
        mvn_dask.to_zarr(x, place)
        assert (tmp_path / path / "zarr.json").is_file()
        assert (mvn_dask.from_zarr(place) == x).all().compute()
        assert mvn_dask.verify(place).ok
    assert {path.name for path in tmp_path.iterdir()} == {path.partition("/")[0] for _, path in places}


@pytest.mark.parametrize("url", ["http://x/y", 7, None, b"/tmp/x", "", MemoryStore()])
def test_what_is_no_place_is_refused(url: Any) -> None:
    with pytest.raises(StorageError, match=r"`url` must be a (local )?path"):
        open_storage(url)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("s3:/typo", "`url` must be a path, or a URL as s3://…, not 's3:/typo'; './s3:/typo' is a path"),
        ("s3:bucket/x", "`url` must be a path, or a URL as s3://…, not 's3:bucket/x'; './s3:bucket/x' is a path"),
        ("memory:x", "`url` must be a path, or a URL as memory://…, not 'memory:x'; './memory:x' is a path"),
        ("file:x", "`url` must be an absolute path of this machine, as file:///data, not 'file:x'"),
        ("file://host/x", "`url` must be an absolute path of this machine, as file:///data, not 'file://host/x'"),
        (
            Path("s3://bucket/x"),
            "`url` must be a text if it is a URL: as a path, 's3:/bucket/x' would be a folder here",
        ),
        (
            "~nosuchuser/x",
            "`url` must be a path, and '~nosuchuser' is the home of nobody here; './~nosuchuser/x' is a p",
        ),
        ("x\0", "`url` must be a path or a URL, neither empty nor with null characters, not 'x\\x00'"),
    ],
)
def test_mistakes_in_urls_become_no_folders(
    url: Any, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1)
    for call in (lambda place: mvn_dask.to_zarr(x, place), mvn_dask.from_zarr, mvn_dask.status, mvn_dask.repair):
        with pytest.raises(StorageError) as caught:
            call(url)
        assert str(caught.value).startswith(text)
    assert not list(tmp_path.iterdir())


def test_a_pipeline_that_writes_in_place_is_refused() -> None:
    with (
        zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}),
        pytest.raises(StorageError, match="torn chunks"),
    ):
        refuse_unsafe_writes("x")
    refuse_unsafe_writes("x")


def test_a_store_that_is_open_for_reading_only_is_not_written_to(tmp_path: Path) -> None:
    x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1)
    mvn_dask.to_zarr(x, LocalStore(tmp_path / "store"))
    closed = LocalStore(tmp_path / "store", read_only=True)
    for write in (
        lambda: mvn_dask.to_zarr(x, closed, overwrite=True),
        lambda: mvn_dask.repair(closed),
        lambda: mvn_dask.extend(closed, 1),
    ):
        with pytest.raises(StorageError, match="LocalStore that was opened for reading only"):
            write()
    assert mvn_dask.verify(closed, level="values").ok
    assert mvn_dask.from_zarr(closed).shape == (10, 1)


def test_one_storage_has_one_name_however_it_is_given(prefix: Prefix, tmp_path: Path) -> None:
    for url, options in (
        (prefix.url, prefix.options),
        (f"{prefix.url}/", prefix.options),
        (prefix.url.replace("s3://", "S3://"), prefix.options),
        (prefix.object_store, None),
        (ObjectStore(obstores.S3Store.from_url(prefix.url, **prefix.options)), None),
    ):
        assert open_storage(url, options).name == prefix.url
    assert open_storage(f"{prefix.url}/a%20b", prefix.options).name == f"{prefix.url}/a b"
    (tmp_path / "link").symlink_to(tmp_path / "store")
    for place in (tmp_path / "store", tmp_path / "link", LocalStore(tmp_path / "link"), f"file://{tmp_path}/store"):
        assert open_storage(place) == LocalStorage(tmp_path / "store")


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("gs://bucket/x", {}),
        ("az://container/x", {"account_name": "account", "account_key": "c2VjcmV0"}),
        ("abfs://container@account.dfs.core.windows.net/x", {"account_key": "c2VjcmV0"}),
    ],
)
def test_other_clouds_are_named_by_their_urls(url: str, options: dict[str, str]) -> None:
    assert open_storage(url, options).name == url


def test_urls_are_texts_and_options_are_mappings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match="`url` must be a text if it is a URL"):
        open_storage(Path("s3://bucket/run"))
    for options in (5, "abc", ["a"]):
        with pytest.raises(StorageError, match="`storage_options` must be a mapping"):
            open_storage("s3://bucket/run", options)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def wrapped(protocol: str) -> FsspecStore:
    return FsspecStore(AsyncFileSystemWrapper(fsspec.filesystem(protocol), asynchronous=True), path="/tmp/x")  # noqa: S108


def s3() -> FsspecStore:
    """What s3fs makes, as far as mvn_dask looks at it."""
    store = wrapped("memory")
    store.fs.protocol = ("s3", "s3a")
    return store


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FsspecStore.from_url("file:///tmp/x"), "fsspec's file/local leaves torn chunks behind"),
        (lambda: wrapped("file"), "fsspec's file/local leaves torn chunks behind"),
        (lambda: wrapped("memory"), "fsspec's memory is not known to create exclusively"),
        (s3, "fsspec's s3/s3a is not used: give the URL and `storage_options`, or a zarr.storage.ObjectStore"),
        (lambda: FsspecStore.from_url("memory://x"), "fsspec's memory is not known to create exclusively"),
        (lambda: ObjectStore(obstores.LocalStore("/tmp")), "an obstore LocalStore is no storage"),  # noqa: S108
        (lambda: ObjectStore(obstores.MemoryStore()), "an obstore MemoryStore is no storage"),
        (lambda: ObjectStore(obstores.HTTPStore.from_url("https://x/y")), "an obstore HTTPStore is no storage"),
        (MemoryStore, "`url` must be a local path"),
        (lambda: "http://x/y", "not http://…"),
        (lambda: "https://user:verysecretvalue@x/y", "not https://…"),
        (lambda: "ftp://x/y", "not ftp://…"),
        (lambda: "s3://AKIASECRETKEYID:verysecretvalue@bucket/x", "no credentials or queries"),
        (lambda: "s3://AKIASECRETKEYID@bucket/x", "no credentials or queries"),
        (lambda: "abfs://c:verysecretvalue@account.dfs.core.windows.net/x", "no credentials or queries"),
        (lambda: "s3://bucket/x?secret_access_key=verysecretvalue", "no credentials or queries"),
        (lambda: "s3://bucket/x#verysecretvalue", "no credentials or queries"),
        (lambda: "s3://bucket/a/../x", "without '.' and '..'"),
        (lambda: "s3://bucket/a/%2e%2e/x", "without '.' and '..'"),
        (lambda: "memory://a/../x", "without '.' and '..'"),
        (lambda: "s3://bucket/a//x", "empty path segment"),
        (lambda: "s3://", "the URL or `storage_options` are not understood"),
    ],
)
def test_what_is_not_safe_is_refused_by_its_name(make: Any, message: str, tmp_path: Path) -> None:
    url = make()
    rows = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1)
    for call in (open_storage, mvn_dask.from_zarr, mvn_dask.verify, lambda place: mvn_dask.to_zarr(rows, place)):
        with pytest.raises(StorageError, match=r"`url`|fsspec|obstore|storage_options") as caught:
            call(url)
        assert message in str(caught.value)
        assert str(caught.value).count("\n") == 0
        assert SECRET not in str(caught.value)
        assert ACCESS not in str(caught.value)


def test_options_without_the_url_of_an_object_store_are_refused(prefix: Prefix, tmp_path: Path) -> None:
    for url in (tmp_path, f"file://{tmp_path}", LocalStore(tmp_path), prefix.object_store):
        with pytest.raises(StorageError, match="go with the URL of an object store"):
            open_storage(url, {"region": "x"})


def test_memory_takes_no_options() -> None:
    with pytest.raises(StorageError, match="no meaning for memory://"):
        open_storage("memory://x", {"region": "x"})


@pytest.mark.parametrize(
    "options",
    [
        {"bogus": SECRET},
        {"config": {"bogus": SECRET}},
        {"config": {"virtual_hosted_style_request": SECRET}},
        {"virtual_hosted_style_request": SECRET},
        {"client_options": SECRET},
        {"client_options": {"timeout": SECRET}},
        {"client_options": {"default_headers": {"x": f"{SECRET}\n"}}},
        {"secret_access_key": 7},
        {"region": [SECRET]},
    ],
)
def test_options_that_are_not_understood_are_refused_without_their_values(options: dict[str, Any]) -> None:
    with pytest.raises(
        StorageError, match=r"^s3://bucket: the URL or `storage_options` are not understood: "
    ) as caught:
        open_storage("s3://bucket/x", {**options, "access_key_id": ACCESS})
    assert SECRET not in str(caught.value)
    assert ACCESS not in str(caught.value)
    assert caught.value.__cause__ is None
    assert str(caught.value).count("\n") == 0


WITHOUT = """
import sys
for name in ("obstore", "xarray", "boto3", "botocore", "pandas", "polars", "pyarrow", "pint", "astropy"):
    sys.modules[name] = None
import mvn_dask
x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1)
mvn_dask.to_zarr(x, sys.argv[1])
assert (mvn_dask.from_zarr(sys.argv[1]) == x).all().compute()
assert mvn_dask.verify(sys.argv[1], level="values").ok
for url in ("s3://bucket/x", "memory://x"):
    try:
        mvn_dask.to_zarr(x, url)
    except mvn_dask.errors.StorageError as error:
        print(error)
"""

LIGHT = """
import sys
import mvn_dask
print(sorted({"obstore", "xarray", "mvn_dask.store.storage.object"} & sys.modules.keys()))
"""


def test_without_obstore_local_stores_work_and_others_say_what_to_install(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(tmp_path / "store")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines == [f"{name}:// URLs need obstore: pip install 'mvn_dask[objects]'" for name in ("s3", "memory")]


def test_importing_mvn_dask_imports_no_library_of_object_stores() -> None:
    """Nor xarray, which dask.array imports by itself where it is installed."""
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
