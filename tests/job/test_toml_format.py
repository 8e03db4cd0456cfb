import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given

from mvn_dask.job.toml_format import PREVIEW_LENGTH, format_document, format_entry, format_key, format_value, preview
from tests.support.job_mappings import TEXT, VALUES


@given(TEXT, VALUES)
def test_python_reads_back_what_is_written(key: str, value: Any) -> None:
    read = tomllib.loads(format_entry(key, value))
    assert read == {key: value}
    assert format_value(read[key]) == format_value(value), "also zeros with a sign, and true, which Python takes for 1"


def test_one_line_for_a_value_and_one_for_the_row_of_a_matrix() -> None:
    assert format_entry("cov", ((1.0, 0.5), (0.5, 1.0))) == "cov = [\n    [1.0, 0.5],\n    [0.5, 1.0],\n]"
    assert format_value({"a b": [], "c": {}}) == '{ "a b" = [], c = {} }'
    assert format_value(date(2026, 1, 2)) == "2026-01-02"
    assert format_key("") == '""'


def test_tables_and_lists_of_tables_are_sections() -> None:
    tables = {"a": 1, "b": {"c": 2}, "d": [{"e": 3}, {}], "f": [], "g": [1]}
    text = format_document(tables)
    assert text == "a = 1\nf = []\ng = [1]\n\n[b]\nc = 2\n\n[[d]]\ne = 3\n\n[[d]]\n"
    assert tomllib.loads(text) == tables


@pytest.mark.parametrize("value", ["x" * 10**6, list(range(10**5)), "\n" * 100, {"a": "b" * 99}])
def test_errors_show_a_short_line(value: object) -> None:
    assert len(preview(value)) <= PREVIEW_LENGTH
    assert len(preview(value).splitlines()) == 1


def test_integers_that_python_refuses_to_spell() -> None:
    assert preview(10**6000) == preview(-(10**6000)) == "an integer of 19932 bits"


def test_short_values_are_shown_whole() -> None:
    assert [preview(each) for each in (True, -3, "a", 1e-08, [1, "b"])] == ["true", "-3", '"a"', "1e-08", '[1, "b"]']
