import re

import pytest

from mvn_dask.cli.application import run
from mvn_dask.cli.usage_errors import usage_text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["status", "x", "--watch", "--interval", "soon"], ("--interval", "number", "'soon'")),
        (["status", "x", "--watch", "--interval=0"], ("--interval", "0.1", r"(?<![\d.])0(\.0)?(?![\d.])")),
        (["status", "x", "--watch", "--interval", "1e9"], ("--interval", "86400", "1")),
        (["status", "x", "--parts", "1e9"], ("--parts", "int", "'1e9'")),
        (["run", "job.toml", "--grace", "-1"], ("--grace", "0", "-1")),
        (["run", "job.toml", "--grace", "5", "--grace", "\x1b[31m"], ("--grace", "number", re.escape(r"\x1b[31m"))),
    ],
)
def test_option_rule_and_value_are_named(
    arguments: list[str], words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """In whatever words the installed release of typer has them."""
    assert run(arguments) == 2
    err = capsys.readouterr().err
    assert err.endswith(" (see mvn-dask --help)\n")
    assert err.count("\n") == 1
    assert [word for word in words if not re.search(word, err.replace("float", "number"))] == []


def test_what_is_said_already_stays_as_it_is() -> None:
    for message in ("No such option: --parrts", "Invalid value for '--grace': 'x' is not a valid float."):
        assert usage_text(message, ["run"]) == message
    rule = "Invalid value for '--grace': Input should be greater than or equal to 0"
    assert usage_text(rule, ["run"]) == "--grace must be greater than or equal to 0"
    assert usage_text(rule, ["run", "--grace"]) == "--grace must be greater than or equal to 0"
