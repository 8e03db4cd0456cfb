"""Names and texts keep to the field's standard terms: words that were retired do not come back."""

import io
import keyword
import re
import tokenize
from collections import Counter
from pathlib import Path

import mvn_dask

PACKAGE = Path(mvn_dask.__file__).parent
ROOT = PACKAGE.parent

NAMES = {
    "anew", "blur", "companion", "companions", "conduct", "draft", "findings", "judging", "leaving", "manner",
    "occupancy", "occupy", "paper", "prints", "redraw", "redrawing", "shelf", "shelved", "shielded", "shielding",
    "shipped", "shipping", "stopping", "strangers", "teller", "told", "trails", "upkeep", "waist", "wish",
    "PlanRecord", "Planned", "Ran", "Stop", "refuse_stopped", "object_to", "HIGH", "TALL", "DEEP", "FEW",
}  # fmt: skip
"""Identifiers, or words within identifiers, that have to be decoded."""

PHRASES = re.compile(
    r"\b(waist|on paper|upkeep|redraw\w*|companions?|occupan\w+|strangers?|shelf|shelved|shield\w*|teller|"
    r"told|heard|wish\w*|voice|manners?|PlanRecord|plan record|refuse_stopped|neighbou?rhood|looks? after)\b",
    re.IGNORECASE,
)
"""What no docstring, comment, message or document says."""

DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def words_of(name: str) -> set[str]:
    """A name, and the words that it is made of.

    >>> sorted(words_of("refuse_stopped")), sorted(words_of("PlanRecord"))
    (['refuse', 'refuse_stopped', 'stopped'], ['Plan', 'PlanRecord', 'Record'])
    """
    return {name, *re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_names_are_standard_terms() -> None:
    found = Counter[str]()
    for path in PACKAGE.rglob("*.py"):
        assert path.stem not in NAMES, path
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                found.update(f"{path.relative_to(PACKAGE)}: {word}" for word in words_of(token.string) & NAMES)
    assert not found


def test_texts_are_plain_technical_english() -> None:
    texts = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html"), *DOCUMENTS]
    assert len(texts) > 100
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in texts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for match in PHRASES.finditer(line)
    ]
    assert not found, "\n".join(found)


def test_no_file_name_has_two_meanings() -> None:
    """Two files of one name are members of two families that have the same part."""
    allowed = {"__init__", "__main__", "base", "jobs", "normal", "moments", "report", "histogram"}
    names = Counter(path.stem for path in PACKAGE.rglob("*.py"))
    assert {name for name, count in names.items() if count > 1} <= allowed


def test_no_constant_has_two_values() -> None:
    """A constant's name means one thing in the package."""
    places: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for name in re.findall(r"^([A-Z][A-Z0-9_]{2,})(?::[^=\n]+)? = ", path.read_text(), re.MULTILINE):
            places.setdefault(name, set()).add(str(path.relative_to(PACKAGE)))
    assert not {name: where for name, where in places.items() if len(where) > 1}
