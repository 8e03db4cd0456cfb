"""Texts of the pages of a PDF that Chromium wrote.

Input: a file. Output: the texts of each page, in the order in which they are drawn. Of PDF's many forms this reads
the one that Skia writes: objects one after the other, streams that are deflated, and glyphs of two bytes with a table
of characters for each font.
"""

import re
import unicodedata
import zlib
from typing import NamedTuple

_OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)\sendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
_FONT_OR_GLYPHS = re.compile(rb"/(\w+) [-\d.]+ Tf|<(?!FEFF)([0-9A-F]+)>|\bET\b")
"""A font, glyphs, or the end of a text; what begins with FEFF are characters that stand for a ligature."""
_RANGE = re.compile(rb"<(\w+)> <(\w+)> <(\w+)>")
_SINGLE = re.compile(rb"^<(\w+)> <(\w+)>$", re.MULTILINE)


class PdfPage(NamedTuple):
    """A page."""

    text: str
    """Its texts, with a break after each, in compatible characters."""
    drawn: int
    """Shapes and pictures that are filled, stroked or painted."""


def pdf_pages(content: bytes) -> list[PdfPage]:
    """All pages of a file."""
    objects = {int(number): body for number, body in _OBJECT.findall(content)}
    kids = [body for body in objects.values() if re.search(rb"/Type\s*/Page\b", body)]
    return [_page(objects, body) for body in kids]


def _page(objects: dict[int, bytes], body: bytes) -> PdfPage:
    fonts = {name: _characters(objects, int(number)) for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", body)}
    stream = _inflated(objects[_reference(body, b"Contents")])
    characters: dict[int, str] = {}
    found = ""
    for font, glyphs in _FONT_OR_GLYPHS.findall(stream):
        if font:
            characters = fonts[font]
        elif glyphs:
            codes = (int(glyphs[place : place + 4], 16) for place in range(0, len(glyphs), 4))
            found += "".join(characters.get(code, "�") for code in codes)
        else:
            found += "\n"
    # Ligatures are single glyphs.
    return PdfPage(
        unicodedata.normalize("NFKC", found), len(re.findall(rb"^(?:f\*?|S|B|/\w+ Do)$", stream, re.MULTILINE))
    )


def _characters(objects: dict[int, bytes], number: int) -> dict[int, str]:
    """Characters by the numbers of the glyphs of a font."""
    table = _inflated(objects[_reference(objects[number], b"ToUnicode")])
    found = {int(glyph, 16): chr(int(character, 16)) for glyph, character in _SINGLE.findall(table)}
    for low, high, character in _RANGE.findall(table):
        found |= {
            glyph: chr(int(character, 16) + glyph - int(low, 16)) for glyph in range(int(low, 16), int(high, 16) + 1)
        }
    return found


def _reference(body: bytes, name: bytes) -> int:
    found = re.search(rb"/" + name + rb" (\d+) 0 R", body)
    assert found is not None, name
    return int(found[1])


def _inflated(body: bytes) -> bytes:
    found = _STREAM.search(body)
    assert found is not None, body[:100]
    return zlib.decompress(found[1])
