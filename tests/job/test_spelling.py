import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvn_dask.job.spelling import LONGEST, shown, spelt, spelt_entry, spelt_key

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(TEXT, VALUES)
def test_python_reads_back_what_is_written(key: str, value: Any) -> None:
    read = tomllib.loads(spelt_entry(key, value))
    assert read == {key: value}
    assert spelt(read[key]) == spelt(value), "also zeros with a sign, and true, which Python takes for 1"


def test_one_line_for_a_value_and_one_for_the_row_of_a_matrix() -> None:
    assert spelt_entry("cov", ((1.0, 0.5), (0.5, 1.0))) == "cov = [\n    [1.0, 0.5],\n    [0.5, 1.0],\n]"
    assert spelt({"a b": [], "c": {}}) == '{ "a b" = [], c = {} }'
    assert spelt(date(2026, 1, 2)) == "2026-01-02"
    assert spelt_key("") == '""'


@pytest.mark.parametrize("value", ["x" * 10**6, list(range(10**5)), "\n" * 100, {"a": "b" * 99}])
def test_errors_show_a_short_line(value: object) -> None:
    assert len(shown(value)) <= LONGEST
    assert len(shown(value).splitlines()) == 1


def test_integers_that_python_refuses_to_spell() -> None:
    assert shown(10**6000) == shown(-(10**6000)) == "an integer of 19932 bits"


def test_short_values_are_shown_whole() -> None:
    assert [shown(each) for each in (True, -3, "a", 1e-08, [1, "b"])] == ["true", "-3", '"a"', "1e-08", '[1, "b"]']
