"""The command `status`; its watch is tried in `test_watching`."""

import json

import pytest

from tests.support.command import Site

Captured = pytest.CaptureFixture[str]


def test_how_far_a_job_is(site: Site, capsys: Captured) -> None:
    site.run("run", "--quiet", "--part", "0/4")
    capsys.readouterr()
    assert site.run("status") == 0
    assert capsys.readouterr().out.startswith(f"{site.store}: unfinished\nchunks: 4 of 16 (25.0%), 12 missing\nsize: ")
    assert site.run("status", "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert (content["done"], content["rows"], content["done_rows"], content["writers"]) == (4, 16_000, 4_000, 0)
    assert (content["complete"], content["state"], content["differences"]) == (False, "unfinished", [])


def test_formats(site: Site, capsys: Captured) -> None:
    site.run("run", "--quiet")
    capsys.readouterr()
    printed = []
    for arguments in (["--json"], ["--format", "json"], ["--format", "json", "--json"], [], ["--format", "text"]):
        assert site.run("status", *arguments) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] == printed[2]
    assert printed[3] == printed[4]
    assert site.run("status", "--watch", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["complete"] is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "xml"], "--format must be one of text, json, openmetrics, not 'xml'"),
        (["--format", "text", "--json"], "--json is --format json, and --format text was given as well"),
        (["--format", "openmetrics", "--watch"], "--format openmetrics is one look, and --watch makes many"),
    ],
)
def test_formats_that_cannot_be(arguments: list[str], message: str, site: Site, capsys: Captured) -> None:
    assert site.run("status", *arguments) == 2
    assert message in capsys.readouterr().err


def test_what_is_not_there_has_no_metrics(site: Site, capsys: Captured) -> None:
    assert site.run("status", "--format", "openmetrics") == 4
    assert capsys.readouterr().out == ""
