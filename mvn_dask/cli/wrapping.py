"""Long lines of a result in a terminal, cut between words, with what goes on below the column where it began.

Input: a text, and the columns of a terminal. Output: a text of more lines. Cost: rich's table of wide characters, where
a line is not of ASCII alone. Messages on standard error are left as they are: the commands in them are to be copied.
"""

import re
import sys
from collections.abc import Iterator
from shutil import get_terminal_size

MIN_COLUMNS = 20
"""Columns below which lines are left to the terminal."""
INDENT = 2
"""Columns by which what goes on is indented below a line that has no columns."""
_GAP = re.compile(r"^ +| {2,}")


def wrapped_for_terminal(text: str) -> str:
    """The text as standard output takes it: wrapped in a terminal, and unchanged elsewhere, where programs read it."""
    if not sys.stdout.isatty():
        return text
    return wrapped(text, get_terminal_size().columns)


def wrapped(text: str, columns: int) -> str:
    r"""A text whose lines are not wider than a terminal, as far as words allow it.

    Examples
    --------
    >>> print(wrapped("store   one.zarr\nstate   this job, begun: run goes on with it", 30))
    store   one.zarr
    state   this job, begun: run
            goes on with it
    """
    if columns < MIN_COLUMNS:
        return text
    return "\n".join(part for line in text.split("\n") for part in _parts(line, columns))


def _parts(line: str, columns: int) -> Iterator[str]:
    if _width(line) <= columns:
        yield line
        return
    begin = _begin(line, columns)
    head, words = line[:begin], line[begin:].split(" ")
    indent = " " * (_width(head) if head else INDENT)
    part, empty = head, True
    for word in words:
        if not empty and _width(part) + 1 + _width(word) > columns:
            yield part.rstrip()
            part, empty = indent, True
        part += word if empty else f" {word}"
        empty = False
    yield part


def _begin(line: str, columns: int) -> int:
    """Where the last column of a line begins that leaves two thirds of the terminal to what stands in it."""
    return max((gap.end() for gap in _GAP.finditer(line) if _width(line[: gap.end()]) <= columns // 3), default=0)


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
