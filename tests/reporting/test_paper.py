"""The page on paper: run by `make test-browser`."""

from pathlib import Path
from typing import Any

import pytest

from tests.reporting.browser_checks import SPILLED
from tests.reporting.pdf_pages import PdfPage, pdf_pages

pytestmark = pytest.mark.browser

CUT = """() => [...document.querySelectorAll("figure svg, table")]
  .filter(each => each.getClientRects().length && each.getBoundingClientRect().right > innerWidth + 1)
  .map(each => [each.tagName, each.className.baseVal ?? each.className, each.getBoundingClientRect().right])"""


@pytest.mark.parametrize("name", ["sound", "wide", "derived"])
def test_nothing_is_cut_on_paper(browser: Any, pages: dict[str, Path], name: str) -> None:
    """Of the width that A4 leaves between margins; tables of details are open, and colours are those of light pages."""
    context = browser.new_context(viewport={"width": 703, "height": 1000}, color_scheme="dark")
    page = context.new_page()
    page.goto(pages[name].as_uri())
    page.emulate_media(media="print")
    assert page.evaluate(CUT) == []
    assert page.evaluate(SPILLED) == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("[...document.querySelectorAll('details > pre')].every(each => each.checkVisibility())")
    # No figure is higher than a page.
    assert page.evaluate("Math.max(...[...document.querySelectorAll('figure')].map(e => e.offsetHeight))") < 1000
    context.close()


def printed(browser: Any, path: Path, paper: str) -> list[PdfPage]:
    page = browser.new_page(color_scheme="dark")
    page.goto(path.as_uri())
    found = pdf_pages(page.pdf(format=paper))
    page.close()
    return found


FIGURES = {
    "density": "standard deviations, and values",
    "quantile of the sample": "expected quantile, in standard deviations",
    "running mean less the expected one, in standard deviations": "rows so far",
    "eigenvalue": "number",
}
"""Texts above figures, and below them."""
HEADINGS = {
    "Blocks of rows": "row of the store",
    "Single variables": "density",
    "Tails of single variables": "quantile of the sample",
    "All variables together": "squared distance in the sample",
    "Pairs of variables": "Sample",
    "Eigenvalues": "eigenvalue",
    "Along the rows": "rows so far",
    "Variables": "smallest",
    "Draw it again": "import mvn_dask",
    "The manifest, all that decides the numbers": '"format": "mvn_dask store",',
}
"""Headings, and a text of what they are of."""


def lines_of(page: PdfPage) -> list[str]:
    return [line.strip() for line in page.text.split("\n")]


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("name", ["sound", "forty"])
def test_printed(browser: Any, pages: dict[str, Path], name: str, paper: str) -> None:
    """No page is blank, no figure is on two, and no heading is left at the end of one."""
    found = printed(browser, pages[name], paper)
    assert 6 <= len(found) <= 16
    assert f"browser-{name}" in lines_of(found[0])
    seen = set()
    for number, page in enumerate(found, 1):
        lines = lines_of(page)
        assert len(page.text.strip()) > 100, f"page {number} is blank"
        assert "�" not in page.text, "every glyph has a character"
        assert page.drawn > 0
        for above, below in FIGURES.items():
            assert lines.count(above) == lines.count(below), f"page {number} has a part of a figure: {above}"
        for heading in HEADINGS.keys() & set(lines):
            rest = lines[lines.index(heading) + 1 :]
            assert HEADINGS[heading] in rest, f"{heading} stands at the end of page {number}"
            seen.add(heading)
    assert seen == HEADINGS.keys()
