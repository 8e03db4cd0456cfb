"""The directive ``gallery``: a card for each page that it names, with the page's first picture.

Input: names of pages in the folder, a line each. Output: cards that link to them, and their entries in the table of
contents. The pictures are those that the pages made when they were executed.
"""

import posixpath
from html import escape
from typing import ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class picture_cards(nodes.General, nodes.Element):  # noqa: N801
    """Where the cards of some pages stand; pictures are known once all pages have been read."""


class Gallery(SphinxDirective):
    """A gallery of pages."""

    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Make the table of contents, and room for the cards."""
        folder = posixpath.dirname(self.env.docname)
        pages = [posixpath.join(folder, name.strip()) for name in self.content if name.strip()]
        contents = addnodes.toctree(
            "", parent=self.env.docname, entries=[(None, page) for page in pages], includefiles=pages, maxdepth=1,
            hidden=True, glob=False, caption=None, numbered=0, titlesonly=False, includehidden=False,
        )  # fmt: skip
        for page in pages:
            self.env.note_dependency(self.env.doc2path(page))
        wrapper = nodes.compound("", contents, classes=["toctree-wrapper"])
        return [wrapper, picture_cards("", pages=pages)]


def _card(app: Sphinx, page: str, docname: str) -> nodes.Node:
    doctree = app.env.get_doctree(page)
    title = app.env.titles[page].astext()
    image = next(doctree.findall(nodes.image), None)
    uri = escape(app.builder.get_relative_uri(docname, page))
    card = nodes.container("", classes=["gallery-card"])
    card += nodes.raw("", f'<a href="{uri}">', format="html")  # docutils has no link around a picture and its title
    if image is not None:
        card += nodes.image("", uri=image["uri"], candidates=image.get("candidates", {"*": image["uri"]}), alt=title)
    card += nodes.raw("", f'<span class="gallery-title">{escape(title)}</span></a>', format="html")
    return card


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put cards in their places."""
    for place in list(doctree.findall(picture_cards)):
        cards = [_card(app, page, docname) for page in place["pages"]]
        place.replace_self(nodes.container("", *cards, classes=["gallery"]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_node(picture_cards)
    app.add_directive("gallery", Gallery)
    app.connect("doctree-resolved", fill, priority=400)  # before pictures are put inline
    return {"parallel_read_safe": True, "parallel_write_safe": True}
