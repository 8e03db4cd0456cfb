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


def test_parts_of_an_array(site: Site, capsys: Captured) -> None:
    """Each task of an array knows its part; whoever looks knows how many they are."""
    for number in ("0", "2"):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (("ID", number), ("COUNT", "4"), ("MIN", "0"), ("MAX", "3"), ("STEP", "1")):
                patch.setenv(f"SLURM_ARRAY_TASK_{name}", value)
            assert site.run("run", "--quiet", "--part", "auto") == 0
    (site.store / "samples" / "c" / "9" / "0").unlink()
    capsys.readouterr()
    assert site.run("status", "--parts", "4") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[3] == "parts: 1 of 4 complete, 1 begun"
    assert lines[4].startswith("  2/4  active, ")
    assert lines[4].endswith(" s ago: 3 of 4 chunks")
    assert lines[5:] == ["  1/4  not begun: 0 of 4 chunks", "  3/4  not begun: 0 of 4 chunks"]
    assert site.run("status", "--parts", "4", "--json") == 0
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert [(each["part"], each["done"], each["missing"]) for each in parts] == [
        ([0, 4], 4, 0), ([1, 4], 0, 4), ([2, 4], 3, 1), ([3, 4], 0, 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--parts", "0"], "--parts must be at least 1: it is 0"),
        (["--parts", "-3"], "--parts must not be negative: it is -3"),
        (["--parts", "1000000"], "--parts must be at most 100000, as many as are looked at: it is 1000000"),
        (["--parts", "4", "--part", "0/4"], "--part is one part, and --parts is all of them: leave one of them out"),
    ],
)
def test_numbers_of_parts_that_cannot_be(arguments: list[str], message: str, site: Site, capsys: Captured) -> None:
    assert site.run("status", *arguments) == 2
    assert message in capsys.readouterr().err


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
