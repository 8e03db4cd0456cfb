"""The page is whole, well-formed, small, and asks nobody for anything."""

import base64
import json
import re
from html.parser import HTMLParser
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pandas as pd
import pytest

import mvn_dask
from mvn_dask._typing import ArrayLike, Size
from mvn_dask.reporting.report import Report, report
from tests.reporting.samples import plant

VOID = {"meta", "link", "br", "!doctype"}
MARKS = {"bar", "error", "expected", "band", "running", "point", "place", "change", "cells"}
"""Classes of what a picture shows."""
HOSTILE = ["<script>alert(1)</script>", "{{ name }} {% raw %}", '"><img src=x onerror=alert(1)>', "سعر & price"]


class Checker(HTMLParser):
    """Every tag is closed in its turn, every id is the only one, and every reference is to one of them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: set[str] = set()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.tags.add(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.references |= {*given.get("aria-labelledby", "").split(), *re.findall(r"url\(#(.*?)\)", str(given))}
        self.addresses += [given[key] for key in ("href", "src") if key in given]
        assert not any(key.startswith("on") for key in given)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


class Mark(NamedTuple):
    """What a picture shows somewhere."""

    kind: str
    title: str | None


def pictures(text: str) -> list[Element]:
    return [fromstring(each) for each in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]  # noqa: S314 our own


def marks(picture: Element) -> list[Mark]:
    """Marks of a picture; a group says what all in it is."""
    parents = {child: parent for parent in picture.iter() for child in parent}
    found = []
    for each, group in parents.items():
        if kinds := MARKS & set(each.get("class", "").split()):
            named = each if group.get("class") != "mark" else group
            found.append(Mark(kinds.pop(), named.findtext("title")))
    return found


def check(text: str) -> Checker:
    found = Checker(text)
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    assert found.references <= set(found.ids)
    assert not found.tags & {"script", "iframe", "object", "embed", "form", "img"}
    inside = {address[1:] for address in found.addresses if address.startswith("#")}
    assert inside <= set(found.ids)
    assert all(address.startswith(("data:", "#")) for address in found.addresses)
    assert [mark for picture in pictures(text) for mark in marks(picture) if not mark.title] == []
    assert not re.search(r"@import|url\((?!#)", text)
    assert len(text.encode()) < 5_000_000
    return found


def written(name: str, mean: ArrayLike, cov: ArrayLike, size: Size, **options: Any) -> Report:
    url = f"memory://page-{name}"
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal(mean, cov).sample(size, seed=42, **options), url)
    return report(url)


def test_a_sound_sample() -> None:
    found = written("sound", [0.0, 1.0, 2.0], np.eye(3) + 0.5, 20_000, chunks=5000)
    text = found.html
    assert {"svg", "table", "details"} <= check(text).tags
    assert "No test contradicts this sample." in text
    assert "1 in 1,000 sound samples faulty" in text
    assert "<dd>42, key (0)</dd>" in text
    for shown in (
        found.content["fingerprint"],
        "20,000 rows of 3 variables, float64",
        "SFC64",
        np.__version__,
        "page-sound",
    ):
        assert shown in text


def test_a_faulty_sample() -> None:
    mvn_dask.to_zarr(
        mvn_dask.MultivariateNormal([0.0, 1.0], 1.0).sample(20_000, seed=1, chunks=2000), "memory://page-bad"
    )
    plant("memory://page-bad", 3, lambda block: block + 0.5)
    text = report("memory://page-bad").html
    check(text)
    assert "This is not the sample that its manifest describes. Look at: Means," in text
    assert text.count('class="grade bad"') >= 3


def test_points_are_not_tested_as_independent_rows() -> None:
    """Neither called faulty nor sound by tests that do not hold, with no bands of such tests."""
    found = written("points", [0.0, 1.0, 2.0], np.eye(3) + 0.5, 2**13, chunks=1000, points="sobol", replicate=4)
    text = found.html
    check(text)
    assert found.ok
    assert {each.family for each in found.verdicts if each.grade == "ok"} == {"numbers", "chunks", "factor"}
    assert all(each.p_value is None and not each.tests for each in found.verdicts[:6])
    assert "The rows are Sobol' points, for which the tests of this page are not made." in text
    assert "<dd>sobol, replicate 4, scrambled by SFC64</dd>" in text
    assert "sound samples faulty" not in text
    assert 'id="along"' not in text
    assert 'id="blocks"' not in text
    assert 'id="distances"' not in text
    assert 'id="marginals"' in text
    assert "they are made for independent rows" in str(found)
    plant("memory://page-points", 3, lambda block: block * np.nan)
    assert not report("memory://page-points").ok


@pytest.mark.parametrize(
    ("name", "d", "size", "options"),
    [
        ("none", 2, 0, {}),
        ("single", 2, (), {}),
        ("one", 1, 500, {}),
        ("boxes", 3, (4, 50), {"chunks": (2, 50)}),
        ("wide", 100_000, 30, {"dtype": "float32"}),
        ("constant", 2, 100, {}),
    ],
)
def test_all_shapes(name: str, d: int, size: Size, options: dict[str, Any]) -> None:
    text = written(name, np.zeros(d), 0.0 if name == "constant" else 2.0, size, **options).html
    check(text)
    assert ("could be tested" in text) == (name in {"none", "constant"})
    if name == "wide":
        assert "16,384 of 100,000 variables, evenly chosen" in text


def test_as_many_pictures_as_there_can_be() -> None:
    cov = np.eye(200) + np.random.default_rng(0).uniform(0, 0.001, (200, 200)).round(6)
    found = written("full", np.zeros(200), (cov + cov.T) / 2, 20_000)
    assert len(check(found.html).ids) > 40


def test_names_come_from_users() -> None:
    cov = pd.DataFrame(np.eye(4) + 0.2, HOSTILE, HOSTILE)
    text = written("hostile", np.zeros(4), cov, 5000).html
    check(text)
    assert "<script" not in text
    assert "{{ name }} {% raw %}" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_a_manifest_of_many_names_is_cut() -> None:
    names = [f"a rather long name, number {i}" for i in range(3000)]
    cov = pd.Series(np.ones(3000), names)
    mvn_dask.to_zarr(
        mvn_dask.MultivariateNormal(pd.Series(np.zeros(3000), names), cov.to_numpy()).sample(50, seed=1),
        "memory://page-names",
    )
    assert "letters more" in report("memory://page-names").html


ROWS = ["blocks", "marginals", "tails", "along", "variables"]
"""Sections of any variable that has rows enough."""


@pytest.mark.parametrize(
    ("size", "d", "sections"),
    [
        (4000, 4, [*ROWS[:3], "distances", "correlations", "densities", "eigenvalues", *ROWS[3:]]),
        (4000, 1, [*ROWS[:3], "distances", *ROWS[3:]]),
        (20, 4, ["marginals", "tails", "distances", "correlations", "eigenvalues", "variables"]),
        ((), 4, ["marginals", "variables"]),
        (0, 4, []),
    ],
)
def test_every_section_is_there_where_it_can_be(size: Size, d: int, sections: list[str]) -> None:
    text = written(f"sections-{d}-{size}", np.zeros(d), np.eye(d) + 0.2 if d > 1 else 1.0, size).html
    titles = [part.partition('"')[0] for part in text.split('<h2 id="')[1:]]
    assert titles == ["verdicts", "drawn", *sections, "data", "method"]


def test_downloads_hold_the_numbers_of_the_report() -> None:
    found = written("downloads", [0.0, 1.0, 2.0], np.eye(3) + 0.5, 2000)
    files = dict(re.findall(r'download="(.*?)" href="data:.*?;base64,(.*?)"', found.html))
    assert set(files) == {"page-downloads-report.json", "page-downloads-report.csv"}
    content = {name: base64.b64decode(data, validate=True).decode() for name, data in files.items()}
    data = json.loads(content["page-downloads-report.json"])
    assert data == json.loads(json.dumps(found.as_dict())) | {"omitted": []}
    assert (data["format"], data["format_version"]) == ("mvn_dask report", 1)
    assert content["page-downloads-report.csv"] == found.to_csv()


def test_every_verdict_leads_to_what_shows_it_and_back() -> None:
    text = written("anchors", [0.0, 1.0, 2.0], np.eye(3) + 0.5, 20_000, chunks=5000).html
    for family, item in re.findall(r'<li id="verdict-(\w+)">(.*?)</li>', text, re.DOTALL):
        links = re.findall(r'<a href="#(.*?)">', item)
        assert links, family
        # What shows a single variable stands in a section that links back.
        back = [section for section in text.split("<section")[1:] if f'href="#verdict-{family}"' in section]
        assert any(f'id="{link}"' in section for section in back for link in links), family
    contents = text.partition('<nav class="contents"')[2].partition("</nav>")[0]
    assert set(re.findall('href="#(.*?)"', contents)) == set(re.findall('<h2 id="(.*?)"', text))
