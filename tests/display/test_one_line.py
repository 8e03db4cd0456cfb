from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvn_dask.display.one_line import LONGEST_LINE, OneLine, one_line, value_text


@dataclass(frozen=True, repr=False)
class Inner(OneLine):
    number: float

    def _as_item(self) -> str:
        return f"about {self.number}"


@dataclass(frozen=True, repr=False)
class Outer(OneLine):
    name: str
    inner: Inner
    rest: Mapping[str, int]
    hidden: int = field(default=0, repr=False)


def test_fields_stand_in_the_line() -> None:
    outer = Outer("a", Inner(2.0), {"x": 1})
    assert repr(outer) == "Outer(name='a', inner=about 2.0, rest={'x': 1})"
    assert repr(Inner(0.1 + 0.2)) == "Inner(number=0.3)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (np.float32(0.5), "0.5"),
        (np.int64(7), "7"),
        (10**100, "an integer of 333 bits"),
        (np.arange(7), "[0, 1, 2, … 4 more]"),
        (np.arange(6), "[0, 1, 2, 3, 4, 5]"),
        (np.float64(1.0).reshape(()), "1"),
        (np.ones((2, 2)), "[[1, 1], [1, 1]]"),
        (np.ones((4, 4)), "array of shape (4, 4)"),
        ((1,), "(1,)"),
        ((), "()"),
        ({1}, "{1}"),
        (dict.fromkeys(range(1000), "missing"), "{0: 'missing', 1: 'missing', 2: 'missing', … 997 more}"),
        ("a\n\x1b[31m", "'a\\n\\x1b[31m'"),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert value_text(value) == text


def test_long_texts_keep_both_ends() -> None:
    text = value_text(f"begin{'x' * 1000}end")
    assert text.startswith("'begin")
    assert text.endswith("end'")
    assert len(text) < 130


VALUES = st.recursive(
    st.none() | st.floats() | st.integers() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=30), inner, max_size=9),
    max_leaves=30,
)


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), VALUES))
def test_any_values_make_one_line_of_bounded_length(values: dict[str, Any]) -> None:
    line = one_line("Thing", values)
    assert len(line) <= LONGEST_LINE
    assert line.isprintable() or all(char.isprintable() or char == " " for char in line)
    assert line.startswith("Thing(")
    assert line.endswith(")")
