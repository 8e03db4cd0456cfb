import pickle
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dask.base import tokenize

import mvn_dask
from mvn_dask._typing import ArrayLoader
from mvn_dask.errors import ArgumentTypeError
from mvn_dask.execution.blocks import Blocks
from mvn_dask.execution.pickling import FunctionByValue, PickledOnce, dumps_without, loads_with
from mvn_dask.sampling.broadcast import SPOOLED_BYTES


class Holder:
    """A file-backed object that counts how often it is pickled."""

    def __init__(self, content: Any) -> None:
        self.content = content
        self.pickled = 0

    def reduce_with_files(self, files: Mapping[str, ArrayLoader]) -> tuple[Any, ...]:
        self.pickled += 1
        return Holder, (sorted(files),)


def test_a_function_inside_work_is_pickled_by_value() -> None:
    """While the work that it is in is pickled, and with whatever pickles it."""
    function = FunctionByValue(Holder("numbers").reduce_with_files, [])
    arrived = pickle.loads(pickle.dumps(PickledOnce([function], {})))  # noqa: S301
    assert arrived.value[0]({"one": None})[1] == (["one"],)
    assert tokenize(function) == tokenize(arrived.value[0]) != tokenize(FunctionByValue(len, []))


def test_a_function_that_no_process_can_get() -> None:
    lock = threading.Lock()
    function = FunctionByValue(lambda: not lock.locked(), [])
    with pytest.raises(ArgumentTypeError, match=r"<lambda> cannot be sent to other processes: cannot pickle '_thread"):
        pickle.dumps(PickledOnce([function], {}))
    assert function() is True


def test_files_are_offered_to_objects_at_any_depth_and_to_no_others() -> None:
    holder = Holder("numbers")
    value = [{"a": (holder, lambda: holder)}, np.arange(3), Holder]
    work = PickledOnce(value, {"one": partial(np.load, "x"), "two": partial(np.load, "y")})
    assert work.value is value
    for _ in range(2):
        arrived = pickle.loads(pickle.dumps(work))  # noqa: S301
        assert arrived.value[0]["a"][0].content == ["one", "two"]
        assert arrived.value[0]["a"][1]() is arrived.value[0]["a"][0], (
            "functions are pickled by value, with what they use"
        )
        np.testing.assert_array_equal(arrived.value[1], np.arange(3))
    assert holder.pickled == 1
    assert pickle.loads(pickle.dumps(arrived)).value is arrived.value, "it goes on as it came"  # noqa: S301


def test_a_process_keeps_the_last_object_only() -> None:
    one, other = (pickle.dumps(PickledOnce([number], {})) for number in range(2))
    first = pickle.loads(one).value  # noqa: S301
    assert pickle.loads(one).value is first  # noqa: S301
    assert pickle.loads(other).value == [1]  # noqa: S301
    again = pickle.loads(one).value  # noqa: S301
    assert again == first
    assert again is not first


def test_what_travels_is_unpickled_once_and_loads_what_it_can(tmp_path: Path) -> None:
    n = SPOOLED_BYTES // 8 + 5
    wide = mvn_dask.MultivariateNormal(np.arange(float(n)), 2.0).sample(3, seed=1, chunks=1)
    (origin,) = (layer.mapping for layer in wide.dask.layers.values() if hasattr(layer, "mapping"))
    broadcast = next(iter(origin.values())).value.broadcast
    for name, array in broadcast.arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    files = {key: partial(np.load, tmp_path / f"{name}.npy") for name, key in broadcast.digests.items()}
    pickled = pickle.dumps(PickledOnce(Blocks(wide), files))
    assert len(pickled) < 20_000
    one, other = pickle.loads(pickled), pickle.loads(pickled)  # noqa: S301
    assert one.value is other.value
    found: dict[int, Any] = {}
    one.value.compute_each([2], found.__setitem__)
    np.testing.assert_array_equal(found[2], wide[2:].compute())


def test_named_arrays_stay_out_of_a_pickle() -> None:
    large, small = np.arange(100_000.0), np.arange(3)
    value = {"large": large, "inner": [small, "text"], "other": np.arange(4)}
    payload = dumps_without(value, {"a": large, "b.c": small})
    assert len(payload) < 1000
    others = {"a": large + 1, "b.c": small + 1}
    again = loads_with(payload, others)
    assert again["large"] is others["a"]
    assert again["inner"][0] is others["b.c"]
    np.testing.assert_array_equal(again["other"], value["other"])
