"""SVG pictures as markup within the page, so that they take its font and its colours, light and dark.

Input: images of a page whose file is an SVG, of matplotlib or by hand. Output: the same in the page's HTML. Colours of
`PAGE_COLOURS` become those of the page; colours of data stay.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

PAGE_COLOURS = {
    "#ffffff": "var(--pst-color-background)",
    "#000000": "var(--pst-color-text-base)",
    "#1f2933": "var(--pst-color-text-base)",
    "#262626": "var(--pst-color-text-base)",
    "#444": "var(--pst-color-text-base)",
    "#222222": "var(--pst-color-text-base)",
    "#333333": "var(--pst-color-text-base)",
    "#444444": "var(--pst-color-text-base)",
    "#555555": "var(--pst-color-text-muted)",
    "#666666": "var(--pst-color-text-muted)",
    "#4d4d4d": "var(--pst-color-text-muted)",
    "#52606d": "var(--pst-color-text-muted)",
    "#808080": "var(--pst-color-text-muted)",
    "#b0b0b0": "var(--pst-color-border)",
    "#cccccc": "var(--pst-color-border)",
}
"""Neutral colours that pictures are drawn in, and what the page has for them."""
LEAST_SCALE = 0.75
"""How small a picture may become on a telephone, where it is scrolled then."""
_COLOUR = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b(?!\))")
_WIDTH = re.compile(r' viewBox="\S+ \S+ ([\d.]+)')
_ID = re.compile(r' id="([^"]+)"')


def markup_of(svg: str, description: str, number: int) -> str:
    """The element ``<svg>`` of a file, with a description, and identifiers that no other picture of the page has.

    >>> markup_of('<?xml version="1.0"?><svg width="1pt" height="2pt"><a id="b" fill="#ffffff"/></svg>', "A <b>", 0)
    '<svg role="img" aria-label="A &lt;b&gt;" class="picture"><a fill="var(--pst-color-background)"/></svg>'
    >>> markup_of('<svg viewBox="0 0 400 90"/>', "", 0)
    '<svg role="img" aria-label="" class="picture" style="--least-width: 300px" viewBox="0 0 400 90"/>'
    """
    start = svg.index("<svg")
    head, body = svg[start : svg.index(">", start)], svg[svg.index(">", start) + 1 :]
    width = _WIDTH.search(head)
    head = re.sub(r' (?:width|height|font-family)="[^"]*"', "", head)
    kept = f' role="img" aria-label="{escape(description)}" class="picture"'
    kept += f' style="--least-width: {LEAST_SCALE * float(width[1]):.0f}px"' if width else ""
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', body))
    body = _ID.sub(lambda match: f' id="p{number}-{match[1]}"' if match[1] in used else "", body)
    body = re.sub(r'(url\(#|href="#)', rf"\1p{number}-", body)
    body = _COLOUR.sub(lambda match: PAGE_COLOURS.get(match[0], match[0]), body)
    # Texts of matplotlib name a font and its size in one property.
    body = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", body)
    return head.replace("<svg", f"<svg{kept}", 1) + ">" + body


def put_inline(app: Sphinx, doctree: nodes.document, _: str) -> None:
    """Put the pictures of a page in place of its images."""
    if app.builder.format != "html":
        return
    for number, image in enumerate(list(doctree.findall(nodes.image))):
        path = Path(app.srcdir) / image["uri"]
        if path.suffix == ".svg" and path.is_file():
            markup = markup_of(path.read_text(encoding="utf-8"), image.get("alt", "A figure"), number)
            image.replace_self(nodes.raw("", f'<div class="picture">{markup}</div>', format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what is done to each page."""
    app.connect("doctree-resolved", put_inline)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
