"""What a notebook gets of an object: fragments of HTML, with the style that they have and the text in place of them.

Input: a title, fragments and the object's `repr`. Output: HTML in which nothing comes from elsewhere and no script is
run. Cost: 5 kB. Where styles are taken away, as from notebooks that nobody trusts yet, the text is shown alone.

Colours are those of the page: text has its own colour, and everything else is transparent, or seen on white and on
black, so that JupyterLab, VS Code and documents may be light or dark.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cache

from mvn_dask.display.markup import Content, Html, element

STYLE_FILE = "style.css"


class Shown(ABC):
    """An object that notebooks show as HTML, and terminals by its `repr`."""

    __slots__ = ()

    @abstractmethod
    def _shown(self) -> Iterable[Html]:
        """Fragments, of bounded size, that take no more than some milliseconds and change nothing."""

    def _summary(self) -> Content:
        """What stands beside the name of the class."""
        return ""

    def _repr_html_(self) -> str:
        return document(type(self).__name__, self._summary(), self._shown(), repr(self))


def document(title: str, summary: Content, fragments: Iterable[Html], text: str) -> Html:
    """Fragments under a title; `text` stands in their place where there is no style."""
    head = element("div", element("b", title), element("span", summary, class_="mvn-soft"), class_="mvn-head")
    fallback = element("pre", text, class_="mvn-fallback")
    shown = element("div", head, *fragments, class_="mvn-object", style="display:none")
    return element("div", _style(), fallback, shown)


@cache
def _style() -> Html:
    from importlib.resources import files

    return Html(f"<style>{(files('mvn_dask.display') / STYLE_FILE).read_text()}</style>")
