import os
import pickle
import signal
import time
from pathlib import Path
from typing import Any, cast

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import xarray as xr
from dask.base import optimize
from dask.highlevelgraph import HighLevelGraph
from distributed import Client, LocalCluster
from distributed.protocol.pickle import dumps as cloud_dumps

import mvn_dask
from tests.support.strategies import random_moments

LARGE_D = 1100  # its factor, 9.7 MB, goes through the spool


def test_a_hundred_thousand_blocks_are_a_small_graph() -> None:
    normal = mvn_dask.MultivariateNormal(*random_moments(30))
    rows = normal.sample(100_000 * 2048, seed=1, chunks=2048)
    assert rows.numblocks == (100_000, 1)
    assert len(rows.dask.layers) == 2
    assert len(pickle.dumps(rows)) < 1_000_000
    source = max(rows.dask.layers, key=lambda name: name.startswith("mvn-source-"))
    assert len(pickle.dumps(rows.dask.layers[source])) < 15_000, "the factor of d = 30 takes 7,200"


@pytest.mark.slow
def test_a_million_blocks() -> None:
    rows = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10**6 * 65536, seed=1, chunks=65536)
    assert rows.numblocks == (1_000_000, 1)
    assert len(pickle.dumps(rows)) < 6_000_000
    assert rows.blocks[999_999].compute().shape == (65536, 1)


@pytest.mark.parametrize("after", [lambda x: x, lambda x: np.exp(x).sum(axis=1), lambda x: x[5000:] + 1])
def test_optimised_graphs_keep_one_node_for_the_factor(after: Any) -> None:
    rows = after(mvn_dask.MultivariateNormal(*random_moments(30)).sample(10_000, seed=1, chunks=2048))
    graph = dict(optimize(rows)[0].dask)
    sources = [key for key in graph if isinstance(key, str) and key.startswith("mvn-source-")]
    assert len(sources) == 1
    for key, node in graph.items():
        if key not in sources:
            assert len(cloud_dumps(node)) < 5_000, "no task carries the factor"


def test_names_are_fingerprints() -> None:
    mean, cov = random_moments(3)

    def name(seed: int = 1, n: int = 100, scale: float = 1.0, **options: Any) -> str:
        method = options.pop("method", "svd")
        normal = mvn_dask.MultivariateNormal(mean, scale * cov, method=method)
        return str(normal.sample(n, seed=seed, **options).name)

    assert name() == name()
    others = [
        name(seed=2), name(n=101), name(scale=2.0), name(method="eigh"), name(dtype=np.float32),
        name(chunks=50), name(chunks=((40, 60),)),
    ]  # fmt: skip
    assert len({name(), *others}) == 8
    fingerprints = {each.split("-")[1] for each in (name(), name(chunks=50), name(chunks=((40, 60),)))}
    assert len(fingerprints) == 1, "chunks decide no value"
    assert all(len(each) == 64 for each in fingerprints)


def test_a_recut_sample_is_still_the_sample(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.eye(4), index=list("abcd"), columns=list("abcd"))
    normal = mvn_dask.MultivariateNormal(np.zeros(4), frame)
    rows = normal.sample((10, 10), seed=1, chunks=(5, 5, 2))
    assert rows.chunks == ((5, 5), (5, 5), (2, 2))
    assert rows.name.startswith(normal.sample((10, 10), seed=1).name.rsplit("-", 1)[0])
    mvn_dask.to_zarr(rows, tmp_path)
    with xr.open_zarr(tmp_path) as dataset:
        assert dataset["samples"].dims == ("sample_0", "sample_1", "variable")
        assert list(dataset["variable"].values) == list("abcd")
        np.testing.assert_array_equal(dataset["samples"], normal.sample((10, 10), seed=1))


def test_equal_specs_share_their_tasks() -> None:
    normal = mvn_dask.MultivariateNormal(*random_moments(3))
    both = cast(HighLevelGraph, (normal.sample(10, seed=1) - normal.sample(10, seed=1)).dask)
    assert sum(name.startswith("mvn-") for name in both.layers) == 2
    assert not (normal.sample(10, seed=1) - normal.sample(10, seed=1)).any().compute()


def test_too_many_blocks_and_too_large_blocks_are_refused_at_once() -> None:
    rng = mvn_dask.default_rng(1)
    with pytest.raises(mvn_dask.errors.BlockTooLargeError, match=r"chunks=\d+ would fit"):
        rng.multivariate_normal([0.0], [[1.0]], 10**14, chunks=-1)
    with pytest.raises(mvn_dask.errors.BlockTooLargeError, match="use smaller `chunks`"):
        rng.multivariate_normal([0.0, 0.0], np.eye(2), 10**12, chunks=(5 * 10**11, 1))
    with pytest.raises(mvn_dask.errors.ArgumentError, match="blocks"):
        rng.multivariate_normal([0.0], [[1.0]], 10**18)
    assert "calls=0" in repr(rng)


def wait_for(path: Path) -> None:
    for _ in range(1200):
        if path.exists():
            return
        time.sleep(0.05)
    raise TimeoutError(path)


passed: list[int] = []


def hold_the_third(block: npt.NDArray[Any], folder: str, block_id: tuple[int, ...]) -> npt.NDArray[Any]:
    """Every worker passes two blocks on and holds the third until it is told to go on."""
    passed.append(block_id[0])
    if len(passed) > 2:
        Path(folder, f"holding-{os.getpid()}").touch()
        wait_for(Path(folder, "go"))
    return block


@pytest.mark.parametrize("d", [30, pytest.param(LARGE_D, marks=pytest.mark.faults)])
def test_a_worker_killed_on_the_way(d: int, processes: Client, tmp_path: Path) -> None:
    mean, cov = random_moments(d)
    normal = mvn_dask.MultivariateNormal(mean, cov, method="cholesky")
    height = mvn_dask.stripe_height(d)
    rows = normal.sample(12 * height, seed=1, chunks=height)
    held = da.map_blocks(hold_the_third, rows, folder=str(tmp_path), dtype=rows.dtype, meta=rows._meta)
    future = processes.compute(held)
    victims = [worker.process.pid for worker in cast(LocalCluster, processes.cluster).workers.values()]
    for pid in victims:
        wait_for(tmp_path / f"holding-{pid}")
    assert future.status == "pending"
    os.kill(victims[0], signal.SIGKILL)
    (tmp_path / "go").touch()
    np.testing.assert_array_equal(future.result(timeout=120), rows.compute(scheduler="synchronous"))


def test_the_same_graph_computes_after_all_workers_were_replaced(processes: Client) -> None:
    """The factor lives in no worker alone."""
    normal = mvn_dask.MultivariateNormal(*random_moments(LARGE_D), method="cholesky")
    rows = normal.sample(256, seed=1, chunks=128)
    before = rows.compute()
    processes.restart()
    np.testing.assert_array_equal(rows.compute(), before)


@pytest.mark.parametrize("d", [3, LARGE_D])
def test_a_pickled_array_is_the_same_array(d: int, tmp_path: Path) -> None:
    rows = mvn_dask.MultivariateNormal(*random_moments(d), method="cholesky").sample(256, seed=1, chunks=128)
    copy = pickle.loads(pickle.dumps(rows))  # noqa: S301
    assert copy.name == rows.name
    np.testing.assert_array_equal(copy, rows)
    mvn_dask.to_zarr(rows, tmp_path)
    mvn_dask.to_zarr(copy, tmp_path)


def test_a_factor_through_the_graph(processes: Client) -> None:
    mean, cov = random_moments(LARGE_D)
    with dask.config.set({"mvn_dask.spool": "graph"}):
        rows = mvn_dask.MultivariateNormal(mean, cov, method="cholesky").sample(256, seed=1, chunks=128)
    np.testing.assert_array_equal(processes.compute(rows).result(), rows.compute(scheduler="synchronous"))
