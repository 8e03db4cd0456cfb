import os
import pickle
import subprocess
import sys
from typing import Any

import dask.array as da
import numpy as np
import pytest
from distributed import Client

import mvn_dask
from mvn_dask.execution.blocks import Blocks
from mvn_dask.execution.pickling import PickledOnce

NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])
ROWS = NORMAL.sample(100, seed=1, chunks=10)


def payoff(x: Any) -> Any:
    return np.maximum(x.sum(axis=-1) - 1.0, 0.0)


INDEPENDENT = {
    "sample": ROWS,
    "shaped": NORMAL.sample((20, 30), seed=1, chunks=(1, 5)),
    "elementwise": np.exp(ROWS) * 2 + ROWS,
    "sum over variables": np.maximum(ROWS.sum(axis=1) - 1.0, 0.0),
    "weights": -(ROWS @ np.ones(2)),
    "a matrix of weights": (ROWS @ da.from_array(np.eye(2)).T)[:, ::-1] / np.array([1.0, 2.0]),
    "mapped": da.map_blocks(payoff, ROWS, drop_axis=1, dtype=ROWS.dtype),
    "joined": ROWS.rechunk((20, 2)),
    "two samples": ROWS * NORMAL.sample(100, seed=2, chunks=10),
    "a single block": NORMAL.sample(10, seed=1),
    "numpy": da.from_array(np.arange(12.0).reshape(6, 2), chunks=(2, 2)),
}
SHARED = {
    "mean over rows": ROWS - ROWS.mean(axis=0),
    "split": ROWS.rechunk((5, 2)),
    "overlap": da.map_overlap(lambda x: x, ROWS, depth={0: 1}, boundary="none", dtype="f8"),
    "cumulative": ROWS.cumsum(axis=0),
    "boxes": NORMAL.sample((20, 30), seed=1, chunks=(20, 5)),
}


@pytest.mark.parametrize("array", [*INDEPENDENT.values(), *SHARED.values()], ids=[*INDEPENDENT, *SHARED])
def test_every_block_by_its_number(array: da.Array) -> None:
    expected = array.compute()

    def compare(number: int, block: Any) -> None:
        index = np.unravel_index(number, array.numblocks)
        starts = [int(np.sum(axis[:step])) for axis, step in zip(array.chunks, index, strict=True)]
        window = tuple(slice(start, start + n) for start, n in zip(starts, block.shape, strict=True))
        np.testing.assert_array_equal(block, expected[window])
        seen.append(number)

    seen: list[int] = []
    Blocks(array).compute_each(range(array.npartitions)[::-1], compare)
    assert seen == list(range(array.npartitions))[::-1]


@pytest.mark.parametrize("name", INDEPENDENT)
def test_blocks_that_share_no_work(name: str) -> None:
    assert Blocks(INDEPENDENT[name]).independent()


@pytest.mark.parametrize("name", SHARED)
def test_blocks_that_share_work(name: str) -> None:
    assert not Blocks(SHARED[name]).independent()


def test_blocks_that_one_thread_may_well_make() -> None:
    assert all(Blocks(array).has_few_tasks() for array in INDEPENDENT.values())
    assert not Blocks(da.map_blocks(payoff, ROWS, drop_axis=1, dtype="f8").sum()).has_few_tasks()
    assert not Blocks(ROWS.mean(axis=0)).has_few_tasks()


def test_blocks_on_a_cluster_cannot_be_taken_elsewhere(threads: Client) -> None:
    assert not Blocks(ROWS.persist()).independent()


QUERY_PLANNING = """
import tempfile

import dask.array as da
import mvn_dask

url = tempfile.mkdtemp() + "/store"
normal = mvn_dask.MultivariateNormal([0.0], 1.0)
for make in (
    lambda: normal.sample(10, seed=1),
    lambda: mvn_dask.default_rng(1).multivariate_normal([0], [[1]], 5),
    lambda: mvn_dask.multivariate_normal([0], [[1]], seed=1),
    lambda: mvn_dask.from_zarr(url),
    lambda: mvn_dask.to_zarr(da.ones((4, 2), chunks=2), url),
    lambda: mvn_dask.to_xarray(da.ones((4, 2), chunks=2)),
):
    try:
        make()
    except mvn_dask.errors.UnsupportedOperationError as error:
        print(error)
"""


def test_query_planning_is_refused_when_an_array_is_made() -> None:
    environment = {**os.environ, "DASK_ARRAY__QUERY_PLANNING": "True"}
    end = subprocess.run(
        [sys.executable, "-c", QUERY_PLANNING], capture_output=True, text=True, check=True, env=environment
    )
    assert end.stdout.count("`array.query-planning` is on") == 6
    assert "DASK_ARRAY__QUERY_PLANNING=False" in end.stdout


@pytest.mark.filterwarnings("ignore:blocks of 1 row are far below a stripe")
def test_a_million_blocks_are_not_unfolded() -> None:
    many = NORMAL.sample(10**6, seed=1, chunks=1)
    blocks = Blocks(many + 1)
    assert blocks.independent()
    assert len(pickle.dumps(PickledOnce(blocks, {}))) < 6e6, "two numbers a block, for dask"
    found: dict[int, Any] = {}
    blocks.compute_each([10**6 - 1], found.__setitem__)
    np.testing.assert_array_equal(found[10**6 - 1], NORMAL.sample(10**6, seed=1)[-1:].compute() + 1)
