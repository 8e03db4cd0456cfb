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
