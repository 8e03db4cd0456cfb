"""Values as TOML 1.0 text, which the standard library only parses. Output: what `tomllib` reads as the same values."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, time

from mvn_dask.readable import integer_text

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
PREVIEW_LENGTH = 60
"""Characters of a value that an error shows, at most."""


def format_document(tables: Mapping[str, object]) -> str:
    """A whole file: top-level keys first, then a section for each table, and for each table of a list of them.

    Examples
    --------
    >>> print(format_document({"version": 1, "sample": {"size": 10}}), end="")
    version = 1
    <BLANKLINE>
    [sample]
    size = 10
    """
    sections = [[format_entry(key, value) for key, value in tables.items() if not _sections(key, value)]]
    sections += [section for key, value in tables.items() for section in _sections(key, value)]
    return "\n\n".join(map("\n".join, sections)) + "\n"


def _sections(name: str, value: object) -> list[list[str]]:
    """The lines of the sections of a table, or of a list of tables; none of any other value."""
    if isinstance(value, Mapping):
        return [[f"[{format_key(name)}]", *(format_entry(*entry) for entry in value.items())]]
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, Mapping) for each in value):
        return []
    return [[f"[[{format_key(name)}]]", *(format_entry(*entry) for entry in each.items())] for each in value]


def format_entry(key: str, value: object) -> str:
    """A key and its value; each row of a matrix on a line of its own."""
    if isinstance(value, (list, tuple)) and any(isinstance(row, (list, tuple)) for row in value):
        rows = "".join(f"    {format_value(row)},\n" for row in value)
        return f"{format_key(key)} = [\n{rows}]"
    return f"{format_key(key)} = {format_value(value)}"


def format_key(key: object) -> str:
    """A key, quoted only where it must be."""
    text = str(key)
    return text if _BARE_KEY.fullmatch(text) else format_value(text)


def format_value(value: object) -> str:
    """A value on one line.

    Examples
    --------
    >>> print(format_value({"path": "a.npz", "rows": [1, 2.5], "yes": True}))
    { path = "a.npz", rows = [1, 2.5], yes = true }
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON escapes all that TOML forbids in a basic string, except DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{format_key(key)} = {format_value(inner)}" for key, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(format_value, value))}]"
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    return repr(value)


def preview(value: object) -> str:
    """A value for an error message: one line of at most `PREVIEW_LENGTH` characters.

    Examples
    --------
    >>> preview("x" * 100)
    '"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return integer_text(value)
    text = format_value(value)
    return text if len(text) <= PREVIEW_LENGTH else f"{text[: PREVIEW_LENGTH - 1]}…"
