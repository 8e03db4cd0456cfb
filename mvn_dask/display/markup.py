"""HTML of which all text is escaped.

Input: text of any origin, and elements. Output: HTML. Cost: a look at the text. `Html` is taken as it is by jinja2 and
markupsafe too, whose templates a page may put it into.
"""

from collections.abc import Iterable
from html import escape

from mvn_dask.escaping import printable


class Html(str):
    """Text that is HTML already; `escaped` and `element` alone make it of text of any origin."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


Content = Html | str | int
"""What an element may hold; all but `Html` is text."""


def escaped(content: Content) -> Html:
    r"""Text as HTML, in one line, whatever is in it; HTML as it is.

    >>> escaped("<b>\n"), escaped(escaped("<b>"))
    ('&lt;b&gt;\\n', '&lt;b&gt;')
    """
    return content if isinstance(content, Html) else Html(escape(printable(str(content))))


def element(name: str, *content: Content, **attributes: str | int | None) -> Html:
    """An element; of an attribute that ends in "_", which Python keeps for itself, that is left out, and None is none.

    >>> element("td", "a < b", class_="name", title=None)
    '<td class="name">a &lt; b</td>'
    """
    given = "".join(
        f' {key.removesuffix("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{given}>{joined(content)}</{name}>")


def joined(parts: Iterable[Content]) -> Html:
    """HTML of which each part follows the one before."""
    return Html("".join(escaped(part) for part in parts))
