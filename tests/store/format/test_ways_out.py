"""What errors say to do about stores of derived numbers, done."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
import zarr

import mvn_dask
from mvn_dask.errors import (
    DamagedChunkError,
    DamagedManifestError,
    DerivedStoreError,
    StorageNotEmptyError,
    StoreError,
    UnfinishedStoreError,
)
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.ways_out import by_repair, go_on
from tests.support.damage import chunk

pytestmark = pytest.mark.filterwarnings("ignore:Object at .mvn_dask is not recognized", "ignore:Consolidated metadata")
NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]], names=["oil", "gas"])


def squares(rows: int = 100) -> da.Array:
    found: da.Array = NORMAL.sample(rows, seed=1, chunks=30) ** 2
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mvn_dask.to_zarr(squares(), tmp_path / "store")
    return tmp_path / "store"


def test_a_sample_needs_no_array() -> None:
    sample, derived = (manifest_of(array)[0] for array in (NORMAL.sample(100, seed=1), squares()))
    for manifest, words in ((sample, r"`mvn-dask repair`"), (derived, r"in Python .*mvn_dask\.repair\(\.\.\., ")):
        for advice in (go_on(manifest), by_repair(manifest, "draws it again"), by_repair(manifest, "ends", "then ")):
            assert re.search(words, advice.command)
    assert by_repair(sample, "ends", "then ").python == "then mvn_dask.repair ends"


def lose(folder: Path) -> None:
    chunk(folder, 1).unlink()


def damage(folder: Path) -> None:
    content = bytearray(chunk(folder, 0).read_bytes())
    content[3] ^= 255
    chunk(folder, 0).write_bytes(content)


def shorten(folder: Path) -> None:
    zarr.open_group(folder, mode="r+")["samples"].resize((50, 2))  # type: ignore[union-attr]


def append(folder: Path) -> None:
    more = xr.Dataset({"samples": (("sample", "variable"), np.ones((20, 2)))})
    more.to_zarr(folder, append_dim="sample")


def rename(folder: Path) -> None:
    (folder / "samples").rename(folder / "draws")


BY_ARRAY = r"mvn_dask\.repair\(\.\.\., array=\.\.\.\), with the "
REFUSALS: dict[str, tuple[Callable[[Path], None], type[StoreError], str]] = {
    "lost": (lose, UnfinishedStoreError, BY_ARRAY),
    "damaged": (damage, DamagedChunkError, BY_ARRAY),
    "shorter": (shorten, DamagedManifestError, rf"`shape` from \[100, 2\] to \[50, 2\]: {BY_ARRAY}"),
    "longer": (append, StorageNotEmptyError, rf"samples/c/3/0 is one: then {BY_ARRAY}"),
    "renamed": (rename, UnfinishedStoreError, rf"renamed samples \(of the same shape is draws: give .*{BY_ARRAY}"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_repair_with_the_array_is_a_way_out(name: str, folder: Path) -> None:
    change, error, words = REFUSALS[name]
    change(folder)
    with pytest.raises(error, match=words):
        mvn_dask.from_zarr(folder).compute()
    with pytest.raises(DerivedStoreError, match=r"give the array that was stored, by mvn_dask\.repair\(\.\.\., array="):
        mvn_dask.repair(folder)
    if name == "longer":
        shutil.rmtree(folder / "samples" / "c" / "3")
    mvn_dask.repair(folder, array=squares())
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder), squares())


def test_an_array_that_gets_back_its_name_is_whole(folder: Path) -> None:
    rename(folder)
    (folder / "draws").rename(folder / "samples")
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder), squares())


def test_other_refusals_of_derived_numbers(folder: Path) -> None:
    with pytest.raises(DerivedStoreError, match=r"compute the longer array of them, .* or here with overwrite=True"):
        mvn_dask.extend(folder, 20)
    mvn_dask.to_zarr(squares(120), folder, overwrite=True)
    with pytest.raises(DerivedStoreError, match="level='checksum' compares"):
        mvn_dask.verify(folder, level="values")
    assert mvn_dask.verify(folder, level="checksum").ok
    with pytest.raises(DerivedStoreError, match=r"mvn_dask\.from_zarr reads what is stored"):
        mvn_dask.replay(folder)
    lose(folder)
    with pytest.raises(DerivedStoreError, match=r"to_zarr with the same array finishes it, and from_zarr without"):
        mvn_dask.from_zarr(folder, missing="draw")
    mvn_dask.to_zarr(squares(120), folder)
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder), squares(120))


def test_what_others_made_shorter_is_drawn_again(tmp_path: Path) -> None:
    """Of a sample, in the same way as any other document that contradicts."""
    sample = NORMAL.sample(100, seed=1, chunks=30)
    mvn_dask.to_zarr(sample, tmp_path)
    shorten(tmp_path)
    calls: list[Callable[[Any], Any]] = [
        mvn_dask.from_zarr,
        mvn_dask.status,
        lambda place: mvn_dask.to_zarr(sample, place),
        lambda place: mvn_dask.extend(place, 5),
    ]
    for call in calls:
        with pytest.raises(DamagedManifestError, match=r"to \[50, 2\]: mvn_dask\.repair writes them again, with what"):
            call(tmp_path)
    assert mvn_dask.repair(tmp_path).chunks == ((2, 0), (3, 0))
    assert json.loads((tmp_path / "samples" / "zarr.json").read_text())["shape"] == [100, 2]
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path), sample)


def test_rows_of_others_are_not_hidden_from_those_who_draw(tmp_path: Path) -> None:
    mvn_dask.to_zarr(NORMAL.sample(100, seed=1, chunks=30), tmp_path)
    append(tmp_path)
    with pytest.raises(StorageNotEmptyError, match="others appended to it"):
        mvn_dask.from_zarr(tmp_path, missing="draw")
