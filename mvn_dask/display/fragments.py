"""Parts of what an object shows: facts, tables, sections that open, bars and pictures.

Input: texts and numbers. Output: HTML, whose classes are those of `style.css`. Cost: none.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mvn_dask.display.markup import Content, Html, element, joined
from mvn_dask.display.pixels import data_url, diverging, png

CELL_PIXELS = 9
"""Width of a cell of a picture."""


def facts(pairs: Mapping[str, Content]) -> Html:
    """What something is, by what it is called.

    >>> facts({"chunks": 4})
    '<dl class="mvn-facts"><dt>chunks</dt><dd>4</dd></dl>'
    """
    lines = (joined([element("dt", name), element("dd", each)]) for name, each in pairs.items())
    return element("dl", *lines, class_="mvn-facts")


def table(head: Sequence[Content], rows: Iterable[Sequence[Content]]) -> Html:
    """A table, whose first column names the rows."""
    titles = element("tr", *(element("th", each, scope="col") for each in head))
    lines = (element("tr", element("th", row[0], scope="row"), *map(_cell, row[1:])) for row in rows)
    whole = element("table", element("thead", titles), element("tbody", *lines))
    return element("div", whole, class_="mvn-scroll")


def _cell(content: Content) -> Html:
    is_cell = isinstance(content, Html) and content.startswith("<td")
    return Html(content) if is_cell else element("td", content)


def gap_row(columns: int, hidden: str) -> list[Content]:
    """A row of a table in place of others."""
    return ["⋮", element("td", hidden, colspan=columns - 1, class_="mvn-gap")]


def section(title: str, content: Iterable[Html], summary: str = "", *, is_open: bool = False) -> Html:
    """A part that opens and closes by a click, without a script."""
    soft = element("span", summary, class_="mvn-soft")
    head = element("summary", element("span", title, class_="mvn-title"), " ", soft)
    body = element("div", *content, class_="mvn-body")
    return element("details", head, body, open="open" if is_open else None)


def beside(*parts: Html) -> Html:
    """Parts next to each other, where there is room."""
    return element("div", *(element("div", part) for part in parts if part), class_="mvn-beside")


def note(text: Content) -> Html:
    """A remark."""
    return element("p", text, class_="mvn-soft")


def warning(text: Content) -> Html:
    """What must not be overlooked."""
    return element("p", text, class_="mvn-warning", role="note")


def badge(text: str, grade: str) -> Html:
    """A word on a coloured ground; `grade` is "ok", "warn" or "bad"."""
    return element("span", text, class_=f"mvn-badge mvn-{grade}")


def meter(share: float, label: str, *, grade: str = "ok") -> Html:
    """A bar of which a share, from 0 to 1, is filled."""
    filled = element("span", class_=f"mvn-{grade}", style=f"width:{100 * min(max(share, 0.0), 1.0):.4g}%")
    return element("div", filled, class_="mvn-meter", role="img", aria_label=label, title=label)


def picture(values: npt.NDArray[np.float64], limit: float, title: str, ends: tuple[str, str]) -> Html:
    """Cells in two colours around 0, shape (m, n), with the numbers that the full colours stand for."""
    rows, columns = values.shape
    cell = max(1, min(CELL_PIXELS, 216 // max(rows, columns)))
    image = element(
        "img", src=data_url(png(diverging(values, limit))), width=cell * columns, height=cell * rows, alt=title
    )
    scale = joined([ends[0], element("span", class_="mvn-scale"), ends[1]])
    caption = element("figcaption", title, element("span", scale, class_="mvn-ends"))
    return element("figure", image, caption, class_="mvn-picture")
