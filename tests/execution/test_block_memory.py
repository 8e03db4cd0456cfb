import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import pytest

import mvn_dask
from mvn_dask.execution.block_memory import empty_block, memory_kept
from mvn_dask.execution.blocks import Blocks


def address(array: npt.NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


def test_memory_is_used_again_once_nothing_refers_to_it() -> None:
    with memory_kept():
        block = empty_block((100, 3), "f8")
        first = address(block)
        assert address(empty_block((100, 3), "f8")) != first
        del block
    with memory_kept():
        first = address(empty_block((100, 3), "f8"))
        for shape, dtype in (((100, 3), "f8"), ((50, 3), "f4"), ((1,), "f8"), ((0, 3), "f4")):
            block = empty_block(shape, dtype)
            assert (block.shape, block.dtype, block.flags.c_contiguous) == (shape, np.dtype(dtype), True)
            assert address(block) == first
            del block


@pytest.mark.parametrize("view", [np.transpose, lambda block: block[::7, 1:], lambda block: block.reshape(-1)[5:6]])
def test_a_view_keeps_its_memory(view: Any) -> None:
    with memory_kept():
        block = empty_block((100, 3), "f8")
        block[:] = 1.0
        part = view(block)
        del block
        gc.collect()
        empty_block((100, 3), "f8")[:] = 2.0
        assert (part == 1.0).all()


def test_each_thread_has_its_own() -> None:
    together = threading.Barrier(3)

    def draw(_: int) -> int:
        with memory_kept():
            block = empty_block((100,), "f8")
            together.wait(60)
            return address(block)

    with ThreadPoolExecutor(3) as pool:
        assert len({*pool.map(draw, range(3))}) == 3


def test_outside_nothing_is_kept() -> None:
    with memory_kept():
        with memory_kept():
            inner = empty_block((4,), "f8")
        outer = empty_block((4,), "f8")
        assert address(outer) != address(inner)
    block = empty_block((4,), "f8")
    assert block.base is None


def drawn(transform: Any, use: Any) -> None:
    x = mvn_dask.MultivariateNormal([1.0, 2.0], 3.0).sample(1000, seed=1, chunks=100)
    with memory_kept():
        Blocks(transform(x)).compute_each(range(10), use)


def test_blocks_of_a_sample_are_drawn_into_the_same_memory() -> None:
    addresses = []
    drawn(lambda x: x, lambda _, block: addresses.append(address(block)))
    assert len(addresses) == 10
    assert len({*addresses}) == 1


@pytest.mark.parametrize("transform", [lambda x: x, lambda x: x[:, ::-1], lambda x: da.map_blocks(np.asarray, x)])
def test_blocks_that_somebody_keeps_stay_as_they_are(transform: Any) -> None:
    blocks: dict[int, npt.NDArray[Any]] = {}
    drawn(transform, blocks.__setitem__)
    x = mvn_dask.MultivariateNormal([1.0, 2.0], 3.0).sample(1000, seed=1, chunks=100)
    np.testing.assert_array_equal(np.concatenate([blocks[i] for i in range(10)]), transform(x).compute())
