import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import facts
from mvn_dask.display.markup import Html


class Thing(Shown):
    def __repr__(self) -> str:
        return "Thing(<1>)"

    def _summary(self) -> str:
        return "2 & 3"

    def _shown(self) -> Iterable[Html]:
        yield facts({"size": 3})


def test_document() -> None:
    html = Thing()._repr_html_()
    root = ET.fromstring(html)  # noqa: S314 our own
    style, fallback, shown = root
    assert (style.tag, fallback.text) == ("style", "Thing(<1>)")
    assert "".join(shown.itertext()) == "Thing2 & 3size3"


def test_without_styles_the_text_is_shown_alone() -> None:
    """As in notebooks that are not trusted, whose styles are taken away, but for those of elements."""
    _, _, shown = ET.fromstring(Thing()._repr_html_())  # noqa: S314 our own
    assert shown.attrib["style"] == "display:none"
    (style,) = ET.fromstring(Thing()._repr_html_()).findall("style")  # noqa: S314 our own
    assert ".mvn-object{display:block!important" in str(style.text)
    assert ".mvn-fallback{display:none}" in str(style.text)


def test_nothing_is_fetched_and_no_script_is_run() -> None:
    html = Thing()._repr_html_()
    assert not re.search(r"<script|<link|@import|url\(|https?:|\son\w+=", html)


def test_style_touches_nothing_else_on_the_page() -> None:
    (style,) = ET.fromstring(Thing()._repr_html_()).findall("style")  # noqa: S314 our own
    selectors = [each for rule in re.findall(r"([^{}]+){[^{}]*}", str(style.text)) for each in rule.split(",")]
    assert len(selectors) > 30
    assert all(each.strip().startswith((".mvn-object", ".mvn-fallback")) for each in selectors)
