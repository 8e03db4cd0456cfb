import dask.array as da
import numpy as np
import pytest
from dask.blockwise import Blockwise
from dask.delayed import delayed

from mvn_dask.execution.graph_search import find_in_graph


class Needle:
    """What is looked for."""

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return np.ones(4)


def second(_: object, needle: object) -> np.ndarray:
    return np.ones(2)


NEEDLE = Needle()
ROWS = da.zeros(4, chunks=2)
ARRAYS = {
    "an argument": da.map_blocks(second, ROWS, NEEDLE, dtype="f8"),
    "a keyword": da.map_blocks(second, ROWS, needle=NEEDLE, dtype="f8"),
    "a keyword, nested": da.map_blocks(second, ROWS, needle=[{"a": (NEEDLE,)}], dtype="f8"),
    "delayed": da.from_delayed(delayed(second)(0, NEEDLE), (2,), "f8"),
    "derived further": da.map_blocks(second, ROWS, NEEDLE, dtype="f8")[1:].sum() + ROWS.rechunk(4),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_object_is_found_wherever_a_graph_holds_it(name: str) -> None:
    assert {*find_in_graph(ARRAYS[name], Needle)} == {NEEDLE}


def test_nothing_is_found_where_nothing_is() -> None:
    assert not list(find_in_graph(ROWS + 1, Needle))


def test_blockwise_layers_are_not_unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million tasks take seconds to make."""
    array = da.map_blocks(second, da.zeros(2 * 10**6, chunks=2), needle=NEEDLE, dtype="f8") + 1
    monkeypatch.setattr(Blockwise, "_dict", property(lambda _: pytest.fail("unfolded")))
    assert {*find_in_graph(array, Needle)} == {NEEDLE}
