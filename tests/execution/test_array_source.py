"""What is behind an array stays with it in memory, and with nothing else."""

import pickle
import weakref
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import pytest
from dask.base import optimize, persist

from mvn_dask.execution.array_source import meta_of, source_of


class Recipe:
    """Anything, to which weak references are possible."""


def array_of(value: object, name: str = "numbers") -> da.Array:
    graph = {(name, block, 0): np.full((2, 3), block, "f4") for block in range(2)}
    return da.Array(graph, name, ((2, 2), (3,)), meta=meta_of(name, value, 2, "f4"))


KEPT: dict[str, Callable[[da.Array], Any]] = {
    "as it is": lambda x: x,
    "persisted": lambda x: x.persist(scheduler="synchronous"),
    "persisted together": lambda x: persist(x, x + 1.0, scheduler="synchronous")[0],
    "optimized": lambda x: optimize(x)[0],
    "a row": lambda x: x.persist(scheduler="synchronous")[2],
}
LOST: dict[str, Callable[[da.Array], Any]] = {
    "computed": lambda x: x + 1.0,
    "of its shape": da.zeros_like,
    "with its meta": lambda x: da.from_array(np.ones((4, 3), "f4"), meta=x._meta),
}


@pytest.mark.parametrize("name", [*KEPT, *LOST])
def test_who_has_a_source(name: str) -> None:
    found = source_of((KEPT | LOST)[name](array_of("a recipe")))
    assert (found and found.value) == ("a recipe" if name in KEPT else None)


def test_what_is_cut_out_has_one_as_long_as_its_graph_tells_so() -> None:
    cut = array_of("a recipe")[1:, ::-1]
    found = source_of(cut)
    assert found is not None
    assert found.name == "numbers"
    assert source_of(cut.persist(scheduler="synchronous")) is None, "of which places it consists is unknown"


def test_a_meta_is_a_plain_empty_array() -> None:
    meta = array_of("a recipe")._meta
    assert (type(meta), meta.shape, meta.dtype) == (np.ndarray, (0, 0), np.float32)
    assert b"recipe" not in pickle.dumps(meta), "what travels is the graph's"
    assert meta_of("x", 1, 0, "c16").shape == ()
    assert [meta_of("x", 1, 1, dtype).size for dtype in ("?", "i1", "f8", "c16")] == [0] * 4


def test_what_it_holds_goes_with_the_array() -> None:
    recipe = Recipe()
    left, array = weakref.ref(recipe), array_of(recipe).persist(scheduler="synchronous")
    del recipe
    assert left() is not None
    del array
    assert left() is None
