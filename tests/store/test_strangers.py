"""Files, links, pipes, sockets, groups and objects of others in a store: no call ever loses a byte of them."""

import json
import os
import random
import shutil
import stat
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dask
import pytest
import zarr

import mvn_dask
from mvn_dask.errors import MvnDaskError, StorageNotEmptyError
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.format.ownership import is_accounted_for, own_keys
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import Storage
from tests.support.damage import make_special, named, write
from tests.support.stores import labelled, tree

CASES_A_BATCH = 8
PARTIAL = "0123456789abcdef" * 2
WORDS = [
    *("0", "1", "7", "00", "2024", "c", "c.0", "samples", "variable", "zarr.json", ".zattrs", ".zgroup", "note.txt"),
    *("lock", "trash", "jobs", "leases", "parameters", "mean.npy", "plan.json", "manifest.json", "writer.json", "tmp"),
    *(f"0.{PARTIAL}.partial", f"note.{PARTIAL}.partial", f"zarr.{PARTIAL}.partial", f"{PARTIAL}.json"),
    *(".mvn_dask", "x y", "ü", "-1", "+"),
]
FOLDERS = ["", "", "samples", "samples/c", "samples/c/1", "samples/c/9", ".mvn_dask", ".mvn_dask/parameters"]
KINDS = ["file", "file", "file", "link", "link to a folder", "pipe", "socket", "group"]

Call = Callable[[Any], object]
CALLS: dict[str, Call] = {
    "from_zarr": lambda url: mvn_dask.from_zarr(url).compute(),
    "status": mvn_dask.status,
    "verify": mvn_dask.verify,
    "values": lambda url: mvn_dask.verify(url, level="values"),
    "to_zarr": lambda url: mvn_dask.to_zarr(named(), url),
    "another": lambda url: mvn_dask.to_zarr(labelled(), url),
    "overwrite": lambda url: mvn_dask.to_zarr(named(seed=2), url, overwrite=True),
    "repair": mvn_dask.repair,
    "repair from its array": lambda url: mvn_dask.repair(url, array=named()),
    "extend": lambda url: mvn_dask.extend(url, 15),
    "extend by much": lambda url: mvn_dask.extend(url, 300),
}


@pytest.fixture(autouse=True)
def quietly() -> Iterator[None]:
    with dask.config.set(scheduler="synchronous"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Object at .mvn_dask is not recognized")
        yield


@pytest.fixture(scope="module")
def finished() -> Iterator[Path]:
    with TemporaryDirectory() as name, dask.config.set(scheduler="synchronous"):
        yield write(Path(name) / "store")


def others_key(chance: random.Random, storage: Storage) -> str | None:
    """A key of which nothing of ours lies on the way, or may."""
    words = [chance.choice(FOLDERS), *(chance.choice(WORDS) for _ in range(chance.choice([1, 1, 2])))]
    key = "/".join(filter(None, words))
    own = own_keys(require_manifest(storage))
    taken = any(is_accounted_for(own, each) for each in (key, f"{key}/0", f"{key}/c/0"))
    return None if taken else key


def contents(tops: list[Path]) -> dict[str, object]:
    """What lies at these paths and below them: bytes, targets of links, kinds of special files."""
    found: dict[str, object] = {}
    for path in [each for top in tops for each in (top, *(() if top.is_symlink() else top.rglob("*")))]:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            found[str(path)] = os.readlink(path)  # noqa: PTH115
        elif stat.S_ISREG(mode):
            found[str(path)] = path.read_bytes()
        elif not stat.S_ISDIR(mode):
            found[str(path)] = stat.S_IFMT(mode)
    return found


def put_strangers(folder: Path, chance: random.Random) -> list[Path]:
    """Some that fit: a path may be taken, or lead through a file."""
    strangers: list[Path] = []
    storage = open_storage(folder)
    for _ in range(chance.randint(1, 4)):
        key = others_key(chance, storage)
        path = folder / (key or "")
        above = [each for each in path.parents if folder in each.parents and os.path.lexists(each)]
        if key is None or os.path.lexists(path) or not all(stat.S_ISDIR(each.lstat().st_mode) for each in above):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = chance.choice(KINDS)
        if kind == "file":
            path.write_bytes(chance.randbytes(chance.choice([0, 1, 484, 300])))
        elif kind == "group":
            zarr.create_group(path).create_array("x", shape=(4,), chunks=(2,), dtype="f8")[:] = 7.0
        else:
            make_special(path, kind)
        strangers.append(path)
    return strangers


def harm(folder: Path, chance: random.Random) -> None:
    """Perhaps something of ours is lost or torn."""
    if chance.random() < 0.5:
        files = ["samples/c/2/0", "samples/c/0/0", "zarr.json", "samples/zarr.json", "variable/c/0"]
        lost = folder / chance.choice(files)
        lost.unlink()
        if chance.random() < 0.3:
            lost.write_bytes(b"torn")


_LANE = {True: pytest.mark.faults, False: pytest.mark.slow}


@pytest.mark.parametrize("batch", [0, *(pytest.param(batch, marks=_LANE[batch < 6]) for batch in range(1, 40))])
def test_no_byte_of_others_in_a_folder_is_lost(batch: int, finished: Path) -> None:
    tried: set[str] = set()
    for case in range(batch * CASES_A_BATCH, (batch + 1) * CASES_A_BATCH):
        chance = random.Random(case)  # noqa: S311
        with TemporaryDirectory() as name:
            folder = shutil.copytree(finished, Path(name) / "store")
            strangers = put_strangers(folder, chance)
            harm(folder, chance)
            before = contents(strangers)
            for call in chance.sample(list(CALLS), 5):
                whole = tree(folder)
                try:
                    CALLS[call](folder)
                except StorageNotEmptyError:
                    assert tree(folder) == whole, (case, call, "a call that is refused changes nothing")
                except (MvnDaskError, FileExistsError, NotADirectoryError):
                    pass
                else:
                    tried.add(call)
                    assert call != "overwrite" or not strangers, (case, "overwriting was not refused")
                assert contents(strangers) == before, (case, call)
    assert tried


@pytest.mark.parametrize("batch", [0, *(pytest.param(batch, marks=_LANE[batch < 4]) for batch in range(1, 16))])
def test_no_byte_of_others_in_a_bucket_is_lost(batch: int, finished: Path) -> None:
    tried: set[str] = set()
    for case in range(batch * CASES_A_BATCH, (batch + 1) * CASES_A_BATCH):
        chance = random.Random(case)  # noqa: S311
        url = f"memory://strangers/{case}"
        storage = open_storage(url)
        for key, content in tree(finished).items():
            storage.write(key, [content])
        found = [others_key(chance, storage) for _ in range(3)]
        strangers = {key: chance.randbytes(chance.choice([0, 1, 484, 300])) for key in found if key is not None}
        if chance.random() < 0.5:
            group = json.dumps({"zarr_format": 3, "node_type": "group", "attributes": {"case": case}})
            strangers["model/zarr.json"] = group.encode()
        for key, content in strangers.items():
            storage.write(key, [content])
        if chance.random() < 0.5:
            storage.delete(chance.choice(["samples/c/2/0", "zarr.json", "samples/zarr.json", "variable/c/0"]))
        for call in chance.sample(list(CALLS), 5):
            try:
                CALLS[call](url)
            except MvnDaskError:
                pass
            else:
                tried.add(call)
                assert call != "overwrite" or not strangers, (case, "overwriting was not refused")
            assert {key: storage.read(key).tobytes() for key in strangers} == strangers, (case, call)
    assert tried


def _marks(place: str, special: str) -> Any:
    """Two pipes are tried in the quick lane, sockets in that of slow tests."""
    if special == "pipe" and place in {"samples/c/2", "."}:
        return ()
    return pytest.mark.slow if special == "socket" else pytest.mark.faults


PLACES = [
    pytest.param(place, special, marks=_marks(place, special))
    for place in ("samples", "samples/c", "samples/c/2", ".mvn_dask", ".mvn_dask/trash", "variable", ".")
    for special in ("link", "link to a folder", "pipe", "socket")
]


@pytest.mark.parametrize(("place", "special"), PLACES)
def test_special_files_in_place_of_folders(special: str, place: str, finished: Path, tmp_path: Path) -> None:
    """A clear error, or nothing of it is needed; no call hangs, and nothing is followed or replaced."""
    for name, call in CALLS.items():
        folder = shutil.copytree(finished, tmp_path / name / "store")
        shutil.rmtree(folder / place, ignore_errors=True)
        (folder / place).parent.mkdir(exist_ok=True)
        make_special(folder if place == "." else folder / place, special)
        before = special_files(folder)
        error: Exception | None = None
        try:
            call(folder)
        except (MvnDaskError, FileExistsError, NotADirectoryError) as caught:
            error = caught
        needs_none = place == ".mvn_dask/trash" or name in {"status", "verify", "values"} or special.startswith("link")
        assert error is not None or needs_none, name
        assert str(error).count("\n") == 0
        assert special_files(folder) == before, name


def special_files(folder: Path) -> dict[str, object]:
    return {path: what for path, what in contents([folder]).items() if not isinstance(what, bytes)}
