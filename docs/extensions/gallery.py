"""The directive ``gallery``: a card for each page that it names, with the page's first picture.

Input: names of pages in the folder, a line each. Output: cards that link to them, and their entries in the table of
contents. The pictures are those that the pages made when they were executed.
"""

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
        folder = self.env.docname.rpartition("/")[0]
        pages = [f"{folder}/{name.strip()}" for name in self.content if name.strip()]
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
    link = nodes.reference("", "", internal=True, refuri=app.builder.get_relative_uri(docname, page))
    if image is not None:
        link += nodes.image("", uri=image["uri"], candidates=image.get("candidates", {"*": image["uri"]}), alt=title)
    link += nodes.inline("", title, classes=["gallery-title"])
    return nodes.container("", nodes.paragraph("", "", link), classes=["gallery-card"])


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
