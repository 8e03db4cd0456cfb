import asyncio
import os
import random
import shutil
import subprocess
import sys
import time
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dask
import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr
from dask.base import optimize
from distributed import Client, LocalCluster

import mvn_dask
from mvn_dask.errors import (
    AlignmentError,
    DamagedManifestError,
    SpecMismatchError,
    StorageBusyError,
    StorageError,
    StorageNotEmptyError,
    StoreError,
    UnsupportedOperationError,
)
from mvn_dask.store import writing
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.chunk_writer import ChunkWriter
from mvn_dask.store.format.chunk_listing import missing_count
from mvn_dask.store.format.manifest import Manifest, require_manifest
from mvn_dask.store.storage.base import Storage
from mvn_dask.store.storage.local import LocalStorage
from mvn_dask.store.writing import source_stores
from tests.support.pausing import kill, pause_after, start
from tests.support.stores import (
    CHUNKS_A_KILL,
    assert_no_reader_opens,
    chunks_in,
    die_at,
    killable,
    labelled,
    sample,
    tree,
    write_killable,
)


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
def test_local_schedulers_write_the_same_bytes(scheduler: str, tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "reference")
    with dask.config.set(scheduler=scheduler):
        mvn_dask.to_zarr(sample(), tmp_path / "other")
    assert tree(tmp_path / "other") == tree(tmp_path / "reference")
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "other"), sample())


def test_a_cluster_writes_the_same_bytes(processes: Client, tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "cluster")
    with dask.config.set(scheduler="threads"):
        mvn_dask.to_zarr(sample(), tmp_path / "reference")
    assert tree(tmp_path / "cluster") == tree(tmp_path / "reference")
    assert len(processes.run(lambda dask_worker: len(dask_worker.data))) == 2
    assert not any(processes.run(lambda dask_worker: len(dask_worker.data)).values())


def test_a_finished_store_is_left_alone(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with dask.config.set(scheduler=lambda *_args, **_kwargs: pytest.fail("computed")):
        mvn_dask.to_zarr(sample(), tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == times


def test_only_what_is_missing_is_drawn_again(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path)
    before = tree(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "samples" / "c").rglob("0")}
    lost = tmp_path / "samples" / "c" / "2" / "0"
    lost.unlink()
    (tmp_path / ".mvn_dask" / "parameters" / "factor.matrix.npy").unlink()
    mvn_dask.to_zarr(sample(), tmp_path)
    assert tree(tmp_path) == before
    changed = [path for path, time_ns in times.items() if path.is_file() and path.stat().st_mtime_ns != time_ns]
    assert changed == [lost]


def test_derived_arrays_are_kept_and_resumed(tmp_path: Path) -> None:
    payoff = np.maximum(sample().sum(axis=1) - 1.0, 0.0)
    mvn_dask.to_zarr(payoff, tmp_path)
    before = tree(tmp_path)
    (tmp_path / "samples" / "c" / "1").unlink()
    mvn_dask.to_zarr(np.maximum(sample().sum(axis=1) - 1.0, 0.0), tmp_path)
    assert tree(tmp_path) == before
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path), payoff)
    with pytest.raises(SpecMismatchError, match="`expression` is 'maximum-"):
        mvn_dask.to_zarr(np.maximum(sample().sum(axis=1) - 2.0, 0.0), tmp_path)


def test_another_specification_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path)
    before = tree(tmp_path)
    with pytest.raises(SpecMismatchError, match=r"`samples\[0\].entropy` is '1' in the store, '2' here"):
        mvn_dask.to_zarr(sample(seed=2), tmp_path)
    assert tree(tmp_path) == before


def test_overwrite_begins_again(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(n=5000), tmp_path / "one")
    mvn_dask.to_zarr(sample(seed=2), tmp_path / "one", overwrite=True)
    mvn_dask.to_zarr(sample(seed=2), tmp_path / "other", overwrite=True)
    assert tree(tmp_path / "one") == tree(tmp_path / "other")
    zarr.create_array(tmp_path / "unknown_files", shape=(3,), dtype="f8")
    mvn_dask.to_zarr(sample(seed=2), tmp_path / "unknown_files", overwrite=True)
    assert tree(tmp_path / "unknown_files") == tree(tmp_path / "other")


def test_overwrite_with_what_is_read_from_there_is_refused(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path)
    with pytest.raises(StorageError, match="is read from"):
        mvn_dask.to_zarr(mvn_dask.from_zarr(tmp_path) * 2, tmp_path, overwrite=True)
    link = tmp_path.with_name("link")
    link.symlink_to(tmp_path)
    for reader in (
        mvn_dask.from_zarr(link),
        da.from_zarr(tmp_path, component="samples"),
        optimize(mvn_dask.from_zarr(tmp_path) * 2)[0],
    ):
        with pytest.raises(StorageError, match="is read from"):
            mvn_dask.to_zarr(reader * 2, tmp_path, overwrite=True)
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path), sample())


def test_a_job_whose_store_is_overwritten_fails_loudly(tmp_path: Path) -> None:
    """Its tasks may outlive it, on a cluster; none of them may write into the store of another."""
    folder = tmp_path / "store"
    mvn_dask.to_zarr(sample(seed=2), folder)
    before = tree(folder)
    manifest, _ = manifest_of(sample())
    with pytest.raises(StoreError, match="was overwritten while a job was writing"):
        ChunkWriter(LocalStorage(folder), manifest).write((0, 0), np.zeros((300, 2)))
    with pytest.raises(StoreError, match="does this worker see it"):
        ChunkWriter(LocalStorage(tmp_path / "gone"), manifest).write((0, 0), np.zeros((300, 2)))
    same_values, _ = manifest_of(sample(seed=2, chunks=200))
    with pytest.raises(StoreError, match="was overwritten while a job was writing"):
        ChunkWriter(LocalStorage(folder), same_values).write((0, 0), np.zeros((200, 2)))
    assert tree(folder) == before


@pytest.mark.parametrize("change", [lambda rows: rows.mean(axis=0, keepdims=True), lambda rows: np.tile(rows, (2, 1))])
def test_blocks_of_another_shape_than_their_array_says(change: Any, tmp_path: Path) -> None:
    wrong = da.map_blocks(change, sample(), dtype="f8", meta=np.empty((0, 0)))
    with pytest.raises(AlignmentError, match=r"has the shape .*, and its array says \([13]00, 2\)"):
        mvn_dask.to_zarr(wrong, tmp_path)
    assert not (tmp_path / "zarr.json").exists()


def test_samples_that_share_a_graph_are_told_apart(tmp_path: Path) -> None:
    for number, rows in enumerate(optimize(sample(seed=1), sample(seed=2))):
        mvn_dask.to_zarr(rows, tmp_path / str(number))
        np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / str(number)), sample(seed=number + 1))


def test_notes_in_our_own_store_are_no_obstacle(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path)
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "samples" / "c" / "1" / "0").unlink()
    mvn_dask.to_zarr(sample(), tmp_path)
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path), sample())
    with pytest.raises(StorageNotEmptyError, match="DS_Store lies there"):
        mvn_dask.to_zarr(sample(seed=2), tmp_path, overwrite=True)


def test_an_asynchronous_client_is_refused_in_its_event_loop(tmp_path: Path) -> None:
    async def write() -> None:
        async with (
            LocalCluster(n_workers=1, processes=False, dashboard_address="127.0.0.1:0", asynchronous=True) as cluster,
            Client(cluster, asynchronous=True),
        ):
            with pytest.raises(
                UnsupportedOperationError, match=r"`await asyncio\.to_thread\(mvn_dask\.to_zarr, x, url\)`"
            ):
                mvn_dask.to_zarr(sample(), tmp_path / "store")
            assert not (tmp_path / "store").exists()
            await asyncio.to_thread(mvn_dask.to_zarr, sample(), tmp_path / "store")

    with dask.config.set(scheduler="distributed"):
        asyncio.run(write())
    assert mvn_dask.verify(tmp_path / "store", level="values").ok


def test_a_finished_store_may_be_read_only(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "store")
    (tmp_path / "store" / ".mvn_dask" / "lock").unlink()
    mvn_dask.to_zarr(sample(), tmp_path / "store")
    assert not (tmp_path / "store" / ".mvn_dask" / "lock").exists(), "nothing is even locked"


def test_a_damaged_store_is_refused_and_can_be_overwritten(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path)
    before = tree(tmp_path)
    (tmp_path / ".mvn_dask" / "manifest.json").write_text("{")
    with pytest.raises(DamagedManifestError, match="is no JSON"):
        mvn_dask.to_zarr(sample(), tmp_path)
    mvn_dask.to_zarr(sample(), tmp_path, overwrite=True)
    assert tree(tmp_path) == before


def test_overwrite_of_a_store_being_written_is_refused(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path)
    before = tree(tmp_path)
    with LocalStorage(tmp_path).session(), pytest.raises(StorageBusyError):
        mvn_dask.to_zarr(sample(seed=2), tmp_path, overwrite=True)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_that_are_no_store_are_never_touched(overwrite: bool, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.c").write_text("more work")
    with pytest.raises(StorageNotEmptyError, match=r"is not empty, and no store: (src/main.c|thesis.tex) lies there"):
        mvn_dask.to_zarr(sample(), tmp_path, overwrite=overwrite)
    with pytest.raises(StorageNotEmptyError, match="is a file"):
        mvn_dask.to_zarr(sample(), tmp_path / "thesis.tex", overwrite=overwrite)
    with pytest.raises(StorageNotEmptyError, match="lies below it"):
        mvn_dask.to_zarr(sample(), tmp_path / "thesis.tex" / "below", overwrite=overwrite)
    assert tree(tmp_path) == {"thesis.tex": b"years of work", "src/main.c": b"more work"}
    zarr.open(tmp_path)  # a careless reader does not make it ours to delete
    with pytest.raises(StorageNotEmptyError, match=r"(src/main.c|thesis.tex) lies there"):
        mvn_dask.to_zarr(sample(), tmp_path, overwrite=overwrite)
    assert (tmp_path / "thesis.tex").exists()


def test_a_hierarchy_of_somebody_else_needs_overwrite(tmp_path: Path) -> None:
    zarr.create_group(tmp_path)
    with pytest.raises(StorageNotEmptyError, match="or use overwrite=True"):
        mvn_dask.to_zarr(sample(), tmp_path)


UNWRITABLE = """
import os, sys
import mvn_dask, dask, zarr.storage
x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1)
mvn_dask.to_zarr(x, sys.argv[1] + "/as-myself")
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
mvn_dask.to_zarr(x, sys.argv[1] + "/open/store")
dask.config.set(scheduler=lambda *args, **kwargs: sys.exit("computed"))
try:
    mvn_dask.to_zarr(x, sys.argv[1] + "/locked/store")
except PermissionError as error:
    print(error)
"""


@pytest.mark.faults
def test_unwritable_storage_is_refused_before_any_work() -> None:
    """As another user, since root may write anywhere: next to a folder that this user may write to."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for name, mode in (("open", 0o777), ("locked", 0o555), (".", 0o755)):
            (root / name).mkdir(exist_ok=True)
            (root / name).chmod(mode)
        done = subprocess.run([sys.executable, "-c", UNWRITABLE, folder], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("[Errno 13] Permission denied: ")
        assert (root / "open" / "store" / "zarr.json").exists()
        assert not list((root / "locked").iterdir())


seen: list[int] = []


def delete_a_chunk(block: Any, folder: Path, block_id: tuple[int, ...]) -> Any:
    seen.append(block_id[0])
    if len(seen) == 4:
        next(folder.glob("samples/c/*/0")).unlink()
    return block


def test_chunks_that_vanish_are_noticed_before_the_commit(tmp_path: Path) -> None:
    vandal = da.map_blocks(delete_a_chunk, sample(), folder=tmp_path, dtype="f8", meta=np.empty((0, 0)))
    with dask.config.set(scheduler="synchronous"), pytest.raises(StoreError, match="1 of 4 chunks, the first of them"):
        mvn_dask.to_zarr(vandal, tmp_path)
    assert not list(tmp_path.rglob("zarr.json"))


def test_a_moved_store_goes_on(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "here")
    (tmp_path / "here" / "samples" / "c" / "0" / "0").unlink()
    (tmp_path / "here").rename(tmp_path / "there")
    mvn_dask.to_zarr(sample(), tmp_path / "there")
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "there"), sample())


def test_a_part_looks_for_the_chunks_of_others_a_few_times_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look may list a folder of millions of names, so there are not as many as there are chunks."""
    looks: list[tuple[int, int]] = []

    def counted(storage: Storage, manifest: Manifest, start: int, stop: int) -> int:
        looks.append((start, stop))
        return missing_count(storage, manifest, start, stop)

    x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1, chunks=1)
    mvn_dask.to_zarr(x, tmp_path, part=(0, 2))
    monkeypatch.setattr(writing, "missing_count", counted)
    monkeypatch.setattr(writing, "CHECKED_CHUNKS", 1)
    (tmp_path / "samples" / "c" / "40" / "0").unlink()
    mvn_dask.to_zarr(x, tmp_path, part=(1, 2))
    assert looks == [(0, 1), (1, 3), (3, 7), (7, 15), (15, 31), (31, 50)]
    assert not mvn_dask.status(tmp_path).complete
    mvn_dask.to_zarr(x, tmp_path, part=(0, 2))
    assert looks[6:] == [(50, 51), (51, 53), (53, 57), (57, 65), (65, 81), (81, 100)]
    assert mvn_dask.status(tmp_path).complete


def test_several_jobs_of_one_specification(tmp_path: Path) -> None:
    context = get_context("forkserver")
    jobs = [context.Process(target=write_killable, args=(tmp_path / "store", 10)) for _ in range(3)]
    for job in jobs:
        job.start()
        time.sleep(0.4)  # one finds the other on its way, or finished
    for job in jobs:
        job.join()
        assert job.exitcode == 0
    write_killable(tmp_path / "reference", 10)
    assert tree(tmp_path / "store") == tree(tmp_path / "reference")


def write_dying(step: int, folder: Path, *, overwrite: bool) -> None:
    with dask.config.set(scheduler="synchronous"):
        rows = named_sample()
        die_at(step, folder)
        mvn_dask.to_zarr(rows, folder, overwrite=overwrite)
    os._exit(0)


def named_sample(seed: int = 1) -> da.Array:
    frame = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"])
    return mvn_dask.MultivariateNormal([0, 0], frame).sample(100, seed=seed, chunks=60)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("nothing", marks=pytest.mark.faults),
        pytest.param("another store", marks=pytest.mark.slow),
        pytest.param("another store, unfinished", marks=pytest.mark.slow),
        pytest.param("another hierarchy", marks=pytest.mark.faults),
    ],
)
def test_a_death_at_every_single_step(before: str, tmp_path: Path) -> None:
    """Whatever the step, the next call arrives at the bytes of an uninterrupted run, and nobody read half a store."""
    reference = tmp_path / "reference"
    mvn_dask.to_zarr(named_sample(), reference)
    overwrite = before != "nothing"
    context = get_context("forkserver")
    for step in count(1):
        folder = tmp_path / f"store-{step}"
        if "hierarchy" in before:
            other = zarr.create_group(folder).create_array("x", shape=(4,), chunks=(2,), dtype="f8")
            other[:] = 1.0
        elif overwrite:
            mvn_dask.to_zarr(named_sample(seed=2), folder)
            if "unfinished" in before:
                (folder / "zarr.json").unlink()
        writer = context.Process(target=write_dying, args=(step, folder), kwargs={"overwrite": overwrite})
        writer.start()
        writer.join()
        if (folder / "zarr.json").exists() and "hierarchy" not in before:
            seed = 2 if require_manifest(LocalStorage(folder)).samples[0]["entropy"] == "2" else 1
            with xr.open_zarr(folder) as dataset:
                np.testing.assert_array_equal(dataset["samples"], named_sample(seed))
        with dask.config.set(scheduler="synchronous"):
            mvn_dask.to_zarr(named_sample(), folder, overwrite=overwrite)
        assert tree(folder) == tree(reference), f"died at step {step}"
        assert sorted(folder.rglob("*")) == sorted(
            folder / path.relative_to(reference) for path in reference.rglob("*")
        )
        if writer.exitcode == 0:
            break
        assert writer.exitcode == 9
        shutil.rmtree(folder)
    assert step > 30


def write_some(folder: Path, kills: int, chunks: int) -> None:
    """A job that waits where so many chunks are there: it does not end before it is killed."""
    pause_after(folder, chunks)
    write_killable(folder, kills)


@pytest.mark.parametrize(
    "kills", [3, pytest.param(20, marks=pytest.mark.faults), pytest.param(120, marks=pytest.mark.slow)]
)
def test_a_writer_killed_many_times(kills: int, tmp_path: Path) -> None:
    """At random moments, each really on the way; no reader opens the store; the bytes are the same."""
    write_killable(tmp_path / "reference", kills)
    folder = tmp_path / "store"
    chance = random.Random(20261121)  # noqa: S311
    for _ in range(kills):
        before = chunks_in(folder)
        aim = before + chance.randint(1, 6)
        writer = start(write_some, folder, kills, before + CHUNKS_A_KILL - 2)
        while chunks_in(folder) < aim:
            assert writer.is_alive()
            assert not list(folder.glob("**/zarr.json")), "nothing to open while it is being written"
            time.sleep(0.0002)
        time.sleep(chance.uniform(0, 0.002))
        kill(writer)
        assert before < chunks_in(folder) < kills * CHUNKS_A_KILL
        assert_no_reader_opens(folder)
    (folder / "samples" / "c" / "0").mkdir(parents=True, exist_ok=True)
    (folder / "samples" / "c" / "0" / f"0.{'0' * 32}.partial").touch()  # should no kill have hit amid a file
    zarr.open(folder)  # a careless reader makes an empty group here
    write_killable(folder, kills)
    assert tree(folder) == tree(tmp_path / "reference")
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder)[-9000:], killable(kills)[-9000:])


ROWS = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1, chunks=40)


def by_zarr(folder: Path, **options: Any) -> da.Array:
    array: da.Array = da.from_zarr(str(folder), component="samples", **options)
    return array


READERS: dict[str, Any] = {
    "ours": mvn_dask.from_zarr,
    "optimized": lambda folder: optimize(mvn_dask.from_zarr(folder) * 2)[0],
    "zarr": by_zarr,
    "zarr, inlined": lambda folder: by_zarr(folder, inline_array=True),
    "an array": lambda folder: da.from_array(zarr.open_array(folder / "samples", mode="r"), chunks=(40, 2)),
    "an array, inlined": lambda folder: da.from_array(
        zarr.open_array(folder / "samples", mode="r"), chunks=(40, 2), inline_array=True
    ),
    "xarray": lambda folder: xr.open_zarr(folder)["samples"].data,
    "xarray, labelled": lambda folder: xr.open_zarr(folder)["samples"].isel(sample=slice(0, 80)).data,
}


@pytest.mark.parametrize("reader", READERS)
def test_overwriting_what_is_read_is_refused_however_it_is_read(reader: str, tmp_path: Path) -> None:
    """It would be deleted before it is read, and NaN written in its place."""
    folder = tmp_path / "store"
    mvn_dask.to_zarr(ROWS, folder)
    array = READERS[reader](folder)
    for derived in (array, array * 2 + 1, (array - array.mean(axis=0))[::2].rechunk((10, 2))):
        assert list(source_stores(derived))
        for storage in (folder, folder / "samples"):
            with pytest.raises(StorageError, match=r"is read from .*, which `overwrite` would delete"):
                mvn_dask.to_zarr(derived, storage, overwrite=True)
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder), ROWS)
    mvn_dask.to_zarr((array * 2).rechunk((40, 2)), tmp_path / "storehouse", overwrite=True)


def test_samples_are_read_from_nowhere() -> None:
    assert not list(source_stores(ROWS))
    assert not list(source_stores(da.exp(ROWS) @ np.ones(2)))


def test_another_length_of_the_same_sample_is_named(tmp_path: Path) -> None:
    """The longer run by `extend`, which works; the shorter one by what is there."""
    mvn_dask.to_zarr(sample(1000), tmp_path)
    longer = (
        r"`array.shape` is \[1000, 2\] in the store, \[1500, 2\].*longer run.*mvn_dask.extend,.*appends the 500 rows"
    )
    wanted = {
        r"\. Give": sample(1500),
        r", if the array has `array.chunks` of the store\. ": sample(1500, chunks=400),
        r", if the array has `array.coordinates` of the store\. ": labelled(1500),
        r", if the array has `array.chunks` and `array.coordinates` of the store\. ": labelled(1500, chunks=400),
    }
    for end, array in wanted.items():
        with pytest.raises(SpecMismatchError, match=longer + end):
            mvn_dask.to_zarr(array, tmp_path)
    with pytest.raises(SpecMismatchError, match="holds a longer run of the sample: its first 700 rows are the array's"):
        mvn_dask.to_zarr(sample(700), tmp_path)
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path)[:700].compute(), sample(700).compute())
    for other in (sample(1500, seed=2), sample(1000, chunks=400), sample(1500) + 1, sample(1500).reshape((500, 3, 2))):
        with pytest.raises(SpecMismatchError) as caught:
            mvn_dask.to_zarr(other, tmp_path)
        assert "longer run" not in str(caught.value)


def test_the_way_to_a_longer_run_works(tmp_path: Path) -> None:
    """Of a store that was finished, and of one that was not."""
    mvn_dask.to_zarr(sample(1000), tmp_path)
    (tmp_path / "samples" / "c" / "1" / "0").unlink()
    text = "mvn_dask.extend, of an unfinished store after mvn_dask.repair, appends the 500 rows"
    with pytest.raises(SpecMismatchError, match=text):
        mvn_dask.to_zarr(sample(1500), tmp_path)
    mvn_dask.repair(tmp_path)
    mvn_dask.extend(tmp_path, 500)
    mvn_dask.to_zarr(sample(1500), tmp_path)
    assert mvn_dask.status(tmp_path).complete
