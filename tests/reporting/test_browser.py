"""The page in a real browser: run by `make test-browser`, with a chromium on this machine."""

import json
from pathlib import Path
from typing import Any

import pytest

import mvn_dask
from tests.reporting.browser_checks import CONTRAST, SPILLED, WIDTHS

pytestmark = pytest.mark.browser

SMALLEST = """() => Math.min(...[...document.querySelectorAll("svg text")].filter(
  each => each.textContent.trim() && each.checkVisibility()
).map(each => {
  const {width, height} = each.getBoundingClientRect();
  return (each.getAttribute("transform") ?? "").includes("rotate") ? width : height;
}))"""
"""Height of the smallest text; of one that is turned, its width."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("name", ["sound", "faulty", "wide", "derived"])
def test_page(browser: Any, pages: dict[str, Path], name: str, width: int, scheme: str, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages[name].as_uri())
    assert page.evaluate(WIDTHS) == [width, width]
    assert page.evaluate(SPILLED) == []
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(SMALLEST) > 7
    assert page.evaluate("document.querySelectorAll('svg').length") >= 9
    assert page.evaluate("document.querySelector('h1').textContent") == f"browser-{name}"
    page.screenshot(path=tmp_path / "page.png", full_page=True)
    page.click("summary")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [pages[name].as_uri()]
    context.close()


WITHIN = """id => {
  const place = document.getElementById(id).getBoundingClientRect();
  return place.top < innerHeight && place.bottom > 0 && place.height > 0;
}"""


@pytest.mark.parametrize("name", ["faulty", "derived"])
def test_verdicts_lead_to_what_shows_them_and_back(browser: Any, pages: dict[str, Path], name: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(pages[name].as_uri())
    targets = page.evaluate("[...document.querySelectorAll('main a[href^=\"#\"]')].map(each => each.hash.slice(1))")
    assert len(targets) > 15
    for number, target in enumerate(targets):
        if page.locator("main a[href^='#']").nth(number).is_visible():
            # By the keyboard, which needs no script either.
            page.locator("main a[href^='#']").nth(number).press("Enter")
            page.wait_for_function(WITHIN, arg=target)
    page.close()


def test_files_are_saved_from_the_page(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(pages["wide"].as_uri())
    for end in ("json", "csv"):
        with page.expect_download() as saving:
            page.click(f"a[download$='.{end}']")
        saving.value.save_as(tmp_path / end)
        assert saving.value.suggested_filename == f"browser-wide-report.{end}"
    data = json.loads((tmp_path / "json").read_text(encoding="utf-8"))
    assert (data["format"], data["shape"]) == ("mvn_dask report", [200, 50_000])
    assert (tmp_path / "csv").read_text(encoding="utf-8").startswith("number,name,unit,expected_mean,mean,")
    page.close()


def test_a_notebook_s_frame_has_working_links_and_a_style_of_its_own(browser: Any, tmp_path: Path) -> None:
    shown = mvn_dask.report("memory://browser-faulty")._repr_html_()
    (tmp_path / "notebook.html").write_text(f"<!doctype html><meta charset=utf-8><h1>Notebook</h1>{shown}", "utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "notebook.html").as_uri())
    style = "getComputedStyle(document.querySelector('h1')).letterSpacing"
    assert page.evaluate(style) == "normal", "the page's own headings are set closer"
    frame = page.frames[1]
    frame.click("nav a[href='#variables']")
    frame.wait_for_function(WITHIN, arg="variables")
    assert frame.evaluate("location.href") == "about:srcdoc#variables"
    with page.expect_download() as saving:
        frame.click("a[download$='.csv']")
    assert saving.value.suggested_filename == "browser-faulty-report.csv"
    page.close()
