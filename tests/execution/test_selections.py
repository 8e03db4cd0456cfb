"""What graphs say of places, against the places themselves, computed."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.execution.selections import MAX_LAYERS, root_of, selection_of

SHAPE = (20, 4)
SAMPLES = [
    mvn_dask.MultivariateNormal(np.zeros(4), 1.0).sample(20, seed=1, chunks=chunks)
    for chunks in (7, (7, 3))  # cut along the columns, which are blocks of others
]
ROWS = np.arange(20) % 3 > 0
KEPT: list[Callable[[Any], Any]] = [
    lambda x: x[:, 1:3],
    lambda x: x[5:18:4, ::-1],
    lambda x: x[3],
    lambda x: x[-1, 2],
    lambda x: x[:, 2],
    lambda x: x[:, [3, 0, 3]],
    lambda x: x[ROWS],
    lambda x: x[[19, 0, 7, 7]],
    lambda x: x[:, None, 1:],
    lambda x: x[10:][2:5, :2],
    lambda x: x[:0],
    lambda x: x.blocks[1],
    lambda x: x.rechunk((6, 4)),
    lambda x: x.rechunk((5, 3))[3:18:2].rechunk((4, 1))[:, [2, 1, 1]],
    lambda x: x.T[1:],
    lambda x: da.concatenate([x, x])[15:25],
    lambda x: da.stack([x, x], axis=1),
    lambda x: da.flip(x, axis=0),
    lambda x: x.astype(np.float32),
    lambda x: x.persist(scheduler="synchronous"),
    lambda x: x.persist(scheduler="synchronous")[5:, ::-1],
]
COMPUTED: list[Callable[[Any], Any]] = [
    lambda x: -x[:, 1:],
    lambda x: 2.0 - x,
    lambda x: (x[::2] > 0.0).astype("int8"),
    np.exp,
    lambda x: np.round(x, 2)[3],
    lambda x: x.clip(0.0, 1.0),
    lambda x: x * np.arange(4.0),
    lambda x: np.arange(9.0)[:, None] < x[:9, ::-1].rechunk((4, 1)),
]
UNKNOWN: list[Callable[[Any], Any]] = [
    lambda x: x.map_blocks(np.sort),
    lambda x: x - x[:, :1],
    lambda x: x[:, :1] * np.arange(4.0),
    lambda x: (x * 2.0).persist(scheduler="synchronous"),
    lambda x: x.sum(axis=0),
    lambda x: x.reshape(4, 5, 4),
    lambda x: x[x[:, 0] > 0.0],
    lambda x: x @ np.ones((4, 4)),
    lambda x: da.concatenate([x, x[::-1]]),
    lambda x: np.cumsum(x, axis=0),
    lambda x: x.map_blocks(lambda block: block[:, ::-1]),
    lambda x: reduce(lambda one, _: one + 1.0, range(MAX_LAYERS), x),
]


def selection(array: da.Array) -> Any:
    end = root_of(array)
    return None if end is None else selection_of(array, end[0], end[1].lengths, axes=[0, 1])


def expected(change: Callable[[Any], Any], axis: int, chunks: Any) -> Any:
    """The same of an array whose numbers are the places along an axis."""
    places = np.broadcast_to(np.expand_dims(np.arange(SHAPE[axis]), 1 - axis), SHAPE)
    return change(da.from_array(places, chunks=chunks)).compute()


@pytest.mark.parametrize("sample", SAMPLES, ids=["rows", "columns"])
def test_places_are_those_that_a_change_leaves(sample: da.Array) -> None:
    for number, change in enumerate(KEPT):
        found = selection(change(sample))
        assert found is not None, number
        assert not found.is_computed
        assert {axis for axis in found.axes if axis is not None} | found.single.keys() == {0, 1}
        for axis in (0, 1):
            places = expected(change, axis, sample.chunks)
            along = [found.places[axis] if each == axis else range(1) for each in found.axes]
            shape = [len(part) if each == axis else 1 for part, each in zip(along, found.axes, strict=True)]
            own = found.single.get(axis, found.places.get(axis))
            assert np.array_equal(np.broadcast_to(np.reshape(own, shape or ()), places.shape), places), (number, axis)


@pytest.mark.parametrize("sample", SAMPLES, ids=["rows", "columns"])
def test_arithmetic_with_numbers_moves_nothing(sample: da.Array) -> None:
    for number, change in enumerate(COMPUTED):
        found = selection(change(sample))
        assert found is not None, number
        assert found.is_computed, number
        assert [len(found.places[axis]) for axis in found.axes] == list(change(sample).shape)


def test_what_nobody_knows_is_unknown() -> None:
    for sample in SAMPLES:
        assert [number for number, change in enumerate(UNKNOWN) if selection(change(sample)) is not None] == []


def test_an_array_that_was_computed_says_what_it_said_before() -> None:
    """Although dask, where it fuses layers, changes them."""
    changes: list[Callable[[Any], Any]] = [lambda x: x * 2.0, lambda x: x.astype(np.float32), lambda x: -x.T]
    for change in changes:
        array = change(SAMPLES[0])
        before = selection(array)
        array.compute(scheduler="synchronous")
        after = selection(array)
        assert (after.axes, after.places, after.is_computed) == (before.axes, before.places, before.is_computed)


def test_any_chain_of_indices() -> None:
    draw = np.random.default_rng(7)
    table = np.arange(80).reshape(SHAPE)
    for _ in range(25):
        array, places = SAMPLES[draw.integers(2)], table
        for _ in range(draw.integers(1, 5)):
            axis = int(draw.integers(2))
            length = places.shape[axis]
            parts: list[Any] = [
                slice(draw.integers(length), None, draw.integers(1, 4)),
                slice(None, None, -1),
                draw.integers(length, size=draw.integers(1, 6)).tolist(),
            ]
            index = (slice(None),) * axis + (parts[draw.integers(3)],)
            array, places = array[index], places[index]
            if draw.random() < 0.3:
                array = array.rechunk((draw.integers(1, 10), draw.integers(1, 5)))
        found = selection(array)
        assert np.array_equal(table[np.ix_(found.places[0], found.places[1])], places)


def test_many_places_are_a_range() -> None:
    huge = mvn_dask.MultivariateNormal([0.0, 1.0], 1.0).sample(10**11, seed=1, chunks=10**9)[1:]
    found = selection(huge)
    assert found is not None
    assert found.places == {0: range(1, 10**11), 1: range(2)}
