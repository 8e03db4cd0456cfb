"""The page in a real browser: run by `make test-browser`, with a chromium on this machine."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest

import mvn_dask
from mvn_dask.reporting.report import report
from tests.reporting.samples import plant

pytestmark = pytest.mark.browser

CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest("title, desc, .cell") || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const colour = rgba(element.namespaceURI.includes("svg") ? style.fill : style.color);
    const [low, high] = [light(colour), light(behind(element))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) bad.push([element.className.baseVal ?? element.className, element.textContent, ratio]);
  }
  return bad;
}"""
SPILLED = """() => [...document.querySelectorAll("main *")]
  .filter(each => !each.closest(".scroll") && each.getBoundingClientRect().right > innerWidth + 0.5
    && each.getClientRects().length)
  .map(each => [each.tagName, each.textContent.slice(0, 40), each.getBoundingClientRect().right])"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll("svg text")].filter(
  each => each.textContent.trim() && each.checkVisibility()
).map(each => {
  const {width, height} = each.getBoundingClientRect();
  return (each.getAttribute("transform") ?? "").includes("rotate") ? width : height;
}))"""
"""Height of the smallest text; of one that is turned, its width."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A sound, a faulty and a very wide sample."""
    names = ["<script>alert(1)</script>", "a name that is much too long for any picture or table", "سعر", "d"]
    cov = pd.DataFrame(np.eye(4) + 0.4, names, names)
    made = {
        "sound": mvn_dask.MultivariateNormal(np.arange(4), cov).sample(100_000, seed=1, chunks=10_000),
        "faulty": mvn_dask.MultivariateNormal(np.arange(4), cov).sample(100_000, seed=2, chunks=10_000),
        "wide": mvn_dask.MultivariateNormal(np.zeros(50_000), 1.0).sample(200, seed=1),
        "derived": da.exp(mvn_dask.MultivariateNormal(np.arange(2), 1.0).sample(100_000, seed=1, chunks=10_000)),
    }
    folder = tmp_path_factory.mktemp("pages")
    for name, x in made.items():
        mvn_dask.to_zarr(x, f"memory://browser-{name}")
        if name == "derived":
            # Fifty rows that are 9 in both columns.
            plant(
                "memory://browser-derived", 7, lambda block: np.where(np.arange(len(block))[:, None] < 50, 9.0, block)
            )
        if name == "faulty":
            plant("memory://browser-faulty", 4, lambda block: 5 * block[:, [3, 1, 2, 0]])
        (folder / f"{name}.html").write_text(report(f"memory://browser-{name}").html, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("there is no chromium on this machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


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
    assert page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]") == [width, width]
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
CUT = """() => [...document.querySelectorAll("figure svg, table")]
  .filter(each => each.getClientRects().length && each.getBoundingClientRect().right > innerWidth + 1)
  .map(each => [each.tagName, each.className.baseVal ?? each.className, each.getBoundingClientRect().right])"""


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


def test_printed(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(pages["sound"].as_uri())
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    content = (tmp_path / "page.pdf").read_bytes()
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 20
    page.close()
