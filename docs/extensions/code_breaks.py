"""Where inline code may go on in another line: between its words, and within long ones after punctuation.

Input: the HTML of a page. Output: the same with a break opportunity at such places, which the style of the site takes
in cells of tables, and elsewhere of words that are longer than the line of a telephone. It allows no other, as after
the hyphens of ``--part``; only what is longer still breaks anywhere.
"""

import re
from html import escape, unescape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

WHOLE = 16
"""Characters, at most, of a word that stays in one line."""
LINE = 34
"""Characters of code in a line of a telephone."""
_CODE = re.compile(r"<code\b[^>]*>.*?</code>", re.DOTALL)
_WORD = re.compile(r'<span class="pre">([^<]*)</span>')
_PIECE = re.compile(r".{5,}?[(,./=:_]+(?=\w{3})|.+$")


def pieces_of(word: str) -> list[str]:
    """A word of code as pieces that stay in one line.

    >>> pieces_of("covariance.Scaled(cov,"), pieces_of("sample.size=1e9"), pieces_of("--standard-deviations")
    (['covariance.', 'Scaled(', 'cov,'], ['sample.size=1e9'], ['--standard-deviations'])
    """
    return [word] if len(word) <= WHOLE else _PIECE.findall(word)


def _with_breaks(word: re.Match[str]) -> str:
    pieces = pieces_of(unescape(word[1]))
    classes = ["pre long" if len(piece) > LINE else "pre" for piece in pieces]
    spans = [
        f'<span class="{name}">{escape(piece, quote=False)}</span>' for name, piece in zip(classes, pieces, strict=True)
    ]
    return ("<wbr>" if len(unescape(word[1])) > LINE else '<wbr class="cell">').join(spans)


def with_breaks(html: str) -> str:
    """HTML with places for breaks in its inline code.

    >>> with_breaks('<code class="a"><span class="pre">mvn_dask.covariance</span></code>')
    '<code class="a"><span class="pre">mvn_dask.</span><wbr class="cell"><span class="pre">covariance</span></code>'
    """
    return _CODE.sub(lambda code: _WORD.sub(_with_breaks, code[0]), html)


def add_breaks(_: Sphinx, __: str, ___: str, context: dict[str, Any], ____: nodes.document | None) -> None:
    """Add them to a page."""
    if "body" in context:
        context["body"] = with_breaks(context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what is done to the HTML of each page."""
    app.connect("html-page-context", add_breaks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
