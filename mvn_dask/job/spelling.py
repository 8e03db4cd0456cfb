"""How values are spelt in TOML.

Python's `tomllib` reads only; what is written here it reads back as the same values.

References
----------
TOML 1.0: https://toml.io/en/v1.0.0
"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, time

_BARE = re.compile(r"[A-Za-z0-9_-]+")
LONGEST = 60
"""Characters of a value that an error shows."""


def spelt(value: object) -> str:
    """A value, in one line.

    Examples
    --------
    >>> print(spelt({"path": "a.npz", "rows": [1, 2.5], "yes": True}))
    { path = "a.npz", rows = [1, 2.5], yes = true }
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{spelt_key(key)} = {spelt(inner)}" for key, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(spelt, value))}]"
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    return repr(value)


def spelt_key(key: object) -> str:
    """A key, in quotes only where it needs them."""
    text = str(key)
    return text if _BARE.fullmatch(text) else spelt(text)


def shown(value: object) -> str:
    """A value for an error: in one line, and not long.

    Examples
    --------
    >>> shown("x" * 100)
    '"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**LONGEST:
        return f"an integer of {value.bit_length()} bits"
    text = spelt(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def spelt_entry(key: str, value: object) -> str:
    """A key and its value; the rows of a matrix in lines of their own."""
    if isinstance(value, (list, tuple)) and any(isinstance(row, (list, tuple)) for row in value):
        rows = "".join(f"    {spelt(row)},\n" for row in value)
        return f"{spelt_key(key)} = [\n{rows}]"
    return f"{spelt_key(key)} = {spelt(value)}"
