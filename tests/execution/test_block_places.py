"""Places of blocks against the same done to arrays of places."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from mvn_dask.execution.block_places import FUNCTIONS, PlacedBlock, UnknownNodeError, is_p2p_rechunk, joined, name_of

BLOCK = PlacedBlock((0, 1), (range(10, 20), range(4)), {})


@pytest.mark.parametrize(
    "index",
    [
        (slice(2, 7),),
        (slice(None, None, -3), slice(1, 3)),
        (slice(None), [3, 0, 3]),
        (np.array([1, 8]),),
        (np.arange(10) > 6, slice(2)),
    ],
)
def test_an_index_takes_places(index: Any) -> None:
    found = BLOCK.cut(index)
    for axis, part in enumerate((*index, slice(None))[:2]):
        np.testing.assert_array_equal(found.places[axis], np.array(BLOCK.places[axis])[part])
    assert found.axes == (0, 1)


def test_numbers_end_axes_and_none_begins_one() -> None:
    found = BLOCK.cut((3, None, slice(1, None)))
    assert (found.axes, dict(found.single)) == ((None, 1), {0: 13})
    assert found.places == (range(1), range(1, 4))


@pytest.mark.parametrize("index", [(Ellipsis,), ([0], [1]), (0, 0, 0), ("a",)])
def test_other_indices_are_unknown(index: Any) -> None:
    with pytest.raises(UnknownNodeError):
        BLOCK.cut(index)


def test_a_line_of_blocks_is_a_range_where_it_can_be() -> None:
    line = [PlacedBlock((0,), (range(start, start + 5),), {}) for start in (0, 5, 10)]
    assert joined(line, 0) == range(15)
    np.testing.assert_array_equal(joined(line[::2], 0), [*range(5), *range(10, 15)])
    with pytest.raises(UnknownNodeError):
        joined([line[0], BLOCK], 0)


def test_functions_have_the_names_that_dask_gives_them() -> None:
    """Those of a release of dask in which they are called otherwise would be unknown, and labels be lost silently."""
    for name in FUNCTIONS:
        module, _, function = name.rpartition(".")
        assert name_of(getattr(import_module(module), function)) == name


def test_the_layer_of_distributed_has_its_name() -> None:
    from distributed.shuffle._rechunk import P2PRechunkLayer

    layer = P2PRechunkLayer("new", "token", ((4,),), ((2, 2),), "old", disk=False)
    assert is_p2p_rechunk(layer)
    assert not is_p2p_rechunk(BLOCK)
