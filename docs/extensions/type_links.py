"""Types of parameters, results and attributes, as links to what they name.

Input: the types of docstrings, and annotations of the source for attributes and for methods whose docstrings have no
sections. Output: links to the reference and to other libraries; words as "sequence of int" stay words. numpydoc makes
those of docstrings, by `type_aliases`.
"""

import re
from collections.abc import Iterator
from functools import cache

from docutils import nodes
from numpydoc.docscrape import NumpyDocString
from numpydoc.xref import DEFAULT_LINKS
from sphinx import addnodes
from sphinx.application import Sphinx

from docs.extensions.annotations import call_types, type_of
from docs.extensions.public_members import object_of
from docs.extensions.public_names import public_names

OTHERS = {
    "BitGenerator": "numpy.random.BitGenerator",
    "DataArray": "xarray.DataArray",
    "SeedSequence": "numpy.random.SeedSequence",
    "da.Array": "dask.array.Array",
    "dask.array.Array": "dask.array.Array",
    "distributed.Client": "distributed.Client",
    "matplotlib.axes.Axes": "matplotlib.axes.Axes",
    "matplotlib.figure.Figure": "matplotlib.figure.Figure",
    "ndarray": "numpy.ndarray",
    "numpy.random.Generator": "numpy.random.Generator",
    "xarray.DataArray": "xarray.DataArray",
}
"""Types of other libraries that docstrings and annotations name."""
_NAME = re.compile(r"[A-Za-z_][\w.]*")


@cache
def linked_types() -> dict[str, str]:
    """Full names by those that types are given.

    >>> linked_types()["Covariance"], linked_types()["DataArray"]
    ('mvn_dask.covariance.Covariance', 'xarray.DataArray')
    """
    return public_names() | OTHERS


def type_aliases() -> dict[str, str]:
    """For numpydoc: a role for each type that is a link; its own words, which it would link to nowhere, stay words."""
    plain = {word: word for word in DEFAULT_LINKS}
    return plain | {name: f":obj:`{name} <{full}>`" for name, full in linked_types().items()}


def linked(text: str, docname: str) -> Iterator[nodes.Node]:
    """A type as nodes, of which those that name something are links."""
    position = 0
    for match in _NAME.finditer(text):
        full = linked_types().get(match[0])
        if full is None:
            continue
        yield nodes.Text(text[position : match.start()])
        fields = {"refdomain": "py", "reftype": "obj", "reftarget": full, "refdoc": docname}
        yield addnodes.pending_xref("", nodes.Text(match[0]), **fields)
        position = match.end()
    yield nodes.Text(text[position:])


def _annotation(sign: str, text: str, docname: str) -> addnodes.desc_annotation:
    shown = [addnodes.desc_sig_punctuation("", sign), addnodes.desc_sig_space()]
    return addnodes.desc_annotation("", "", *shown, *linked(text, docname))


def _add_call_types(signature: addnodes.desc_signature, owner: str, name: str, docname: str) -> None:
    """Put types after the parameters of a method, unless its docstring has a section for them."""
    sections = NumpyDocString(getattr(object_of(owner), name).__doc__ or "")
    types = call_types(owner, name)
    if not sections["Parameters"]:
        for parameter in signature.findall(addnodes.desc_parameter):
            names = [each.astext() for each in parameter.findall(addnodes.desc_sig_name)]
            if names and names[0] in types.parameters:
                place = next(n for n, each in enumerate(parameter.children) if each.astext() == names[0]) + 1
                parameter.insert(place, _annotation(":", types.parameters[names[0]], docname))
    if not sections["Returns"] and types.result is not None:
        signature += [addnodes.desc_sig_space(), _annotation("→", types.result, docname)]


def add_types(app: Sphinx, domain: str, kind: str, content: addnodes.desc_content) -> None:
    """Put the type of an attribute after its name, and those of a method where it has them."""
    if domain != "py" or kind not in {"attribute", "property", "method"}:
        return
    signature = content.parent[0]
    owner, _, name = f"{signature['module']}.{signature['fullname']}".rpartition(".")
    if kind == "method":
        _add_call_types(signature, owner, name, app.env.docname)
    elif (text := type_of(owner, name)) is not None:
        signature += _annotation(":", text, app.env.docname)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what gives types to members."""
    app.connect("object-description-transform", add_types)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
