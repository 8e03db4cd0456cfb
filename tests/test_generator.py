import pickle
import re
import threading
from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import ArgumentError, ArgumentTypeError

EYE = np.eye(2)


def draw(rng: mvn_dask.Generator, n: int = 3) -> Any:
    return rng.multivariate_normal([0, 0], EYE, n, method="cholesky").compute()


def test_calls_are_spawned_children() -> None:
    rng = mvn_dask.default_rng(5)
    for call in range(3):
        stream = np.random.SeedSequence(5).spawn(call + 1)[call].spawn(1)[0]
        expected = np.random.Generator(np.random.SFC64(stream)).standard_normal((3, 2))
        np.testing.assert_array_equal(draw(rng), expected)


def test_spawned_children_take_the_place_of_calls() -> None:
    rng = mvn_dask.default_rng(5)
    rng.spawn(2)
    (third,) = rng.spawn(1)
    expected = mvn_dask.default_rng(np.random.SeedSequence(5).spawn(3)[2])
    np.testing.assert_array_equal(draw(third), draw(expected))
    fresh = mvn_dask.default_rng(5)
    calls = [draw(fresh) for _ in range(4)]
    np.testing.assert_array_equal(draw(rng), calls[3])
    assert not any(np.array_equal(draw(rng.spawn(1)[0]), call) for call in calls)


@pytest.mark.parametrize(
    "bad",
    [
        {"mean": [0, 0, 0]},
        {"cov": [[1, 2], [2, 1]], "check_valid": "raise"},
        {"cov": [[1, 2], [2, 1]], "method": "cholesky"},
        {"size": -1},
        {"chunks": "nonsense", "size": 3},
        {"dtype": int},
        {"size": 10**14, "chunks": -1},
    ],
)
def test_a_call_that_raises_leaves_the_generator_as_it_was(bad: dict[str, Any]) -> None:
    rng = mvn_dask.default_rng(5)
    with pytest.raises((ValueError, TypeError, MemoryError)):
        rng.multivariate_normal(**{"mean": [0, 0], "cov": EYE, **bad})
    np.testing.assert_array_equal(draw(rng), draw(mvn_dask.default_rng(5)))


PUBLIC = [name for name in dir(np.random.Generator) if not name.startswith("_")]
METHODS = [name for name in PUBLIC if callable(getattr(np.random.Generator, name))]


@pytest.mark.parametrize("name", METHODS)
def test_what_numpys_generator_has_and_ours_has_not(name: str) -> None:
    """The error names what has it, and that has it."""
    rng = mvn_dask.default_rng(5)
    if name in {"multivariate_normal", "spawn"}:
        assert hasattr(rng, name)
        return
    with pytest.raises(AttributeError, match=f"no attribute '{name}'.*dask.array.random") as caught:
        getattr(rng, name)
    assert (caught.value.name, caught.value.obj) == (name, rng)
    found = re.search(r"use (dask.array|numpy).random.default_rng\(seed\)", str(caught.value))
    assert found is not None
    module = {"dask.array": da, "numpy": np}[found[1]]
    assert hasattr(module.random.default_rng(1), name)


def test_other_names_are_plain_attribute_errors() -> None:
    rng = mvn_dask.default_rng(5)
    properties = sorted(set(PUBLIC) - set(METHODS))
    assert "bit_generator" in properties
    for name in ("nothing", "_repr_png_", "__array__", *properties):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'$"):
            getattr(rng, name)
    assert pickle.loads(pickle.dumps(rng)).spawn(1)  # noqa: S301


def test_no_global_state() -> None:
    numpys = []
    for ours in (lambda: None, lambda: draw(mvn_dask.default_rng())):
        np.random.seed(1)  # noqa: NPY002
        ours()
        mvn_dask.multivariate_normal([0, 0], EYE, 3).compute()
        numpys.append(np.random.random())  # noqa: NPY002
    assert numpys[0] == numpys[1] == np.random.RandomState(1).random()
    one, other = (mvn_dask.multivariate_normal([0, 0], EYE, 3).compute() for _ in range(2))
    assert not np.array_equal(one, other)


def test_numpys_generator_is_only_asked_for_its_seed() -> None:
    theirs = np.random.default_rng(5)
    state = theirs.bit_generator.state
    ours = mvn_dask.default_rng(theirs)
    assert repr(ours) == "Generator(PCG64, entropy=5, key=(), calls=0)"
    draw(ours)
    assert theirs.bit_generator.state == state
    assert mvn_dask.default_rng(ours) is ours


def test_pickling_keeps_the_place() -> None:
    rng = mvn_dask.default_rng(5)
    draw(rng)
    copy = pickle.loads(pickle.dumps(rng))  # noqa: S301
    np.testing.assert_array_equal(draw(copy), draw(rng))


def test_threads_get_calls_of_their_own() -> None:
    rng = mvn_dask.default_rng(5)
    names: list[str] = []

    def work() -> None:
        for _ in range(20):
            names.append(rng.multivariate_normal([0, 0], EYE, 3).name)  # noqa: PERF401

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = mvn_dask.default_rng(5)
    assert sorted(names) == sorted(expected.multivariate_normal([0, 0], EYE, 3).name for _ in range(80))


def test_spawn_counts() -> None:
    rng = mvn_dask.default_rng(5)
    assert rng.spawn(0) == []
    with pytest.raises(ArgumentError, match="`n_children` must not be negative"):
        rng.spawn(-1)
    with pytest.raises(ArgumentTypeError, match="`n_children` must be an integer"):
        rng.spawn(2.5)  # type: ignore[arg-type]
    assert "calls=0" in repr(rng)


def test_numpys_idiom() -> None:
    rng = mvn_dask.Generator(np.random.PCG64(5))
    np.testing.assert_array_equal(draw(rng), draw(mvn_dask.default_rng(np.random.PCG64(5))))
