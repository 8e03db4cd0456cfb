"""Sections are found in what templates write, and in nothing that users write."""

from markupsafe import Markup

from mvn_dask.reporting.figures.svg import templates
from mvn_dask.reporting.sections import MOST_LINKS, Section, links_of, places_of, sections_of
from mvn_dask.reporting.verdict import QUESTIONS_OF_FAMILIES, Verdict

DRIFT = Verdict("drift", "Means along the rows", ok=True, tests=2, p_value=0.4, text="oil", variables=(3,))


def heading(title: str) -> str:
    template = '{% import "sections.html" as sections with context %}{{ sections.heading("along", title, ["drift"]) }}'
    values = {"title": title, "report": {"verdicts": [DRIFT]}, "grades": {"ok": "ok"}}
    return templates().from_string(template).render(values)


def test_headings_are_found_and_link_back() -> None:
    text = heading("Along <b> the rows")
    assert sections_of(text) == [Section("along", ("drift",), Markup("Along &lt;b&gt; the rows"))]
    assert '<a href="#verdict-drift">Means along the rows</a> <span class="grade ok">ok</span>' in text


def test_no_text_of_users_is_a_heading() -> None:
    hostile = '<h2 id="x" data-verdicts="drift">x</h2><svg id="histogram-1">'
    text = heading(hostile)
    assert [each.id for each in sections_of(text)] == ["along"]
    assert places_of(text) == frozenset()


def test_a_verdict_links_to_what_shows_it_alone() -> None:
    sections = [Section(name, ("drift",), Markup("A")) for name in "abcd"]
    sections.append(Section("e", ("means",), Markup("E")))
    assert [each.target for each in links_of(DRIFT, sections, frozenset())] == ["a", "b", "c"]
    marginals = Verdict("marginals", "Shapes", ok=False, tests=9, p_value=0.0, text="", variables=(3, 4))
    places = frozenset({"histogram-3", "variable-3"})
    assert [each.target for each in links_of(marginals, sections, places)] == ["histogram-3"]
    assert MOST_LINKS == 3


def test_every_family_says_what_it_asks() -> None:
    for family, meaning in QUESTIONS_OF_FAMILIES.items():
        assert Verdict(family, "", ok=True, tests=0, p_value=None, text="").meaning == meaning
        assert meaning.endswith(".")
        assert meaning.count(".") == 1
