import jinja2
import pytest
from markupsafe import escape

from mvn_dask.display.markup import Html, element, escaped, joined


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '" onclick="alert(1)', "a&b", "x\x1b[31m\n\u202ey"])
def test_hostile_text_is_shown_as_it_is(hostile: str) -> None:
    found = element("span", hostile, title=hostile)
    assert found.count("<") == 2
    assert found.count('"') == 2
    assert found.isprintable()


def test_html_is_escaped_once() -> None:
    inner = element("b", "a < b")
    assert escaped(inner) is inner
    assert element("i", inner, "&") == "<i><b>a &lt; b</b>&amp;</i>"
    assert joined(["<", inner]) == "&lt;<b>a &lt; b</b>"
    assert str(escape(inner)) == str(inner)
    assert jinja2.Environment(autoescape=True).from_string("{{ x }}").render(x=inner) == inner
    assert isinstance(joined([]), Html)
