"""Text that can be shown anywhere: in a terminal, a log, a page.

Input: text of any origin: names, paths, URLs, names of foreign files. Output: one line of the same text in which no
character moves the cursor, begins a line, reorders its neighbours or cannot be encoded. Cost: a look at the text.
"""

import unicodedata
from collections.abc import Iterable

HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of Unicode that are escaped: controls, formats such as those of direction, surrogates, ends of lines."""


def printable(text: str) -> str:
    r"""Text in one line; of other characters, what Python writes for them.

    Examples
    --------
    >>> print(printable("gas\x1b[31m \u202eöl\n"))
    gas\x1b[31m \u202eöl\n
    """
    if text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in HIDDEN else char for char in text
    )


def printable_lines(lines: Iterable[str]) -> str:
    r"""Lines of text, each of which stays one.

    Examples
    --------
    >>> print(printable_lines(["store: a\nb", "chunks: 4"]))
    store: a\nb
    chunks: 4
    """
    return "\n".join(map(printable, lines))
