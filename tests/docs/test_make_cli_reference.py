import re
from pathlib import Path

import pytest

import mvn_dask
from docs.make_cli_reference import DERIVED_REPORT, REPORT, reference
from mvn_dask.cli.application import app, run

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_document_is_the_one_that_the_help_texts_make() -> None:
    assert DOCUMENT.read_text() == reference(), "python docs/make_cli_reference.py > docs/cli.md"


@pytest.mark.parametrize("command", [str(each.callback.__name__) for each in app.registered_commands if each.callback])
def test_what_the_help_says_stands_in_it(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    shown = capsys.readouterr().out
    section = reference().split(f"\n## {command}\n")[1].split("\n## ")[0]
    # Of the list, whose lines begin with them: sentences name other ones.
    options = {*re.findall(r"^ +(?:-\w, )?(--[\w-]+)", shown, re.MULTILINE)} - {"--help"}
    assert options
    assert {option for option in options if f"`{option}" not in section} == set()


def test_every_exit_code_and_every_key_stands_in_it() -> None:
    text = reference()
    assert "| 75 | stopped by a signal with work left" in text
    for key in ("`standard_deviations`", "`scheduler_file`", "`bit_generator`", "`cpu_seconds`", "`complete`"):
        assert key in text


def test_the_fields_of_a_report_stand_in_it() -> None:
    url = "memory://manual"
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1), url)
    assert mvn_dask.report(url).as_dict().keys() == REPORT.keys()


def test_the_fields_of_a_report_on_derived_numbers_do() -> None:
    url = "memory://manual-derived"
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1).sum(axis=1), url)
    fields = [*REPORT]
    left_out = {
        field
        for first, last in (("sample", "smallest_eigenvalue"), ("normal_scores", "histograms"))
        for field in fields[fields.index(first) : fields.index(last) + 1]
    }
    assert mvn_dask.report(url).as_dict().keys() == REPORT.keys() - left_out | DERIVED_REPORT.keys()
