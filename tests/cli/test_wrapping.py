import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from mvn_dask.cli.application import run
from mvn_dask.cli.wrapping import wrapped, wrapped_for_terminal
from mvn_dask.diagnosis.base import Finding
from mvn_dask.diagnosis.diagnose import Diagnosis
from tests.support.command import Site

WORDS = st.lists(st.text("abcé表 -/=é", min_size=1, max_size=9), max_size=30).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(text=st.lists(WORDS, max_size=3).map("\n".join), columns=st.integers(20, 90))
def test_words_stay_and_lines_fit(text: str, columns: int) -> None:
    found = wrapped(text, columns)
    assert found.split() == text.split()
    assert all(cell_len(line.rstrip()) <= columns for line in found.split("\n"))
    if all(cell_len(line) <= columns for line in text.split("\n")):
        assert found == text


def test_what_goes_on_stands_below_the_column() -> None:
    line = "warning  compiled code   not used: rows are drawn by numpy, with the same bits"
    assert wrapped(line, 40).split("\n") == [
        "warning  compiled code   not used: rows",
        "         are drawn by numpy, with the",
        "         same bits",
    ]
    assert wrapped(line, 77).split("\n")[1] == f"{'':25}bits"
    assert wrapped("  0.5: a b c d e f g h i j", 20) == "  0.5: a b c d e f g\n  h i j"
    # What is longer than the terminal stays where it is, and is whole for whoever copies it.
    assert wrapped(f"fingerprint  {'0' * 64}", 40) == f"fingerprint  {'0' * 64}"


def test_in_terminals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "one two three four five six"
    monkeypatch.setenv("COLUMNS", "20")
    assert wrapped_for_terminal(text) == text
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert wrapped_for_terminal(text) == "one two three four\n  five six"
    monkeypatch.setenv("COLUMNS", "2")
    assert wrapped_for_terminal(text) == text


def test_results_for_people_are_wrapped_and_those_for_programs_are_not(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Diagnosis((Finding("clock", "warning", "1970-01-01 00:00:00 UTC, of all days", "set it"),))
    monkeypatch.setattr("mvn_dask.diagnosis.diagnose.diagnose", lambda: found)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run(["doctor"]) == 0
    assert capsys.readouterr().out.split("\n")[1] == "         00:00:00 UTC, of all days"
    assert run(["doctor", "--json"]) == 0
    assert capsys.readouterr().out.count("\n") == 1
    assert site.run("run", "--quiet") == 0
    capsys.readouterr()
    assert site.run("status", "--format", "openmetrics") == 0
    assert all(line.startswith(("#", "mvn_dask_")) for line in capsys.readouterr().out.splitlines())
