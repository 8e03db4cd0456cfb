import dataclasses
import json
import re
import shutil
import sys
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import mvn_dask
from mvn_dask._typing import Size
from mvn_dask.environment import environment
from mvn_dask.errors import DamagedManifestError, DerivedStoreError, MvnDaskError, StorageNotEmptyError, StoreError
from mvn_dask.maintenance.shown_verification import Level
from mvn_dask.maintenance.verify import inspect, replay_of
from mvn_dask.store.format.layout import encode
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.format.parameters import parameter_key
from mvn_dask.store.format.writer_note import WRITER
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import MANIFEST_KEY, NO_PLAIN_FILE
from mvn_dask.store.storage.local import LocalStorage
from tests.support.damage import BAD, FAULTS, LEVELS, chunk, link, make_special, named, write
from tests.support.pausing import end, start, wait_for
from tests.support.stores import chunks_in


@pytest.mark.parametrize("shards", [None, 15])
@pytest.mark.parametrize("damage", BAD)
def test_each_kind_of_damage_is_found_at_its_level(damage: str, shards: int | None, tmp_path: Path) -> None:
    folder = write(tmp_path / "store", shards=shards)
    harm, lowest, reason = BAD[damage]
    harm(chunk(folder, 3))
    for level in LEVELS:
        report = mvn_dask.verify(folder, level=level)
        found = LEVELS.index(level) >= LEVELS.index(lowest)
        assert list(report.bad) == [(3, 0)] * found, report
        assert report.ok is not found
        assert (report.chunks, report.faults, report.unknown_files) == (4, {}, ())
        if found:
            assert re.match(reason, report.bad[3, 0])
            compared = r"rows: .* compared; .*\n" if level == "values" else ""
            text = rf"NOT ok \(level '{level}'\)\nchunks: 3 of 4 good\n{compared}  chunk \(3, 0\): "
            assert re.search(text, str(report))


def test_what_lies_behind_a_link_is_not_looked_at(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    link(folder / "samples" / "c")
    report = mvn_dask.verify(folder, level="values")
    assert report.bad == {(number, 0): "missing" for number in range(4)}
    assert report.unknown_files == ("samples/c",)
    assert report.faults == {}


def test_a_folder_in_place_of_a_chunk(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    chunk(folder, 1).unlink()
    (chunk(folder, 1) / "0").mkdir(parents=True)
    (chunk(folder, 1) / "note").touch()
    report = mvn_dask.verify(folder, level="values")
    assert (report.bad, report.unknown_files) == ({(1, 0): "missing"}, ("samples/c/1/0/note",))


@pytest.mark.parametrize("full", [False, True])
def test_chunks_of_several_stripes_in_each_others_place(full: bool, tmp_path: Path) -> None:
    """One stripe of each is enough to tell, whichever is drawn."""
    wide = mvn_dask.MultivariateNormal(np.zeros(520), 1.0)
    folder = write(tmp_path / "store", wide.sample(2500, seed=1, chunks=500))
    contents = [chunk(folder, number).read_bytes() for number in range(5)]
    for one, other in permutations(range(5), 2):
        chunk(folder, one).write_bytes(contents[other])
        report = mvn_dask.verify(folder, level="values", full=full)
        assert list(report.bad) == [(one, 0)], (one, other)
        chunk(folder, one).write_bytes(contents[one])
    assert mvn_dask.verify(folder, level="values", full=full).ok


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e300, 0.0])
def test_numbers_that_another_program_wrote_with_their_checksum(number: float, tmp_path: Path) -> None:
    storage = LocalStorage(write(tmp_path / "store"))
    rows = named().compute()[30:60]
    storage.write("samples/c/2/0", encode(require_manifest(storage), np.full((30, 2), number)))
    storage.write(
        "samples/c/1/0", encode(require_manifest(storage), np.vstack([rows[:29], np.nextafter(rows[29:], 9)]))
    )
    report = mvn_dask.verify(storage.name, level="values")
    assert report.bad[2, 0].startswith("the values differ: 60 of 60 compared, by up to ")
    assert report.bad[1, 0].startswith("the values differ: 2 of 60 compared, by up to ")
    assert len(report.bad) == 2


FOREIGN = [
    "note.txt", ".DS_Store", "samples/note.txt", "samples/c/note.txt", "samples/c/1/note.txt", "samples/c/99/0",
    "samples/c/01/0", "samples/c/1/1", "samples/c/-1/0", "samples/c/1/0.bak", "samples/c/٣/0", "c/0/0",
    ".mvn_dask/note", ".mvn_dask/manifest.json.bak", "variable/c/1", "other/zarr.json",
]  # fmt: skip


@pytest.mark.parametrize("level", LEVELS)
def test_unknown_files_are_named(level: Level, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    for key in FOREIGN:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_text("somebody's")
    report = mvn_dask.verify(folder, level=level)
    assert (report.ok, report.bad, report.faults) == (False, {}, {})
    assert report.unknown_files == tuple(sorted(FOREIGN))
    assert all(f"  {key}: does not belong to the store\n" in f"{report}\n" for key in FOREIGN)


def test_what_killed_writers_left_is_not_unknown(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    for key in ("samples/c/2/0", "samples/zarr.json", ".mvn_dask/manifest.json", "zarr.json", "variable/c/0"):
        (folder / f"{key}.{'0' * 32}.partial").write_bytes(b"half")
    assert mvn_dask.verify(folder, level="values", full=True).ok
    strangers = ["samples/c/2", "samples/c/9/0", ".mvn_dask/plan", "zarr"]
    for number, key in enumerate(strangers):
        (folder / key).parent.mkdir(exist_ok=True)
        strangers[number] = f"{key}.{'0' * 32}.partial"
        (folder / strangers[number]).write_bytes(b"whole")
    assert mvn_dask.verify(folder).unknown_files == tuple(sorted(strangers))


@pytest.mark.parametrize("fault", FAULTS)
def test_other_files_that_are_not_as_they_should_be(fault: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    key, harm, reason = FAULTS[fault]
    harm(folder / key)
    report = mvn_dask.verify(folder, level="checksum")
    assert (report.ok, report.bad, list(report.faults), report.unknown_files) == (False, {}, [key], ())
    assert report.faults[key].startswith(reason)
    assert f"\n  {key}: {reason}" in str(report)


DIGITS = "0123456789abcdef" * 2
PLACES = [
    MANIFEST_KEY, WRITER, parameter_key("mean"), ".mvn_dask/create-lock", ".mvn_dask/lock", "zarr.json",
    "samples/zarr.json", "variable/zarr.json", "variable/c/0", f"samples/c/0/0.{DIGITS}.partial",
    f"zarr.json.{DIGITS}.partial", f".mvn_dask/writer.json.{DIGITS}.partial",
]  # fmt: skip
"""Keys of a store's files, of its locks and of temporary files, but for chunks."""


@pytest.mark.parametrize(
    "kind",
    [
        "link",
        "pipe",
        "folder",
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("link to a folder", "socket")),
    ],
)
@pytest.mark.parametrize("key", PLACES)
def test_what_is_no_plain_file_is_named_under_whatever_key_of_the_store(key: str, kind: str, tmp_path: Path) -> None:
    """With the words with which overwriting is refused for it; a folder under a temporary file's name is in no way."""
    folder = write(tmp_path / "store")
    (folder / key).unlink(missing_ok=True)
    if kind == "folder":
        (folder / key).mkdir()
    else:
        make_special(folder / key, kind)
    try:
        report = mvn_dask.verify(folder)
    except StoreError as error:
        assert key in {MANIFEST_KEY, ".mvn_dask/lock"}  # without them nothing can be compared
        assert re.search(f"{key} .*is {NO_PLAIN_FILE}", str(error))  # noqa: PT017
    else:
        if not (kind == "folder" and key.endswith(".partial") and not key.startswith(".mvn_dask")):
            assert (report.ok, report.faults[key]) == (False, NO_PLAIN_FILE)
            assert f"  {key}: {NO_PLAIN_FILE}\n" in f"{report}\n"
    if not (kind == "folder" and key.endswith(".partial")):
        with pytest.raises(StorageNotEmptyError, match=rf"^{key} in .* is (a folder|{NO_PLAIN_FILE}), w.*: delete it"):
            write(folder, overwrite=True)
    try:
        done = mvn_dask.repair(folder, array=named())
    except MvnDaskError as error:
        assert re.search(f"{key} .*delete it|{key} is no manifest", str(error))  # noqa: PT017
    else:
        assert (folder / key).is_file() is (key in done.files)
        assert mvn_dask.verify(folder).ok is (key not in done.unknown_files)


def test_attributes_are_the_users_to_add_to(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    zarr.open_array(folder / "samples", mode="r+").attrs["note"] = "checked by Ada"
    zarr.open_group(folder, mode="r+").attrs["more"] = [1, {"a": 2}]
    assert mvn_dask.verify(folder, level="values").ok
    mvn_dask.repair(folder)
    assert zarr.open_array(folder / "samples", mode="r").attrs["note"] == "checked by Ada"


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ({}, "begun in this very environment: any difference is damage"),
        ({"blas": "mkl 2024"}, "which decides no bit"),
        ({"python": "3.8", "machine": "arm64 Darwin"}, "which decides no bit"),
        ({"numpy": "1.0"}, "Another numpy may change its streams"),
        ({"libc": "musl 1.2", "blas": "?"}, "another C library the last bit"),
        ({"blas": 7}, "blas 7 there"),
        ({"more": ""}, "It is not known where the store was begun"),
        (None, "It is not known where the store was begun"),
        ("[" * 60_000, "It is not known where the store was begun"),
    ],
)
def test_what_equal_bits_mean_here(there: Any, says: str, tmp_path: Path) -> None:
    """Where the store was begun is no number of it: what is lost there is no fault."""
    folder = write(tmp_path / "store")
    path = folder / ".mvn_dask" / "writer.json"
    if there is None:
        path.unlink()
    else:
        path.write_text(there if isinstance(there, str) else json.dumps({**environment().as_dict(), **there}))
    report = mvn_dask.verify(folder, level="values")
    assert report.ok
    assert says in report.guarantee
    assert str(report).endswith(report.guarantee)
    assert mvn_dask.verify(folder).guarantee == ""
    chunk(folder, 1).unlink()
    mvn_dask.repair(folder)
    assert mvn_dask.verify(folder, level="values").guarantee == report.guarantee, "nobody makes up what was lost"


def test_long_lists_are_cut_short(tmp_path: Path) -> None:
    folder = write(tmp_path / "store", mvn_dask.MultivariateNormal([0.0], 1.0).sample(50, seed=1, chunks=1))
    shutil.rmtree(folder / "samples" / "c")
    assert str(mvn_dask.verify(folder)).endswith("  chunk (19, 0): missing\n  … and 30 more")


def test_reports_are_values(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    report = inspect(LocalStorage(folder), require_manifest(LocalStorage(folder)), level="checksum", full=False)
    assert report == mvn_dask.verify(folder, level="checksum")
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.chunks = 3  # type: ignore[misc]


def has_chunks(folder: Path, number: int) -> bool:
    return chunks_in(folder) == number


LOOKS = (9, 19, 29, 39)


def write_and_wait(folder: Path) -> None:
    """A job that waits, with a chunk on its way, until somebody has looked at so many chunks."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename" and f"{folder}/samples/c/" in str(arguments[1]) and chunks_in(folder) in LOOKS:
            wait_for(folder.with_name(f"look-{chunks_in(folder)}").exists, "a look")

    sys.addaudithook(hook)
    write(folder, named(1200))


def test_a_store_that_is_being_written(tmp_path: Path) -> None:
    """Whatever is seen on the way is true: chunks are good or missing, and nothing is strange."""
    folder = tmp_path / "store"
    job = start(write_and_wait, folder)
    counts = []
    for number in LOOKS:
        wait_for(partial(has_chunks, folder, number), "chunks")
        before, report = mvn_dask.status(folder), mvn_dask.verify(folder, level="checksum")
        assert set(report.bad.values()) <= {"missing"}
        assert not report.unknown_files
        counts.append((before.done, report.chunks - len(report.bad)))
        (tmp_path / f"look-{number}").touch()
        # While it goes on.
        before, report = mvn_dask.status(folder), mvn_dask.verify(folder, level="checksum")
        assert set(report.bad.values()) <= {"missing"}
        assert before.done <= report.chunks - len(report.bad)
    end(job)
    assert counts == [(number, number) for number in LOOKS]
    assert mvn_dask.verify(folder, level="checksum").ok


@pytest.mark.parametrize("size", [(), 100, (10, 7)])
def test_the_sample_is_the_one_that_was_stored(size: Size, tmp_path: Path) -> None:
    x = mvn_dask.MultivariateNormal([1.0, 2.0], np.eye(2) + 0.5).sample(size, seed=3)
    mvn_dask.to_zarr(x, tmp_path)
    storage = open_storage(tmp_path)
    manifest = require_manifest(storage)
    found = replay_of(storage, manifest)
    np.testing.assert_array_equal(found.array(found.plan.size, manifest.chunks, manifest.event), x)


@pytest.mark.parametrize(
    "seed",
    [
        np.random.SeedSequence(42, spawn_key=(2**40,)),
        np.random.SeedSequence(2**500, spawn_key=(1, 2**60), pool_size=1024),
        np.random.PCG64([1, 10**639]),
    ],
)
def test_whatever_seeds_a_sample_can_be_drawn_again(seed: Any, tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0], 1.0).sample(20, seed=seed, chunks=10), tmp_path)
    assert mvn_dask.verify(tmp_path, level="values", full=True).ok
    (tmp_path / "samples" / "c" / "1" / "0").unlink()
    assert mvn_dask.repair(tmp_path).chunks == ((1, 0),)
    mvn_dask.extend(tmp_path, 10)
    expected = mvn_dask.MultivariateNormal([0.0], 1.0).sample(30, seed=seed)
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path).compute(), expected.compute())


def test_a_derived_array_cannot_be_drawn_again(tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([1.0], 1.0).sample(10, seed=3) + 1, tmp_path)
    storage = open_storage(tmp_path)
    with pytest.raises(DerivedStoreError, match="cannot draw again"):
        replay_of(storage, require_manifest(storage))


def test_without_its_factor_it_is_damaged(tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([1.0], 1.0).sample(10, seed=3), tmp_path)
    storage = open_storage(tmp_path)
    storage.delete(".mvn_dask/parameters/factor.scale.npy")
    with pytest.raises(DamagedManifestError, match="factor"):
        replay_of(storage, require_manifest(storage))
