from pathlib import Path
from typing import Any

import pytest
import zarr

import mvn_dask
from mvn_dask.errors import StorageNotEmptyError
from mvn_dask.store.format import members as module
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.format.members import files_of, members, refuse_members_along
from mvn_dask.store.storage.addressing import open_storage
from tests.support.damage import named, write
from tests.support.stores import put


def add(folder: Path) -> None:
    """Groups and arrays as zarr-python adds them, and files that are none."""
    group = zarr.open_group(folder, mode="r+")
    group.create_array("loss", shape=(100,), chunks=(50,), dtype="f8", dimension_names=["sample"])[:] = 1.0
    more = group.create_group("more", attributes={"note": "by Ada"})
    more.create_group("deep").create_array("x", shape=(4, 4), chunks=(2, 2), dtype="i4", fill_value=0)[:] = 7
    put(folder, "note", "src/main.c", "2024/zarr.json", "implicit/group/x", "more/2024")


@pytest.mark.parametrize("names", [True, False])
def test_what_others_added(names: bool, tmp_path: Path) -> None:
    x = named() if names else mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1, chunks=30)
    folder = write(tmp_path / "store", x)
    storage = open_storage(folder)
    manifest = require_manifest(storage)
    assert members(storage, manifest) == {}
    add(folder)
    found = members(storage, manifest)
    assert list(found) == ["loss", "more", "more/deep", "more/deep/x"]
    files = files_of(found)
    for key in ("loss/zarr.json", "loss/c/0", "loss/c/1", "more/zarr.json", "more/deep/x/c/1/1"):
        assert key in files
    for key in ("note", "src/main.c", "2024/zarr.json", "more/2024", "loss/c/2", "zarr.json", "samples/c/0/0"):
        assert key not in files
    if not names:
        zarr.open_group(folder, mode="r+").create_array("variable", shape=(2,), dtype="i4")
        assert "variable" in members(storage, manifest)


@pytest.mark.parametrize(("dimension", "path"), [("sample", "loss"), ("day", "more/deep/days")])
def test_what_lies_along_an_axis(dimension: str, path: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    storage = open_storage(folder)
    add(folder)
    zarr.open_group(folder / "more" / "deep", mode="r+").create_array(
        "days", shape=(3, 4), dtype="i4", dimension_names=["variable", "day"]
    )
    found = members(storage, require_manifest(storage))
    with pytest.raises(StorageNotEmptyError, match=f"{path} in .*, which others added, lies along '{dimension}'"):
        refuse_members_along(storage, found, dimension)
    refuse_members_along(storage, found, "another")


def test_more_than_can_be_kept_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "store")
    add(folder)
    monkeypatch.setattr(module, "MAX_MEMBERS", 3)
    calls: list[Any] = [mvn_dask.verify, mvn_dask.repair, lambda place: mvn_dask.extend(place, 5)]
    for call in calls:
        with pytest.raises(StorageNotEmptyError, match="holds more than 3 groups and arrays of others: move some away"):
            call(folder)
