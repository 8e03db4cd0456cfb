import json
import pickle
from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.random.streams import STRIPE_LIMIT, Root, as_root, recorded_root, stripe_height


def integers(seed: Any) -> Iterator[Any]:
    """The integers and texts in a nested seed."""
    if isinstance(seed, (int, np.integer, str)):
        yield seed
    else:
        for part in seed:
            yield from [part] if isinstance(part, (int, np.integer, str)) else integers(part)


def numpys_sequence(seed: Any) -> np.random.SeedSequence:
    """numpy's sequence of a nested seed, which is that of its integers; numpy takes nested ones up to 2.4."""
    try:
        sequence = np.random.SeedSequence(seed)
    except TypeError as error:
        if "nested" not in str(error):
            raise
        return np.random.SeedSequence(list(integers(seed)))
    if not isinstance(seed, (int, np.integer)) and np.lib.NumpyVersion(np.__version__) < "2.5.0":
        flat = np.random.SeedSequence(list(integers(seed)))
        np.testing.assert_array_equal(sequence.generate_state(8), flat.generate_state(8))
    return sequence


WAY_OUT = r"^`seed` cannot be [^\n]*: give an integer that is not negative, or a list of them \([^\n]*\)$"


@settings(deadline=None)
@given(st.integers(1, 3 * 10**7), st.integers(1, 3 * 10**7))
def test_stripe_height_is_the_rule_spelt_out(d: int, k: int) -> None:
    width = max(d, k)
    powers = [2**e for e in range(17)]
    height = max([128, *(power for power in powers if power * width <= 2**16)])
    while height > 1 and height * width > 2**23:
        height //= 2
    assert stripe_height(d, k) == height
    assert height == 1 or height * width <= STRIPE_LIMIT


@pytest.mark.parametrize("ndim", [0, -3])
def test_without_variables_there_are_no_stripes(ndim: int) -> None:
    with pytest.raises(ArgumentError, match=f"`ndim` must (be at least 1|not be negative): it is {ndim}"):
        stripe_height(ndim)
    with pytest.raises(ArgumentTypeError, match=r"`ndim` must be an integer, not 2.0: give 2"):
        stripe_height(2.0)  # type: ignore[arg-type]


def test_stripe_heights_of_the_promises() -> None:
    heights = {w: stripe_height(w, 1) for w in (1, 2, 100, 1000, 65536, 10**6)}
    assert heights == {1: 65536, 2: 32768, 100: 512, 1000: 128, 65536: 128, 10**6: 8}


@settings(deadline=None)
@given(st.integers(0, 2**200), st.integers(0, 40), st.integers(0, 40))
def test_child_is_spawn_without_state(entropy: int, call: int, stripe: int) -> None:
    spawned = np.random.SeedSequence(entropy).spawn(call + 1)[call].spawn(stripe + 1)[stripe]
    ours = as_root(entropy).child(call).child(stripe).seed_sequence()
    np.testing.assert_array_equal(ours.generate_state(8), spawned.generate_state(8))


@pytest.mark.parametrize(
    "seed",
    [
        42,
        np.int64(42),
        2**200,
        [1, 2, 3],
        (5, 2**70),
        np.array([7, 8], dtype=np.uint32),
        np.random.SeedSequence(9),
        np.random.SeedSequence(9, spawn_key=(3, 4)),
        np.random.SeedSequence([1, 2], pool_size=8),
        np.random.SeedSequence(9, spawn_key=(2**40, 0, 2**100)),
        np.random.SeedSequence(9, pool_size=1024),
        10**640 - 1,
        [1, 10**640 - 1],
        0,
        True,
        np.uint8(3),
        range(4),
        [],
        [0],
        [True, False],
        [1, [2, 3]],
        (1, (2, [3, (4, 2**90)])),
        [[1, 2], [3, 4]],
        [[], 1, [[]]],
        [range(3), 5],
        [np.int8(3), np.uint64(2**63)],
        [1, np.array([2, 3], dtype=np.uint32)],
        [np.array([2**40, 3]), np.array([], dtype=np.uint32), 1],
        np.array([2**63 + 5], dtype=np.uint64),
        np.array([[1, 2], [3, 4]]),
        np.array([1, 2**100], dtype=object),
        np.arange(3, dtype=np.uint8),
        ["0x1F", "12", 3],
        np.array(["12", "0x1"]),
        reduce(lambda seed, _: [seed], range(100), cast(object, 7)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_seed_gives_numpys_stream(seed: object) -> None:
    theirs = seed if isinstance(seed, np.random.SeedSequence) else numpys_sequence(seed)
    root = as_root(seed)
    np.testing.assert_array_equal(root.seed_sequence().generate_state(8), theirs.generate_state(8))
    expected = np.random.Generator(np.random.SFC64(theirs)).standard_normal(5)
    np.testing.assert_array_equal(root.generator().standard_normal(5), expected)
    assert pickle.loads(pickle.dumps(root)) == root  # noqa: S301
    assert recorded_root(json.loads(json.dumps(root.record()))) == root


def test_numpys_sequences_and_bit_generators_of_nested_seeds_are_read_as_well() -> None:
    nested: Any = [1, [2, np.array([3, 2**40])]]
    if np.lib.NumpyVersion(np.__version__) >= "2.5.0":
        with pytest.raises(TypeError, match="nested"):
            np.random.SeedSequence(nested)
        assert as_root(nested) == Root((1, 2, 3, 2**40))
        return
    for sequence in (np.random.SeedSequence(nested, spawn_key=(3,)), np.random.SeedSequence(nested).spawn(4)[2]):
        ours = as_root(sequence).seed_sequence()
        np.testing.assert_array_equal(ours.generate_state(8), sequence.generate_state(8))
    for bit_generator in (np.random.PCG64(nested), np.random.MT19937(nested)):
        root = as_root(bit_generator)
        assert root == Root((1, 2, 3, 2**40), bit_generator=type(bit_generator).__name__)
        np.testing.assert_array_equal(root.generator().random(4), np.random.Generator(bit_generator).random(4))


@pytest.mark.parametrize("name", ["SFC64", "PCG64", "PCG64DXSM", "Philox", "MT19937"])
def test_bit_generators_give_their_seed_and_class(name: str) -> None:
    bit_generator = getattr(np.random, name)(123)
    expected = Root(123, bit_generator=name)
    assert as_root(bit_generator) == expected
    assert as_root(np.random.Generator(bit_generator)) == expected
    assert type(as_root(bit_generator).generator().bit_generator).__name__ == name


@pytest.mark.parametrize("name", ["SFC64", "PCG64", "PCG64DXSM", "Philox", "MT19937"])
def test_advanced_bit_generators_give_their_state(name: str) -> None:
    """Advanced, jumped or restored: the same state gives the same root, in every process, and another state another."""

    def advanced(words: int) -> np.random.BitGenerator:
        bit_generator: np.random.BitGenerator = getattr(np.random, name)(123)
        bit_generator.random_raw(words)
        return bit_generator

    before = repr(advanced(3).state)
    roots = [as_root(advanced(words)) for words in range(4)]
    assert len(set(roots)) == 4
    assert roots == [as_root(advanced(words)) for words in range(4)]
    restored = getattr(np.random, name)()
    restored.state = advanced(3).state
    assert as_root(restored) == roots[3]
    assert repr(restored.state) == before, "it is not advanced"
    if name != "SFC64":
        jumped = [as_root(advanced(0).jumped(2)) for _ in range(2)]  # type: ignore[attr-defined]
        assert jumped[0] == jumped[1] != roots[0]


def test_legacy_and_keyed_generators_have_nothing_but_their_state() -> None:
    assert as_root(np.random.RandomState(5)) == as_root(np.random.RandomState(5)) != as_root(np.random.RandomState(6))
    assert as_root(np.random.Philox(key=3)) == as_root(np.random.Philox(key=3)) != as_root(np.random.Philox(key=4))


def test_children_that_a_sequence_has_spawned_do_not_matter() -> None:
    sequence = np.random.SeedSequence(3)
    sequence.spawn(5)
    assert as_root(sequence) == as_root(3)


def test_no_seed_is_fresh_entropy() -> None:
    assert as_root(None) != as_root(None)


@pytest.mark.parametrize(
    "seed",
    [
        "42", b"4", 1.5, np.float64(2), object(), {}, {1}, iter([1]), np.bool_(True), np.array(5), pd.Series([1, 2]),
        [1, 2.5], [None], [1, [2, 3.5]], np.array([1.5]), [np.array(3)], [np.random.SeedSequence(1)], [Fraction(2)],
    ],
)  # fmt: skip
def test_seeds_of_another_type(seed: object) -> None:
    """Those that numpy refuses by a TypeError; the text has one line, and the way out."""
    with pytest.raises(TypeError):
        np.random.SeedSequence(seed)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match=WAY_OUT):
        as_root(seed)


def test_seeds_nested_deeper_than_python_recurses() -> None:
    assert as_root(reduce(lambda seed, _: [seed], range(5000), cast(object, 7))) == as_root([7])


@pytest.mark.parametrize("seed", [[b"ab"], [{5}], [{5: 6}], [memoryview(b"ab")], [iter([1])], [np.timedelta64(1, "s")]])
def test_what_holds_integers_by_chance_is_no_seed(seed: object) -> None:
    with pytest.raises(ArgumentTypeError, match=WAY_OUT):
        as_root(seed)


@pytest.mark.parametrize("seed", [-1, [1, -2], np.array([-1]), ["abc"], ["-5"], [""], ["0X1"], ["1.5"]])
def test_seeds_that_numpy_refuses(seed: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        np.random.SeedSequence(seed)  # type: ignore[arg-type]
    for nested in (seed, [seed], (3, [seed])):
        with pytest.raises(ArgumentError, match=WAY_OUT):
            as_root(nested)


HUGE = 10**5000
"""More digits than Python writes."""


@pytest.mark.parametrize(
    ("seed", "why"),
    [
        (10**640, "an integer has more than 640 digits"),
        (HUGE, "an integer has more than 640 digits"),
        (-HUGE, "expected non-negative integer"),
        ([1, [HUGE]], "an integer has more than 640 digits"),
        ([-HUGE], "an integer of 16610 bits is negative"),
        (["9" * 5000], "an integer has more than 640 digits"),
        (["0x" + "f" * 5000], "an integer has more than 640 digits"),
        (np.random.SeedSequence(HUGE), "an integer has more than 640 digits"),
        (np.random.SeedSequence(42, spawn_key=(HUGE,)), "an integer has more than 640 digits"),
        (np.random.SeedSequence(42, pool_size=1025), "the pool size must be from 4 to 1024, and is 1025"),
        (np.random.PCG64(HUGE), "an integer has more than 640 digits"),
        (np.random.Generator(np.random.SFC64(np.random.SeedSequence(1, pool_size=2000))), "the pool size must be from"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_seeds_that_no_record_could_hold_are_refused(seed: Any, why: str) -> None:
    with pytest.raises(ArgumentError, match=WAY_OUT) as caught:
        as_root(seed)
    assert why in str(caught.value)


@settings(deadline=None)
@given(
    st.one_of(st.integers(0, 2**200), st.lists(st.integers(0, 2**70), max_size=5)),
    st.lists(st.one_of(st.integers(0, 5), st.integers(2**31, 2**80)), max_size=4),
    st.integers(4, 40),
)
def test_what_is_a_root_can_be_recorded(entropy: Any, key: list[int], pool_size: int) -> None:
    """With numpy's stream, which JSON readers with doubles do not change."""
    sequence = np.random.SeedSequence(entropy, spawn_key=key, pool_size=pool_size)
    root = as_root(sequence)
    np.testing.assert_array_equal(root.seed_sequence().generate_state(4), sequence.generate_state(4))
    text = json.dumps(root.record())
    assert recorded_root(json.loads(text)) == root
    assert all(isinstance(step, str) or step <= 2**53 for step in json.loads(text)["key"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("entropy", 7), ("entropy", ["7", "٣"]), ("entropy", "9" * 641), ("entropy", "9" * 9999),
        ("key", [-1]), ("key", [HUGE]), ("key", ["9" * 5000]), ("key", 7), ("key", [1.0]),
        ("pool_size", 3), ("pool_size", 1025), ("pool_size", HUGE), ("pool_size", "4"),
        ("bit_generator", "RandomState"), ("bit_generator", None),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_records_of_no_root(field: str, value: object) -> None:
    with pytest.raises(ArgumentError) as caught:
        recorded_root({**Root(1).record(), field: value})
    assert len(str(caught.value)) < 200


def test_a_bit_generator_that_is_not_numpys() -> None:
    class Mine(np.random.PCG64):
        pass

    with pytest.raises(ArgumentTypeError, match="numpy's bit generators, not Mine"):
        as_root(Mine(1))


def test_record_survives_json_readers_with_doubles() -> None:
    record = as_root(2**100 + 1).child(7).record()
    assert record == {"bit_generator": "SFC64", "entropy": str(2**100 + 1), "key": [7], "pool_size": 4}
    assert as_root([1, 2]).record()["entropy"] == ["1", "2"]
