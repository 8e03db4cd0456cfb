"""Authors at the beginning of a line of a docstring: to docutils, "T. W. Anderson" is an item T of a list."""

import re
from typing import Any

from sphinx.application import Sphinx

_INITIAL = re.compile(r"^(\s*)([A-Z]\. (?=[A-Z]))")


def escape_initials(_: Sphinx, __: str, ___: str, ____: Any, _____: Any, lines: list[str]) -> None:
    r"""Make plain texts of them.

    >>> lines = ["    T. W. Anderson", "T is"]
    >>> escape_initials(None, "", "", None, None, lines)
    >>> lines
    ['    \\T. W. Anderson', 'T is']
    """
    lines[:] = [_INITIAL.sub(r"\1\\\2", line) for line in lines]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register it, after numpydoc."""
    app.connect("autodoc-process-docstring", escape_initials, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
