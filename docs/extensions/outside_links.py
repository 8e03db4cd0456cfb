"""Links to the documentation of other libraries, by the addresses that those give to their objects.

Intersphinx would fetch their inventories, and the site is built without a network.
"""

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ADDRESSES = {
    "dask": "https://docs.dask.org/en/stable/generated/{}.html",
    "distributed": "https://distributed.dask.org/en/stable/api.html#{}",
    "matplotlib": "https://matplotlib.org/stable/api/_as_gen/{}.html",
    "numpy": "https://numpy.org/doc/stable/reference/generated/{}.html",
    "numpy.random": "https://numpy.org/doc/stable/reference/random/generated/{}.html",
    "pandas": "https://pandas.pydata.org/docs/reference/api/{}.html",
    "scipy": "https://docs.scipy.org/doc/scipy/reference/generated/{}.html",
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{}.html",
    "xarray": "https://docs.xarray.dev/en/stable/generated/{}.html",
}
"""Where the objects of a library or of a module of it lie."""
_NUMPYS_STREAMS = "https://numpy.org/doc/stable/reference/random/bit_generators/generated/{}.html"
EXCEPTIONS = {
    "numpy.random.BitGenerator": _NUMPYS_STREAMS,
    "numpy.random.Generator": "https://numpy.org/doc/stable/reference/random/generator.html#{}",
    "numpy.random.SeedSequence": _NUMPYS_STREAMS,
}
"""Classes that lie elsewhere than the rest of their module."""


def address_of(name: str) -> str | None:
    """Where the documentation of an object lies, if its library has an address; the longest prefix counts.

    >>> address_of("numpy.random.Generator.normal")
    'https://numpy.org/doc/stable/reference/random/generated/numpy.random.Generator.normal.html'
    >>> address_of("numpy.random.Generator")
    'https://numpy.org/doc/stable/reference/random/generator.html#numpy.random.Generator'
    >>> address_of("mvn_dask.estimate")
    """
    fitting = [library for library in ADDRESSES if name.startswith(f"{library}.")]
    address = EXCEPTIONS.get(name) or (ADDRESSES[max(fitting, key=len)] if fitting else None)
    return address and address.format(name)


def resolve(
    _: Sphinx, __: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Element
) -> nodes.reference | None:
    """Give the link to an object of another library."""
    address = address_of(node["reftarget"]) if node.get("refdomain") == "py" else None
    return None if address is None else nodes.reference("", "", content, internal=False, refuri=address)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what resolves references that Sphinx does not."""
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
