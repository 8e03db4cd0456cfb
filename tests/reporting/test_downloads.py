"""Files in a page hold what they should, have a bound, and harm no spreadsheet."""

import base64
import csv
import io
import json

import pytest

from mvn_dask.reporting.downloads import MOST_FILE_BYTES, csv_download, csv_lines, file_stem, json_download

HOSTILE = ["=cmd|'/C calc'!A0", "+1", "-1+cmd", "@SUM(A1)", "\t=1", " =1", 'a"b,c', "line\nbreak", "</script>", "سعر"]


def content(href: str) -> str:
    head, _, data = href.partition(";base64,")
    assert head in {"data:application/json", "data:text/csv;charset=utf-8"}
    return base64.b64decode(data, validate=True).decode()


def test_json_comes_back_the_same() -> None:
    given = {"names": HOSTILE, "mean": [0.1, 1e-300, None], "ok": True}
    found = json_download("a", given)
    assert json.loads(content(found.href)) == given | {"omitted": []}
    assert (found.file, found.left_out, found.nbytes) == ("a-report.json", "", len(content(found.href).encode()))


def test_the_longest_fields_are_left_out() -> None:
    given = {"short": 1, "long": "x" * MOST_FILE_BYTES, "longer": "ö" * MOST_FILE_BYTES}
    found = json_download("a", given)
    assert json.loads(content(found.href)) == {"short": 1, "omitted": ["long", "longer"]}
    assert found.left_out == "long, longer, which would make it longer than 1 MB"
    assert len(found.href) < 2**21


def test_no_text_is_a_formula() -> None:
    rows = list(csv.reader(io.StringIO("".join(csv_lines([each, -0.25] for each in HOSTILE)), newline="")))
    assert [row[1] for row in rows] == ["-0.25"] * len(HOSTILE)
    assert not any(row[0].lstrip().startswith(("=", "+", "-", "@", "\t")) for row in rows)
    assert [row[0] for row in rows[6:]] == ['a"b,c', "line\\nbreak", "</script>", "سعر"]


def test_a_long_file_of_csv_has_its_first_lines() -> None:
    lines = csv_lines([["name"], *([f"variable {number}"] for number in range(100_000))])
    found = csv_download("a", lines, "variables")
    kept = content(found.href).splitlines()
    assert kept[:2] == ["name", "variable 0"]
    assert found.left_out == f"all but the first {len(kept) - 1:,} of 100,000 variables"
    assert found.nbytes <= MOST_FILE_BYTES
    assert csv_download("a", lines[:3], "variables").left_out == ""


@pytest.mark.parametrize("name", [*HOSTILE, "", "..", "x" * 300, "CON/../etc"])
def test_names_of_files_are_plain(name: str) -> None:
    assert file_stem(name).replace("_", "").replace("-", "").isalnum()
    assert len(file_stem(name)) <= 60
