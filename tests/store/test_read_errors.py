"""Files and objects that cannot be read: an error that names them, and never "damaged", "missing" or "unfinished"."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import dask
import pytest

import mvn_dask
from mvn_dask.errors import MvnDaskError, TransportError
from mvn_dask.maintenance.describe import describe
from mvn_dask.store.storage.base import is_lock
from mvn_dask.store.storage.local import LocalStorage
from tests.support.damage import named, write
from tests.support.s3 import Prefix
from tests.support.stores import tree

Call = Callable[..., object]
CALLS: dict[str, Call] = {
    "from_zarr": lambda url, **options: mvn_dask.from_zarr(url, **options).compute(),
    "status": mvn_dask.status,
    "describe": describe,
    "size": mvn_dask.verify,
    "checksum": lambda url, **options: mvn_dask.verify(url, level="checksum", **options),
    "values": lambda url, **options: mvn_dask.verify(url, level="values", **options),
    "report": mvn_dask.report,
    "to_zarr": lambda url, **options: mvn_dask.to_zarr(named(), url, **options),
    "repair": mvn_dask.repair,
    "extend": lambda url, **options: mvn_dask.extend(url, 5, **options),
}
FILES: dict[str, set[str]] = {
    "manifest.json": set(CALLS),
    "mean.npy": {"size", "checksum", "values", "report", "repair", "extend"},
    "factor.matrix.npy": {"size", "checksum", "values", "report", "repair", "extend"},
    "writer.json": {"describe", "values", "report"},
    "samples/zarr.json": set(CALLS) - {"report"},
    "variable/c/0": {"size", "checksum", "values", "repair", "extend"},
    "samples/c/2/0": {"from_zarr", "checksum", "values", "report", "repair"},
}
"""Files, and the calls that have to read them; other calls may, but need not."""


@pytest.fixture(autouse=True)
def in_this_thread() -> Iterator[None]:
    with dask.config.set(scheduler="synchronous"):
        yield


@contextmanager
def unprivileged() -> Iterator[None]:
    """As another user, since root may read everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture(scope="module")
def finished() -> Iterator[Path]:
    """A finished store; everything that calls import is imported, since another user cannot."""
    with TemporaryDirectory() as name, dask.config.set(scheduler="synchronous"):
        Path(name).chmod(0o777)
        for call in CALLS.values():
            call(write(Path(name) / "warm", overwrite=True))
        yield write(Path(name) / "finished")


@pytest.fixture
def store(finished: Path) -> Iterator[Path]:
    """A copy that another user may write to."""
    folder = shutil.copytree(finished, finished.with_name("store"))
    allow(folder)
    yield folder
    shutil.rmtree(folder)


def allow(folder: Path) -> None:
    folder.chmod(0o777)
    for path in folder.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)


def error_of(call: Call, store: Path) -> Exception | None:
    """The error of a call by another user; None where there is none."""
    with unprivileged():
        try:
            call(store)
        except (PermissionError, MvnDaskError) as error:
            return error
    return None


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_may_not_be_read(file: str, store: Path) -> None:
    before = tree(store)
    (path,) = (path for path in store.rglob("*") if str(path).endswith(f"/{file}"))
    path.chmod(0)
    for name, call in CALLS.items():
        error = error_of(call, store)
        if error is None:
            assert name not in FILES[file], name
        else:
            assert type(error) is PermissionError, (name, error)
            assert error.filename == str(path), name
        if error is not None or name != "extend":
            assert tree(store) == before, name


@pytest.mark.parametrize("folder", ["", ".mvn_dask", ".mvn_dask/parameters", "samples", "samples/c", "samples/c/1"])
@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_folder_that_may_not_be_entered(folder: str, mode: int, store: Path) -> None:
    before = tree(store)
    (store / folder).chmod(mode)
    for name, call in CALLS.items():
        error = error_of(call, store)
        if error is not None or folder != ".mvn_dask/parameters":
            assert type(error) is PermissionError, (name, error)
            assert str(store / folder) in error.filename, name
        assert tree(store) == before, name


def test_what_cannot_be_looked_at_is_not_created_anew(store: Path) -> None:
    (store / ".mvn_dask" / "parameters").chmod(0)
    with unprivileged(), pytest.raises(PermissionError):
        LocalStorage(store).create(".mvn_dask/parameters/mean.npy", b"new")


@pytest.mark.faults
@pytest.mark.parametrize("file", FILES)
def test_an_object_that_may_not_be_read(file: str, prefix: Prefix, tmp_path: Path) -> None:
    forbidden = prefix.below(f"unreadable={file.replace('/', '+')}")
    for key, content in tree(write(tmp_path / "store")).items():
        forbidden.write(key, content)
    before = tags(forbidden)
    for name, call in CALLS.items():
        if name in {"repair", "extend", "to_zarr"} and name not in FILES[file]:
            continue
        error: Exception | None = None
        try:
            call(forbidden.url, storage_options=forbidden.options)
        except MvnDaskError as caught:
            error = caught
        if error is None:
            assert name not in FILES[file], name
        else:
            assert type(error) is TransportError, (name, error)
            assert "403" in str(error) or "denied" in str(error).lower()
        assert tags(forbidden) == before, name


def tags(prefix: Prefix) -> dict[str, str]:
    """Every object but leases by its tag, from a listing alone."""
    pages = prefix.client.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=f"{prefix.path}/")
    found = [each for page in pages for each in page.get("Contents", [])]
    return {each["Key"]: each["ETag"] for each in found if not is_lock(each["Key"].removeprefix(f"{prefix.path}/"))}
