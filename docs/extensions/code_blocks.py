"""Blocks of code as they are to be seen: without the blank line with which doctests end, and without links to nowhere.

The pages of modules that `sphinx.ext.viewcode` makes link back to what they document; where a module's objects are
documented under several names of it, half of these links are wrong.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

_BACK = re.compile(r'<a class="viewcode-back".*?</a>')


class TrimmedBlocks(SphinxTransform):
    """Takes blank lines from the ends of blocks."""

    default_priority = 10

    def apply(self, **_: Any) -> None:
        """Take those of one page."""
        for block in self.document.findall(nodes.literal_block):
            text = block.astext()
            if text != text.rstrip() and len(block.children) == 1:
                block.rawsource = text.rstrip()
                block.children = [nodes.Text(text.rstrip())]


def remove_links(_: Sphinx, page: str, __: str, context: dict[str, Any], ___: nodes.document | None) -> None:
    """Take the links back from pages of modules."""
    if page.startswith("_modules/"):
        context["body"] = _BACK.sub("", context.get("body", ""))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both."""
    app.add_transform(TrimmedBlocks)
    app.connect("html-page-context", remove_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
