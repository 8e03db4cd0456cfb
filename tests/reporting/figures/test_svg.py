import xml.etree.ElementTree as ET

import pytest

from mvn_dask.reporting.figures.svg import Scale, shorten, templates, tick


def render(template: str, **values: object) -> str:
    return templates().from_string('{% import "svg.html" as svg %}' + template).render(values)


def test_whatever_is_written_is_escaped() -> None:
    made = render(
        '{% call svg.picture("a-1", 10, 20, title, about) %}{{ svg.label(text, "<", 1) }}{% endcall %}',
        title="<script>",
        about='a "title" & more',
        text=shorten("<b>"),
    )
    root = ET.fromstring(made)  # noqa: S314 our own
    assert [child.text for child in root] == ["<script>", 'a "title" & more', "<b>"]
    assert root.attrib["aria-labelledby"] == "a-1-title a-1-about"
    assert root.attrib["viewBox"] == "0 0 10 20"
    assert root.attrib["class"] == "picture a"


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3e-5, 2e-5), (0.0, 9e6), (5e11, 9e11), (-1.0, 1.0)])
def test_ticks_are_few_round_and_within(low: float, high: float) -> None:
    ticks = Scale(low, high, 0.0, 100.0).ticks()
    assert 2 <= len(ticks) <= 7
    assert low <= ticks[0] <= ticks[-1] <= high
    assert len({tick(each, ticks) for each in ticks}) == len(ticks)


def test_scales_go_either_way() -> None:
    scale = Scale(0.0, 2.0, 100.0, 0.0)
    assert (scale(0.0), scale(1.0), scale(2.0)) == (100.0, 50.0, 0.0)


def test_pieces_are_xml() -> None:
    x, y = Scale(0.0, 10.0, 50.0, 100.0), Scale(-1.0, 1.0, 90.0, 10.0)
    pieces = render(
        '{{ svg.axes(x, y, "a < b", "up & down", 5) }}{{ svg.label("−1 < 0", 0.0, 1.0, style="font-size:8px") }}'
        '{{ svg.path(points, "c") }}',
        x=x,
        y=y,
        points=[(0, 1), (2.5, 3)],
    )
    root = ET.fromstring(f"<svg>{pieces}</svg>")  # noqa: S314 our own
    assert root[-1].attrib["d"] == "M0 1L2.5 3"
    assert "a < b" in [each.text for each in root]


def test_positions_are_rounded() -> None:
    made = render('{{ svg.label("a < b", 1.50001, 3, "end", "name") }}')
    assert made == '<text class="name" x="1.5" y="3" text-anchor="end">a &lt; b</text>'
