import numpy as np
import pytest

from mvn_dask.random.sfc64 import child_states


@pytest.mark.parametrize("entropy", [0, 7, 2**40, 2**127 + 5, 2**200 + 3, [1, 2, 3], [2**70, 5, 6, 7, 8, 9]])
@pytest.mark.parametrize("key", [(), (3,), (2**33, 1), (1, 2, 3, 4, 5)])
@pytest.mark.parametrize("pool_size", [4, 6])
def test_states_are_those_of_numpys_objects(entropy: int | list[int], key: tuple[int, ...], pool_size: int) -> None:
    parent = np.random.SeedSequence(entropy, spawn_key=key, pool_size=pool_size)
    for first in (0, 5, 2**32 - 2, 2**32, 2**40):
        states = child_states(parent, first, 4)
        for child in range(4):
            sequence = np.random.SeedSequence(entropy, spawn_key=(*key, first + child), pool_size=pool_size)
            expected = np.random.SFC64(sequence).state["state"]["state"]
            np.testing.assert_array_equal(states[:, child], expected)


def test_spawned_children_make_no_difference() -> None:
    parent = np.random.SeedSequence(1)
    before = child_states(parent, 0, 3)
    parent.spawn(5)
    np.testing.assert_array_equal(child_states(parent, 0, 3), before)
