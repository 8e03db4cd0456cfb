"""What is kept of arrays: made once, as long as they live, and never for another array."""

import gc
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, get_ident

import numpy as np
import pytest

from mvn_dask.compiled import kept
from mvn_dask.compiled.drawing import factor_product, stripe_drawer
from mvn_dask.compiled.kept import made_by_thread, made_once


def test_once_for_all_threads() -> None:
    array, calls, barrier = np.ones(3), list[int](), Barrier(8)

    def make() -> object:
        calls.append(get_ident())
        return object()

    def ask(_: int) -> object:
        barrier.wait()
        return made_once("thing", array, make)

    with ThreadPoolExecutor(8) as pool:
        things = {*pool.map(ask, range(8))}
    assert len(things) == len(calls) == 1
    assert made_once("other", array, make) not in things


def test_once_in_each_thread_for_the_last_array() -> None:
    array, one, other = np.ones(3), np.ones(2), np.ones(2)
    thing = made_by_thread("thing", array, one, object)
    assert made_by_thread("thing", array, one, object) is thing
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(made_by_thread, "thing", array, one, object).result() is not thing
    assert made_by_thread("thing", array, other, object) is not thing
    assert made_by_thread("thing", array, one, object) is not thing, "only that of the last array"


def test_forgotten_with_the_array() -> None:
    """However often arrays take the `id` of one before them."""
    before = len(kept._kept)
    for number in range(1000):
        array = np.full(3, number)
        assert made_once("sum", array, partial(np.sum, array)) == 3 * number
        del array
    gc.collect()
    assert len(kept._kept) == before


def test_factors_become_read_only_and_are_packed_once() -> None:
    matrix, mean, other = np.eye(40), np.zeros(40), np.ones(40)
    product, drawer = factor_product(matrix, mean), stripe_drawer("float64", matrix, mean)
    assert any(product._affine[1] is array for array in drawer._arrays)
    assert factor_product(matrix, mean) is product
    assert stripe_drawer("float64", matrix, other) is not drawer
    for array in (matrix, mean, other):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
