"""The sections of a page: what they are called, and which verdict each of them shows.

Input: the sections of a page as HTML, from the templates. Output: their headings, for contents, and for links from
verdicts. Cost: a look at the text. Sections are found where they stand, so that one more is one more template.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from mvn_dask.reporting.verdict import Verdict

MOST_LINKS = 3
"""Links from a verdict to what shows it, at most."""

_HEADING = re.compile(r'<h2 id="([^"]+)" data-verdicts="([^"]*)">(.*?)</h2>', re.DOTALL)
_PLACE = re.compile(r'<(?:svg|tr)\b[^>]* id="([a-z]+-[0-9]+)"')
_NAMED = {
    "histogram": ("its histogram", ("marginals",)),
    "variable": ("its row of the table", ("means", "variances", "numbers")),
}
"""What shows a single variable, and the families of verdicts that it shows; ids are such a word and its number."""


class Section(NamedTuple):
    """A section of a page."""

    id: str
    """Its id."""
    families: tuple[str, ...]
    """Families of verdicts that it shows."""
    title: Markup
    """Its heading."""


class Link(NamedTuple):
    """Where something is shown."""

    target: str
    """An id of the page."""
    text: str | Markup
    """What is there."""


def sections_of(body: str) -> list[Section]:
    """Sections of a page, in their order.

    >>> sections_of('<h2 id="along" data-verdicts="means drift">Along the rows</h2>')
    [Section(id='along', families=('means', 'drift'), title=Markup('Along the rows'))]
    """
    # What is between the tags was escaped by the template that wrote it.
    return [Section(id, tuple(families.split()), Markup(title)) for id, families, title in _HEADING.findall(body)]  # noqa: S704, A001


def places_of(body: str) -> frozenset[str]:
    """Ids of what shows a single variable.

    >>> sorted(places_of('<svg class="picture" id="histogram-3"></svg><tr id="variable-12">'))
    ['histogram-3', 'variable-12']
    """
    return frozenset(_PLACE.findall(body))


def links_of(verdict: Verdict, sections: Sequence[Section], places: frozenset[str]) -> list[Link]:
    """Where a page shows what a verdict is about: the variable that it names, and sections.

    Examples
    --------
    >>> means = Verdict("means", "Means", True, 4, 0.3, "oil: …", variables=(2,))
    >>> links_of(means, [Section("along", ("means",), Markup("Along the rows"))], frozenset({"variable-2"}))
    [Link(target='variable-2', text='its row of the table'), Link(target='along', text=Markup('Along the rows'))]
    """
    named = [
        Link(f"{kind}-{number}", text)
        for kind, (text, families) in _NAMED.items()
        if verdict.family in families
        for number in verdict.variables
    ]
    found = [link for link in named if link.target in places]
    found += [Link(each.id, each.title) for each in sections if verdict.family in each.families]
    return found[:MOST_LINKS]
