"""Objects in notebooks, in a real browser: run by `make test-browser`."""

from pathlib import Path
from typing import Any

import pytest

from mvn_dask import covariance, statistics
from mvn_dask.reporting.base import Report
from tests.reporting.browser_checks import CONTRAST, SPILLED, WIDTHS
from tests.reporting.shown_objects import covariances, shown_objects

pytestmark = pytest.mark.browser

COLOURS = {"light": ("#ffffff", "rgba(0, 0, 0, 0.87)"), "dark": ("#111111", "rgba(255, 255, 255, 0.87)")}
"""Ground and text of JupyterLab's own two themes."""
PAGE = """<!doctype html><html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>body {{ margin: 0; background: {0}; color: {1} }} main {{ padding: 0 16px }}</style><main>{2}</main></html>"""
OPEN = "document.querySelectorAll('details').forEach(each => each.open = true)"
FALLBACK = "[...document.querySelectorAll('.mvn-fallback')].some(each => each.checkVisibility())"


@pytest.fixture(scope="module")
def objects() -> dict[str, Any]:
    return dict(shown_objects())


def test_every_family_is_looked_at(objects: dict[str, Any]) -> None:
    shown = {type(each) for each in objects.values()}
    structures = {each for each in vars(covariance).values() if isinstance(each, type)}
    assert {each for each in structures if issubclass(each, covariance.Covariance)} - {covariance.Covariance} <= shown
    assert set(map(type, covariances().values())) <= shown
    asked = {name for name in statistics.__all__ if name not in {"Statistic", "MeanAndCovarianceResult"}}
    assert len(asked) == sum(name.startswith("estimate ") for name in objects)


@pytest.mark.parametrize("scheme", COLOURS)
@pytest.mark.parametrize("width", [360, 1280])
def test_objects(browser: Any, objects: dict[str, Any], width: int, scheme: str, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for name, each in objects.items():
        (tmp_path / "page.html").write_text(PAGE.format(*COLOURS[scheme], each._repr_html_()), encoding="utf-8")
        page.goto((tmp_path / "page.html").as_uri())
        page.evaluate(OPEN)
        assert page.evaluate(WIDTHS) == [width, width], name
        assert page.evaluate(SPILLED) == [], name
        assert page.evaluate(CONTRAST) == [], name
        assert page.evaluate("document.querySelector('main').offsetHeight") > 40, name
        if isinstance(each, Report):
            frame = page.frames[1]
            assert frame.evaluate(WIDTHS) == [width - 32, width - 32], name
            assert frame.evaluate(CONTRAST) == [], name
        else:
            assert not page.evaluate(FALLBACK), name
    assert said == []
    context.close()
