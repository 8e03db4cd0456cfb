"""Links from names in texts to the pages of what they name.

Input: names in single backticks of docstrings, and inline code of pages, as `Kronecker` or `mvn_dask.estimate(x, …)`.
Output: links, where the reference has a page or an entry of that name; everything else stays code.
"""

import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst.states import Inliner
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform

from docs.extensions.public_names import public_names

CODE = re.compile(r"(?P<name>(?:[a-z_]+\.)*[A-Za-z_]+)(?P<called>\(.*\))?", re.DOTALL)
"""A dotted name, perhaps with arguments."""
NUMPYS = {"multivariate_normal", "Generator"}
"""Names that are numpy's in most texts."""


def _reference(code: str, name: str, docname: str, **context: Any) -> addnodes.pending_xref:
    fields = {"refdomain": "py", "reftype": "obj", "reftarget": name, "refdoc": docname, "optional": True, **context}
    return addnodes.pending_xref("", nodes.literal(code, code, classes=["xref", "py"]), **fields)


def name_role(
    _: str, rawtext: str, text: str, line: int, inliner: Inliner, *__: Any
) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """The default role of docstrings."""
    environment: BuildEnvironment = inliner.document.settings.env
    context = {key: environment.ref_context.get(key) for key in ("py:module", "py:class")}
    reference = _reference(text, text.removesuffix("()"), environment.docname, **context)
    reference.line, reference.rawsource = line, rawtext
    return [reference], []


def named_object(code: str) -> str | None:
    """The full name of the public object that some inline code names, if it does.

    A lower-case word alone may be an argument or a command as well: it counts with its module, or if it is called.

    >>> [named_object(code) for code in ("Kronecker", "estimate", "estimate(x)", "mvn_dask.report")]
    ['mvn_dask.covariance.Kronecker', None, 'mvn_dask.estimate', 'mvn_dask.report']
    """
    match = CODE.fullmatch(code)
    if match is None:
        return None
    name = match["name"]
    plain = not (re.search(r"[A-Z._]", name) or match["called"]) or name in NUMPYS
    return None if plain else public_names().get(name)


class CodeLinks(SphinxTransform):
    """Makes links of inline code in pages."""

    default_priority = 20

    def apply(self, **_: Any) -> None:
        """Make those of one page."""
        for code in list(self.document.findall(nodes.literal)):
            within = (nodes.reference, nodes.title, addnodes.pending_xref, addnodes.download_reference)
            name = None if isinstance(code.parent, within) or code["classes"] else named_object(code.astext())
            if name is not None:
                code.replace_self(_reference(code.astext(), name, self.env.docname))


def resolve(_: Sphinx, __: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Element) -> nodes.Node | None:
    """Leave a name as it is where the reference has none of it."""
    if not node.get("optional"):
        return None
    content["classes"] = []
    return content


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the role "name" and the transform."""
    app.add_role("name", name_role)
    app.add_transform(CodeLinks)
    app.connect("missing-reference", resolve, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
