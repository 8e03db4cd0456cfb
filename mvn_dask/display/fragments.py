"""Parts of what an object shows: facts, tables, sections that open, bars and pictures.

Input: texts and numbers. Output: HTML, whose classes are those of `style.css`. Cost: none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from mvn_dask.display.markup import Content, Html, element, joined
from mvn_dask.display.pixels import data_url, diverging, png
from mvn_dask.readable import plural

CELL_PIXELS = 9
"""Width of a cell of a picture."""
LISTING_ROWS = 20
"""Rows of a table of texts, at most."""
SECTIONS, OPEN_SECTIONS = 6, 2
"""Parts of an object that are shown, at most; and parts up to which each is open."""


def facts(pairs: Mapping[str, Content]) -> Html:
    """What something is, by what it is called.

    >>> facts({"chunks": 4})
    '<dl class="mvn-facts"><dt>chunks</dt><dd>4</dd></dl>'
    """
    lines = (joined([element("dt", name), element("dd", each)]) for name, each in pairs.items())
    return element("dl", *lines, class_="mvn-facts")


def table(head: Sequence[Content], rows: Iterable[Sequence[Content]]) -> Html:
    """A table, whose first column names the rows."""
    # Of what has no title, an empty header would be read out.
    titles = element("tr", *(element("th", each, scope="col") if each else element("td") for each in head))
    lines = (
        element("tr", element("th", row[0], scope="row") if row[0] else element("td"), *map(_cell, row[1:]))
        for row in rows
    )
    whole = element("table", element("thead", titles), element("tbody", *lines))
    return element("div", whole, class_="mvn-scroll")


def _cell(content: Content) -> Html:
    is_cell = isinstance(content, Html) and content.startswith("<td")
    return Html(content) if is_cell else element("td", content)


def listing(
    title: str, head: Sequence[str], count: int, rows: Iterable[Sequence[str]], *, is_open: bool = True
) -> Iterator[Html]:
    """A section with a table of texts, if there are any: of a `count` of rows, the first ones."""
    if not count:
        return
    lines: list[list[Content]] = [
        [row[0], *(element("td", text, class_="mvn-text") for text in row[1:])] for row in islice(rows, LISTING_ROWS)
    ]
    if count > LISTING_ROWS:
        lines.append(["⋮", *(element("td", class_="mvn-text") for _ in head[1:])])
    more = f", of which {LISTING_ROWS} are listed" if count > LISTING_ROWS else ""
    yield section(
        title, [element("div", table(head, lines), class_="mvn-listing")], f"{count:,}{more}", is_open=is_open
    )


def gap_row(columns: int, hidden: str) -> list[Content]:
    """A row of a table in place of others."""
    return ["⋮", element("td", hidden, colspan=columns - 1, class_="mvn-gap")]


def section(title: str, content: Iterable[Html], summary: str = "", *, is_open: bool = False) -> Html:
    """A part that opens and closes by a click, without a script."""
    soft = element("span", summary, class_="mvn-soft")
    head = element("summary", element("span", title, class_="mvn-title"), " ", soft)
    body = element("div", *content, class_="mvn-body")
    return element("details", head, body, open="open" if is_open else None)


def sections(titles: Sequence[str], content: Callable[[int], tuple[Iterable[Html], str]], what: str) -> Iterator[Html]:
    """A part for each title, by its number, with a summary; of many, the first ones, open where they are few."""
    for place, title in enumerate(titles[:SECTIONS]):
        shown, summary = content(place)
        yield section(title, shown, summary, is_open=len(titles) <= OPEN_SECTIONS)
    if len(titles) > SECTIONS:
        yield note(f"and {plural(len(titles) - SECTIONS, what, ',')} more")


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


def picture(values: npt.NDArray[np.float64], limit: float, title: str, ends: tuple[str, str], text: str = "") -> Html:
    """Cells in two colours around 0, shape (m, n), with the numbers that the full colours stand for.

    `text` says in words what is seen, for those who do not see it.
    """
    rows, columns = values.shape
    cell = max(1, min(CELL_PIXELS, 216 // max(rows, columns)))
    alternative = f"{title}: {text}" if text else title
    url = data_url(png(diverging(values, limit)))
    image = element("img", src=url, width=cell * columns, height=cell * rows, alt=alternative)
    scale = joined([ends[0], element("span", class_="mvn-scale"), ends[1]])
    caption = element("figcaption", title, element("span", scale, class_="mvn-ends"))
    return element("figure", image, caption, class_="mvn-picture")
