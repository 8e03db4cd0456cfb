from collections.abc import Iterator
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np
import pytest

from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.chunk_listing import (
    PROBED,
    chunk_entries,
    missing_bits,
    missing_count,
    missing_numbers,
    parse_key,
)
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, chunk_index, chunk_key
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import Entry
from mvn_dask.store.storage.local import LocalStorage
from tests.support.arrays import sample

GRIDS = [
    (),
    (1,),
    (7,),
    (PROBED + 1,),
    (3, 2),
    (PROBED * 3, 1),
    (2, PROBED + 5),
    (PROBED + 2, 3, 2),
    (1, 1, PROBED * 2),
    (7, 7, 7),
    (2, 16, 17),
    (2,) * 10,
]


def manifest_with(grid: tuple[int, ...]) -> Manifest:
    """A manifest of that many chunks along every axis, of two numbers each."""
    manifest, _ = manifest_of(sample())
    chunks = (*(1,) * (len(grid) - 1), 2)[: len(grid)]
    shape = tuple(count * chunk for count, chunk in zip(grid, chunks, strict=True))
    dimensions = tuple(f"dim_{axis}" for axis in range(len(grid)))
    layout = replace(
        manifest.array, shape=shape, chunks=chunks, dimensions=dimensions, coordinates={}, event_axes=min(1, len(grid))
    )
    return replace(manifest, array=layout)


class Counted(LocalStorage):
    """Counts the files that are looked at, and the names that are listed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.entries_seen = self.names_seen = 0

    def entry(self, key: str) -> Entry | None:
        self.entries_seen += 1
        return super().entry(key)

    def names(self, folder: str) -> Iterator[str]:
        for name in super().names(folder):
            self.names_seen += 1
            yield name


@pytest.mark.parametrize("place", ["folder", "memory"])
@pytest.mark.parametrize("grid", GRIDS)
def test_the_missing_chunks_are_those_that_are_not_there(grid: tuple[int, ...], place: str, tmp_path: Path) -> None:
    manifest, storage = manifest_with(grid), open_storage(tmp_path if place == "folder" else f"memory://{tmp_path}")
    count, rng = chunk_count(manifest), np.random.default_rng(len(grid))
    assert count == prod(grid)
    assert missing_count(storage, manifest, 0, count) == count
    there = set(rng.permutation(count)[:20].tolist())
    for number in there:
        storage.write(chunk_key(manifest, chunk_index(manifest, number)), [bytes(chunk_bytes(manifest))])
    short = {number for number in there if number % 3 == 0}
    for number in short:
        storage.write(chunk_key(manifest, chunk_index(manifest, number)), [b"short"])
    for name in ("01", "-1", "x", "99999999999", str(10**7), "１", "c.partial"):
        storage.write(f"samples/c/{name}" if grid else f"samples/{name}", [b""])
    expected = np.array([number not in there - short for number in range(count)])
    for start, stop in [(0, count), (0, 0), (count // 3, count), *np.sort(rng.integers(0, count + 1, (3, 2))).tolist()]:
        np.testing.assert_array_equal(missing_bits(storage, manifest, start, stop), expected[start:stop])
        numbers = missing_numbers(storage, manifest, start, stop)
        assert numbers.dtype == np.int64
        assert numbers.tolist() == [number for number in range(start, stop) if expected[number]]
        found = dict(chunk_entries(storage, manifest, start, stop))
        assert found.keys() == {number for number in there if start <= number < stop}


# No axis of some of them is long: what counts is how many chunks they claim together.
CLAIMED = [
    (10**7,),
    (10**7, 1),
    (1, 10**7),
    (2, 10**6, 1),
    (10**3, 10**4),
    (215, 215, 215),
    (215, 215, 215, 1),
    (PROBED, PROBED, 152),
    (50, 50, 50, 50),
    (10,) * 7,
    (2,) * 23,
]


@pytest.mark.parametrize("grid", CLAIMED)
def test_the_cost_is_that_of_what_is_there(grid: tuple[int, ...], tmp_path: Path) -> None:
    manifest, storage = manifest_with(grid), Counted(tmp_path)
    numbers = [0, 17, chunk_count(manifest) - 1]
    for number in numbers:
        storage.write(chunk_key(manifest, chunk_index(manifest, number)), [bytes(chunk_bytes(manifest))])
    assert [number for number, _ in chunk_entries(storage, manifest, 0, chunk_count(manifest))] == numbers
    assert storage.entries_seen <= len(numbers) * PROBED
    assert storage.names_seen <= len(numbers) * len(grid)


@pytest.mark.parametrize("grid", CLAIMED)
def test_a_store_without_chunks_costs_nothing(grid: tuple[int, ...], tmp_path: Path) -> None:
    manifest, storage = manifest_with(grid), Counted(tmp_path)
    count = chunk_count(manifest)
    for start, stop in ((0, count), (1, count - 1), (count // 3, count // 2)):
        assert not list(chunk_entries(storage, manifest, start, stop))
    assert (storage.entries_seen, storage.names_seen) == (0, 0)


def test_a_small_part_of_a_large_store_is_not_listed(tmp_path: Path) -> None:
    manifest, storage = manifest_with((10**6, 1)), Counted(tmp_path)
    for number in range(1000):
        (tmp_path / "samples" / "c" / str(number)).mkdir(parents=True)
    assert missing_count(storage, manifest, 500, 600) == 100
    assert (storage.entries_seen, storage.names_seen) == (100, 0)


def test_no_link_is_followed(tmp_path: Path) -> None:
    manifest, storage = manifest_with((PROBED * 2, 1)), LocalStorage(tmp_path / "store")
    storage.write(chunk_key(manifest, (3, 0)), [bytes(chunk_bytes(manifest))])
    (tmp_path / "store" / "samples").rename(tmp_path / "samples")
    (tmp_path / "store" / "samples").symlink_to(tmp_path / "samples")
    assert missing_count(storage, manifest, 0, chunk_count(manifest)) == PROBED * 2


def test_keys() -> None:
    manifest = manifest_with((3, 2))
    assert parse_key(manifest, "samples/c/2/1") == (2, 1)
    for key in (
        "samples/c/3/0",
        "samples/c/0",
        "samples/c/0/00",
        "samples/c/-1/0",
        "samples/c/0/0/",
        "samples/zarr.json",
    ):
        assert parse_key(manifest, key) is None
