"""Arrays whose graphs refer to results on a cluster, and calls from inside of its tasks."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from dask.delayed import delayed
from distributed import Client, secede, wait, worker_client

import mvn_dask
from mvn_dask.errors import ArgumentError, ResultsLostError
from tests.support.arrays import derived, sample
from tests.support.clusters import local_cluster
from tests.support.pausing import DEADLINE, wait_for
from tests.support.stores import tree


def scaled(block: Any, weights: Any) -> Any:
    return block * np.asarray(weights[0] if isinstance(weights, list) else weights)


def scattered(client: Client) -> Any:
    return client.scatter(np.array([1.0, 2.0]))


WEIGHTED = sample() * np.array([1.0, 2.0])
ARRAYS: dict[str, tuple[Callable[[Client], da.Array], da.Array]] = {
    "an argument": (lambda client: da.map_blocks(scaled, sample(), scattered(client), dtype="f8"), WEIGHTED),
    "a keyword": (lambda client: da.map_blocks(scaled, sample(), weights=scattered(client), dtype="f8"), WEIGHTED),
    "in a list": (lambda client: da.map_blocks(scaled, sample(), weights=[scattered(client)], dtype="f8"), WEIGHTED),
    "persisted": (lambda client: client.persist(sample()), sample()),
    "derived from a persisted one": (lambda client: derived(client.persist(sample())), derived(sample())),
    "a future": (lambda client: sample() * da.from_delayed(scattered(client), (2,), "f8"), WEIGHTED),
    "a delayed future": (lambda client: sample() * da.from_delayed(delayed(scattered(client)), (2,), "f8"), WEIGHTED),
    "a delayed function of a future": (
        lambda client: sample() * -da.from_delayed(delayed(np.negative, pure=True)(scattered(client)), (2,), "f8"),
        WEIGHTED,
    ),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_graphs_may_refer_to_futures(name: str, threads: Client, tmp_path: Path) -> None:
    make, expected = ARRAYS[name]
    array, folder = make(threads), tmp_path / "store"
    mvn_dask.to_zarr(array, folder, part=(0, 2))
    mvn_dask.to_zarr(array, folder)
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder).compute(), expected.compute())
    before = tree(folder)
    (chunk, *_) = sorted(path for path in (folder / "samples" / "c").rglob("*") if path.is_file())
    os.truncate(chunk, 3)
    mvn_dask.to_zarr(array, folder)
    assert tree(folder) == before
    os.truncate(chunk, 3)
    assert len(mvn_dask.repair(folder, array=array).chunks) == 1
    assert tree(folder) == before


@pytest.mark.parametrize("name", ARRAYS)
def test_results_that_cannot_be_read_are_refused_before_anything_is_written(
    name: str, threads: Client, tmp_path: Path
) -> None:
    array = ARRAYS[name][0](threads)
    with dask.config.set(scheduler="threads"), pytest.raises(ArgumentError, match="on the cluster at inproc"):
        mvn_dask.to_zarr(array, tmp_path / "store")
    assert not list(tmp_path.iterdir())


def in_a_task(how: str, folder: Path) -> bool:
    """A store's whole life in a task, by whatever the task has done with its thread."""
    if how == "secede":
        secede()
    if how == "worker_client":
        with worker_client():
            return in_a_task("nothing", folder)
    store, rows = folder / how, sample(size=1000)
    mvn_dask.to_zarr(rows, store)
    mvn_dask.to_zarr(rows - rows.mean(axis=0), folder / f"{how}-whole")
    os.truncate(store / "samples" / "c" / "1" / "0", 3)
    repaired = mvn_dask.repair(store).chunks == ((1, 0),)
    extended = mvn_dask.extend(store, 100).after == (1100, 2)
    mvn_dask.report(store)
    return repaired and extended and mvn_dask.verify(store, level="values", full=True).ok


@pytest.mark.parametrize("how", ["secede", "worker_client", "nothing"])
def test_a_task_may_keep_stores_whether_it_has_seceded_or_not(how: str, threads: Client, tmp_path: Path) -> None:
    assert threads.submit(in_a_task, how, tmp_path, pure=False).result(DEADLINE)


def gated(block: Any, weights: Any, folder: Path) -> Any:
    (folder / "waits").touch()
    wait_for((folder / "gate").exists, "the gate")
    return scaled(block, weights)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["scattered", "persisted"])
def test_results_that_die_with_their_worker(kind: str, tmp_path: Path) -> None:
    """The same call never goes on; that with the array built again does, which dask names otherwise."""
    store = tmp_path / "store"

    def build(client: Client) -> da.Array:
        weights, rows = scattered(client), sample()
        if kind == "persisted":
            # Its tasks could be run again, but for the scattered weights of which they were made.
            rows = client.persist(da.map_blocks(scaled, rows, weights, dtype="f8"))
            wait(rows)
            weights = 1.0
        array: da.Array = da.map_blocks(gated, rows, weights, tmp_path, dtype="f8", meta=np.empty((0, 0)))
        return array

    with (
        local_cluster(n_workers=1) as cluster,
        Client(cluster) as client,
        dask.config.set(scheduler="distributed"),
        ThreadPoolExecutor(1) as pool,
    ):
        array = build(client)
        job = pool.submit(mvn_dask.to_zarr, array, store)
        wait_for((tmp_path / "waits").exists, "a task")
        (pid,) = client.run(os.getpid).values()
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ResultsLostError, match="The same call cannot go on: build `array` again"):
            job.result(DEADLINE)
        before = tree(store)
        with pytest.raises(ResultsLostError, match="build `array` again"):
            mvn_dask.to_zarr(array, store)
        assert tree(store) == before
        (tmp_path / "gate").touch()
        client.wait_for_workers(1)
        mvn_dask.to_zarr(build(client), store, overwrite=True)
    np.testing.assert_array_equal(mvn_dask.from_zarr(store).compute(), WEIGHTED.compute())


@pytest.mark.usefixtures("threads")
def test_what_distributed_cuts_anew_in_its_own_way_keeps_its_labels() -> None:
    x = mvn_dask.MultivariateNormal([0.0, 1.0], [2.0, 3.0], names=["oil", "gas"]).sample(100, seed=1, chunks=30)
    with dask.config.set({"array.rechunk.method": "p2p"}):
        cut = x[5:, ::-1].rechunk((40, 1))[3:].T * np.ones(92)
    assert any(type(layer).__name__ == "P2PRechunkLayer" for layer in cut.dask.layers.values())
    found = mvn_dask.to_xarray(cut)
    assert found.dims == ("variable", "sample")
    assert found["variable"].values.tolist() == ["gas", "oil"]
