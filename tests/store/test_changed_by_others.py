"""Stores to which others added with xarray and zarr-python: what they added survives every call, or it is refused."""

import json
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import xarray as xr
import zarr

import mvn_dask
from mvn_dask.cli.application import run
from mvn_dask.errors import DamagedManifestError, StorageNotEmptyError, UnfinishedStoreError
from mvn_dask.maintenance.describe import describe
from tests.support.damage import change, chunk, named, write
from tests.support.s3 import Prefix
from tests.support.stores import tree


@pytest.fixture(autouse=True)
def quietly() -> Iterator[None]:
    """In this thread; and Zarr and xarray warn of the hidden folder, and that metadata are consolidated."""
    with warnings.catch_warnings(), dask.config.set(scheduler="synchronous"):
        warnings.filterwarnings("ignore", "Object at .mvn_dask is not recognized")
        warnings.filterwarnings("ignore", "Consolidated metadata is currently not part")
        yield


def by_xarray(dataset: xr.Dataset, **options: Any) -> Callable[[Any], object]:
    return lambda store: dataset.to_zarr(store, mode="a", **options)


def attributes_by_zarr(store: Any) -> None:
    group = zarr.open_group(store, mode="r+")
    group.attrs["title"] = "stress of 2026"
    group["samples"].attrs["units"] = "EUR"


def array_by_zarr(store: Any) -> None:
    zarr.open_group(store, mode="r+").create_array("weight", shape=(2,), dtype="f8")[:] = [0.25, 0.75]


def group_by_zarr(store: Any) -> None:
    group = zarr.open_group(store, mode="r+").create_group("model", attributes={"by": "Ada"})
    group.create_array("loading", shape=(2, 3), chunks=(1, 3), dtype="f8")[:] = np.arange(6.0).reshape(2, 3)


def without_attributes(store: Any) -> None:
    zarr.open_group(store, mode="r+").attrs.clear()


def consolidated_anew(store: Any) -> None:
    group_by_zarr(store)
    zarr.consolidate_metadata(store)


COORDINATE = xr.Dataset(coords={"limit": ("variable", [1.0, 2.0])})
CHANGES: dict[str, tuple[Callable[[Any], object], list[str], bool]] = {
    "xarray: a variable": (by_xarray(xr.Dataset({"weight": ("variable", [0.25, 0.75])})), ["weight"], True),
    "xarray: a coordinate": (by_xarray(COORDINATE), ["limit"], True),
    "xarray: of another dimension": (by_xarray(xr.Dataset({"day": ("day", [1, 2, 3])})), ["day"], True),
    "xarray: attributes": (by_xarray(xr.Dataset(attrs={"title": "stress"})), [], True),
    "xarray: not consolidated": (by_xarray(COORDINATE, consolidated=False), ["limit"], True),
    "zarr: attributes": (attributes_by_zarr, [], False),
    "zarr: an array": (array_by_zarr, ["weight"], False),
    "zarr: a group": (group_by_zarr, ["model", "model/loading"], False),
    "zarr: no attributes": (without_attributes, [], True),
    "zarr: consolidated": (consolidated_anew, ["model", "model/loading"], False),
}
"""What others do to a store, what they add, and whether metadata of ours are lost by it."""


def foreign(store: Any, *, consolidated: bool = False) -> dict[str, Any]:
    """Attributes and numbers that are not ours, as plain readers find them, by the root's copies of metadata or not."""
    group = zarr.open_group(store, mode="r", use_consolidated=consolidated)
    found: dict[str, Any] = {}
    for path, member in [("", group), *group.members(max_depth=None)]:
        attributes = {key: value for key, value in member.attrs.items() if not (path in OWN and key in OWN[path])}
        if path not in OWN:
            found[path] = np.asarray(member[...]).tolist() if isinstance(member, zarr.Array) else "a group"
        found[f"attributes of {path}"] = attributes
    return found


OWN = {
    "": {"mvn_dask_fingerprint", "mvn_dask_format_version"},
    "samples": {"mean", "provenance"},
    "variable": set[str](),
}
"""Our groups and arrays, and their attributes."""

CALLS: dict[str, Callable[[Any], object]] = {
    "to_zarr": lambda place: mvn_dask.to_zarr(named(), place),
    "repair": mvn_dask.repair,
    "extend": lambda place: mvn_dask.extend(place, 35),
}


@pytest.mark.parametrize("call", ["to_zarr", "repair", pytest.param("extend", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", CHANGES)
def test_what_others_added_survives_every_call(name: str, call: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    act, added, loses = CHANGES[name]
    act(folder)
    before, files = foreign(folder), tree(folder)
    visible = None if "not consolidated" in name else foreign(folder, consolidated=True).keys()
    report, description = mvn_dask.status(folder), describe(folder)
    expected = ("changed", ("zarr.json",)) if loses else ("complete", ())
    assert (report.complete, report.state, report.changed) == (True, *expected)
    assert (description.complete, description.state, list(description.members)) == (True, report.state, added)
    for text in (str(report), str(description)):
        assert ("complete, but others changed its metadata since" in text) is loses
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder), named())
    verified = mvn_dask.verify(folder, level="values")
    assert (list(verified.members), verified.unknown_files, list(verified.faults)) == (added, (), ["zarr.json"] * loses)
    assert tree(folder) == files, "nothing is repaired silently"

    CALLS[call](folder)
    rows = named(135) if call == "extend" else named()
    assert foreign(folder) == before
    assert foreign(folder, consolidated=True).keys() == (visible or before.keys()), "nor is anything hidden"
    assert mvn_dask.status(folder).state == "complete"
    assert mvn_dask.verify(folder, level="values", full=True).ok
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder), rows)
    with xr.open_zarr(folder) as dataset:
        np.testing.assert_array_equal(dataset["samples"], rows)
        assert list(dataset["variable"].values) == ["oil", "gas"]
    assert dict(zarr.open_group(folder, mode="r")["samples"].attrs)["mean"] == [0.0, 1.0]
    after = tree(folder)
    mvn_dask.to_zarr(rows, folder)
    mvn_dask.repair(folder)
    assert tree(folder) == after


@pytest.mark.parametrize(
    "call",
    [pytest.param(call, marks=pytest.mark.faults if call == "extend" else pytest.mark.slow) for call in sorted(CALLS)],
)
@pytest.mark.parametrize("name", CHANGES)
def test_in_a_bucket_too(name: str, call: str, prefix: Prefix) -> None:
    mvn_dask.to_zarr(named(), prefix.object_store)
    act, added, loses = CHANGES[name]
    act(prefix.object_store)
    before = foreign(prefix.object_store)
    assert mvn_dask.status(prefix.object_store).state == ("changed" if loses else "complete")
    CALLS[call](prefix.object_store)
    assert foreign(prefix.object_store) == before
    report = mvn_dask.verify(prefix.object_store, level="values", full=True)
    assert (report.ok, list(report.members)) == (True, added)


ALONG: dict[str, Callable[[Any], object]] = {
    "a variable": by_xarray(xr.Dataset({"loss": ("sample", np.arange(100.0))})),
    "a coordinate": by_xarray(xr.Dataset(coords={"sample": np.arange(100)})),
    "in a group": by_xarray(xr.Dataset({"loss": ("sample", np.arange(100.0))}), group="deep/er"),
}


@pytest.mark.parametrize("name", ALONG)
def test_what_lies_along_the_axis_that_would_grow_is_refused(name: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    ALONG[name](folder)
    before = tree(folder)
    with pytest.raises(
        StorageNotEmptyError, match=r"lies along 'sample', .*: move it away, and add it again afterwards"
    ):
        mvn_dask.extend(folder, 35)
    assert tree(folder) == before
    mvn_dask.repair(folder)
    with xr.open_zarr(folder) as dataset:
        assert {"loss", "sample"} & {*dataset.variables} or name == "in a group"
    for path in ("loss", "sample", "deep"):
        shutil.rmtree(folder / path, ignore_errors=True)
    mvn_dask.extend(folder, 35)
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder), named(135))


def appended(folder: Path, rows: int) -> None:
    """By xarray, after it has given the array an attribute."""
    by_append = xr.Dataset({"samples": (("sample", "variable"), np.ones((rows, 2)))})
    zarr.open_group(folder, mode="r+")["samples"].attrs["units"] = "EUR"
    by_append.to_zarr(folder, append_dim="sample")


REFUSED: dict[str, Callable[[Path], object]] = {
    **CALLS,
    "overwrite": lambda folder: mvn_dask.to_zarr(named(), folder, overwrite=True),
    "status": mvn_dask.status,
    "info": describe,
    "from_zarr": mvn_dask.from_zarr,
}


@pytest.mark.parametrize("rows", [10, 50])
def test_rows_that_others_appended_are_not_hidden(rows: int, tmp_path: Path) -> None:
    """Neither those in chunks of their own, nor those in the padding of the last one; and the way out works."""
    folder = write(tmp_path / "store")
    whole = tree(folder)
    appended(folder, rows)
    before = tree(folder)
    text = rf"has the shape \({100 + rows}, 2\) in place of .*: others appended.* samples/c/3/0 is one"
    for call in REFUSED.values():
        with pytest.raises(StorageNotEmptyError, match=text):
            call(folder)
        assert tree(folder) == before
    with xr.open_zarr(folder) as dataset:
        np.testing.assert_array_equal(dataset["samples"][100:], np.ones((rows, 2)))
    # What the error says: their chunks, one after the other, since each may hold the last of them.
    for number in range(3, -(-(100 + rows) // 30)):
        with pytest.raises(StorageNotEmptyError, match=rf"samples/c/{number}/0 is one"):
            mvn_dask.repair(folder)
        shutil.rmtree(folder / "samples" / "c" / str(number))
    assert mvn_dask.repair(folder, level="values", full=True).chunks == ((3, 0),)
    assert tree(folder).keys() == whole.keys()
    assert chunk(folder, 3).read_bytes() == whole["samples/c/3/0"]
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder), named())
    assert zarr.open_group(folder, mode="r")["samples"].attrs["units"] == "EUR"
    assert mvn_dask.status(folder).complete


def test_an_array_that_others_made_longer_in_its_document_alone(tmp_path: Path) -> None:
    """Where no chunk may hold any of it, the document is damaged, and repaired."""
    x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1, chunks=50)
    folder = write(tmp_path / "store", x)
    document = folder / "samples" / "zarr.json"
    document.write_text(json.dumps({**json.loads(document.read_text()), "shape": [150, 2]}))
    for call in (mvn_dask.status, mvn_dask.from_zarr, describe):
        with pytest.raises(
            DamagedManifestError,
            match=r"disagree, since .* `shape` from \[100, 2\] to \[150, 2\]: mvn_dask\.repair writes",
        ):
            call(folder)
    assert mvn_dask.repair(folder).chunks == ()
    assert mvn_dask.status(folder).complete


def test_what_others_add_to_an_unfinished_store(tmp_path: Path) -> None:
    """It stays unfinished as long as chunks are missing, and what was added is there when it is finished."""
    folder = write(tmp_path / "store")
    group_by_zarr(folder)
    before = foreign(folder)
    chunk(folder, 2).unlink()
    assert mvn_dask.status(folder).state == describe(folder).state == "unfinished"
    with pytest.raises(UnfinishedStoreError, match="1 of 4 chunks"):
        mvn_dask.from_zarr(folder)
    (folder / "zarr.json").unlink()
    mvn_dask.to_zarr(named(), folder)
    assert foreign(folder) == foreign(folder, consolidated=True) == before


def test_an_extension_that_died_after_xarray_was_there_is_unfinished(tmp_path: Path) -> None:
    """Not damaged, although the array's document and the new manifest disagree."""
    folder = write(tmp_path / "store")
    CHANGES["xarray: attributes"][0](folder)

    def die(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    with dask.config.set(scheduler=die), pytest.raises(KeyboardInterrupt):
        mvn_dask.extend(folder, 300)
    assert mvn_dask.status(folder).state == "unfinished"
    mvn_dask.repair(folder)
    assert zarr.open_group(folder, mode="r").attrs["title"] == "stress"
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder), named(400))


@pytest.mark.parametrize("key", ["zarr.json", "samples/zarr.json"])
def test_a_document_that_is_too_long_to_be_amended_is_refused(key: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    attributes = json.loads((folder / key).read_text())["attributes"]
    change(folder / key, attributes={**attributes, "log": "x" * 10**7})
    before = tree(folder)
    for call in (*CALLS.values(), mvn_dask.from_zarr, mvn_dask.status):
        with pytest.raises(DamagedManifestError, match=rf"{key} of .* has 1000\d+ bytes, .*: move it away"):
            call(folder)
    assert tree(folder) == before
    (folder / key).rename(tmp_path / "elsewhere")
    mvn_dask.repair(folder)
    assert mvn_dask.verify(folder).ok


def test_extensions_that_readers_may_ignore_stay(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    document = folder / "samples" / "zarr.json"
    change(document, license={"must_understand": False, "name": "CC0"}, more=1)
    assert list(mvn_dask.verify(folder).faults) == ["samples/zarr.json"]
    mvn_dask.repair(folder)
    found = json.loads(document.read_text())
    assert found["license"]["name"] == "CC0"
    assert "more" not in found
    assert mvn_dask.verify(folder).ok


def test_the_command_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "store")
    CHANGES["xarray: a coordinate"][0](folder)
    for command, text in (("status", "others changed its metadata since: zarr.json"), ("info", "added by others")):
        assert run([command, str(folder)]) == 0
        assert text in capsys.readouterr().out
        assert run([command, str(folder), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["state"], found["complete"]) == ("changed", True)
    assert run(["verify", str(folder)]) == 5
    assert run(["repair", str(folder)]) == 0
    capsys.readouterr()
    assert run(["verify", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["members"] == ["limit"]
