import dataclasses
import shutil
from pathlib import Path

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import (
    ArgumentError,
    DamagedManifestError,
    DerivedStoreError,
    NotAStoreError,
    SpecMismatchError,
    StoreError,
)
from tests.support.damage import BAD, FAULTS, LEVELS, chunk, flip, link, named, write
from tests.support.stores import tree

NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])


def payoff() -> da.Array:
    payoffs: da.Array = np.maximum(named().sum(axis=1) - 1.0, 0.0)
    return payoffs


def times(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.lstat().st_mtime_ns for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize("shards", [None, 15])
@pytest.mark.parametrize("damage", BAD)
def test_exactly_what_is_damaged_is_drawn_again(damage: str, shards: int | None, tmp_path: Path) -> None:
    folder = write(tmp_path / "store", shards=shards)
    fresh, before = tree(folder), times(folder)
    harm, lowest, _ = BAD[damage]
    harm(chunk(folder, 3))
    for level in LEVELS:
        if LEVELS.index(level) < LEVELS.index(lowest):
            assert mvn_dask.repair(folder, level=level).chunks == ()
    done = mvn_dask.repair(folder, level=lowest)
    assert (done.url, done.chunks, done.files, done.unknown_files) == (str(folder), ((3, 0),), (), ())
    assert str(done).splitlines()[0] == f"{folder}: 1 chunk drawn again"
    assert ("\nrows: " in str(done)) is (lowest == "values")
    assert tree(folder) == fresh
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    after = times(folder)
    assert {key for key in before if after[key] != before[key]} == {"samples/c/3/0"}
    assert mvn_dask.verify(folder, level="values", full=True).ok


def test_everything_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    fresh = tree(folder)
    shutil.copy(chunk(folder, 0), chunk(folder, 2))
    flip(chunk(folder, 1), 7)
    chunk(folder, 3).unlink()
    (folder / "samples" / "zarr.json").write_text("{}")
    flip(folder / "variable" / "c" / "0", -1)
    (folder / "zarr.json").unlink()
    (folder / "note").touch()
    (folder / "samples" / f"zarr.json.{'0' * 32}.partial").touch()
    done = mvn_dask.repair(folder, level="values", full=True)
    assert done.chunks == ((1, 0), (2, 0), (3, 0))
    assert set(done.files) == {"samples/zarr.json", "variable/c/0", "zarr.json"}
    assert "not touched, since they do not belong to the store: note\nrows: 60 of 100 (60.00%)" in str(done)
    assert (done.rows_compared, done.rows) == (60, 100), "two chunks are missing or torn, and are not compared"
    assert mvn_dask.verify(folder).unknown_files == ("note",)
    (folder / "note").unlink()
    assert tree(folder) == fresh
    with pytest.raises(dataclasses.FrozenInstanceError):
        done.files = ()  # type: ignore[misc]


@pytest.mark.parametrize("fault", FAULTS)
def test_other_files_are_written_again(fault: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    fresh, before = tree(folder), times(folder)
    key, harm, _ = FAULTS[fault]
    harm(folder / key)
    if key.endswith(".npy"):
        with pytest.raises(DamagedManifestError, match=rf"{key} of .* is damaged: .*mvn_dask.repair\(..., array=...\)"):
            mvn_dask.repair(folder)
        with pytest.raises(DamagedManifestError, match=f"{key} of .* is damaged"):
            mvn_dask.verify(folder, level="values")
        with pytest.raises(DamagedManifestError, match=f"{key} of .* is damaged"):
            mvn_dask.extend(folder, 5)
    if fault == "sparse":
        with pytest.raises(DamagedManifestError, match=r"zarr.json of .* has 10+ bytes, .*: move it away"):
            mvn_dask.repair(folder)
        (folder / key).unlink()
    done = mvn_dask.repair(folder, array=named() if key.endswith(".npy") else None)
    assert (done.chunks, done.files) == ((), (key,))
    assert str(done) == f"{folder}: 0 chunks drawn again; written again: {key}"
    assert tree(folder) == fresh
    after = times(folder)
    assert {name for name in before if after[name] != before[name]} == {key}


def test_another_array_repairs_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    chunk(folder, 1).unlink()
    before = tree(folder)
    for other in (named(seed=2), named(110), payoff(), named().rechunk((50, 2))):
        with pytest.raises(SpecMismatchError, match="holds another specification"):
            mvn_dask.repair(folder, array=other)
    assert tree(folder) == before


def test_a_way_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    before = tree(folder)
    link(folder / "samples" / "c")
    with pytest.raises(StoreError, match=r"samples/c in .* is a symbolic link, which a store never holds: delete it"):
        mvn_dask.repair(folder)
    (folder / "samples" / "c").unlink()
    mvn_dask.repair(folder)
    assert tree(folder) == before
    chunk(folder, 1).unlink()
    chunk(folder, 1).mkdir()
    with pytest.raises(StoreError, match="is a folder, where a store has a file: delete it"):
        mvn_dask.repair(folder)
    chunk(folder, 1).rmdir()
    mvn_dask.repair(folder)
    assert tree(folder) == before


def test_derived_stores_are_repaired_with_their_array_alone(tmp_path: Path) -> None:
    folder = write(tmp_path / "store", payoff())
    fresh = tree(folder)
    first, second = folder / "samples" / "c" / "0", folder / "samples" / "c" / "2"
    flip(first, 3)
    second.unlink()
    assert mvn_dask.verify(folder).bad == {(2,): "missing"}
    assert mvn_dask.verify(folder, level="checksum").bad == {(0,): "the checksum differs", (2,): "missing"}
    for full in (False, True):
        with pytest.raises(DerivedStoreError, match=r"holds numbers derived from samples by 'maximum-"):
            mvn_dask.verify(folder, level="values", full=full)
    with pytest.raises(DerivedStoreError, match=r"give the array .*, by mvn_dask\.repair\(\.\.\., array=\.\.\.\)"):
        mvn_dask.repair(folder)
    with pytest.raises(DerivedStoreError, match="which its manifest cannot draw again"):
        mvn_dask.extend(folder, 5)
    with pytest.raises(DerivedStoreError):
        mvn_dask.repair(folder, array=payoff(), level="values")
    for other in (named(), payoff() + 1, np.maximum(named(seed=2).sum(axis=1) - 1.0, 0.0)):
        with pytest.raises(SpecMismatchError):
            mvn_dask.repair(folder, array=other)
    assert mvn_dask.repair(folder, array=payoff()).chunks == ((0,), (2,))
    assert tree(folder) == fresh
    assert mvn_dask.verify(folder, level="checksum").ok


def test_words_that_mean_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    for level in ("value", None, 1, ["size"]):
        with pytest.raises(ArgumentError, match="`level` must be 'size', 'checksum' or 'values'"):
            mvn_dask.verify(folder, level=level)  # type: ignore[arg-type]
        with pytest.raises(ArgumentError, match="`level` must be 'size', 'checksum' or 'values'"):
            mvn_dask.repair(folder, level=level)  # type: ignore[arg-type]
    for call in (mvn_dask.verify, mvn_dask.repair):
        with pytest.raises(ArgumentError, match="`full` goes with `level`='values', not with 'checksum'"):
            call(folder, level="checksum", full=True)
    for nothing in (mvn_dask.verify, mvn_dask.repair, lambda place: mvn_dask.extend(place, 1)):
        with pytest.raises(NotAStoreError, match="there is no store at"):
            nothing(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
