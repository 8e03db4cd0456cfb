import base64
import io
import xml.etree.ElementTree as ET

import matplotlib.image
import numpy as np

from mvn_dask.display.fragments import (
    LISTING_ROWS,
    SECTIONS,
    badge,
    beside,
    facts,
    gap_row,
    listing,
    meter,
    note,
    picture,
    section,
    sections,
    table,
    warning,
)
from mvn_dask.display.markup import Html, element
from mvn_dask.display.pixels import diverging


def texts(html: str) -> list[str]:
    return list(ET.fromstring(html).itertext())  # noqa: S314 our own


def test_table() -> None:
    html = table(["", "value"], [["a<b", element("td", 1, class_="mvn-cell")], gap_row(2, "3 more"), ["z", "9"]])
    assert texts(html) == ["value", "a<b", "1", "⋮", "3 more", "z", "9"]
    root = ET.fromstring(html)  # noqa: S314 our own
    assert len(list(root.iter("tr"))) == 4
    assert [each.attrib["scope"] for each in root.iter("th")] == ["col", "row", "row", "row"]


def test_sections_are_closed_unless_asked() -> None:
    closed, opened = (section("a", [note("b")], "c", is_open=is_open) for is_open in (False, True))
    assert "open" not in ET.fromstring(closed).attrib  # noqa: S314 our own
    assert "open" in ET.fromstring(opened).attrib  # noqa: S314 our own
    assert texts(closed) == ["a", " ", "c", "b"]


def test_small_parts() -> None:
    assert texts(beside(note("x"), Html(""), warning("y"))) == ["x", "y"]
    assert texts(badge("ok", "ok")) == ["ok"]
    assert texts(facts({"a": "<", "b": 2})) == ["a", "<", "b", "2"]


def test_meters_stay_within_their_ends() -> None:
    widths = []
    for share in (-1.0, 0.0, 0.25, 1.0, 7.0):
        (filled,) = ET.fromstring(meter(share, "label"))  # noqa: S314 our own
        widths.append(filled.attrib["style"])
    assert widths == ["width:0%", "width:0%", "width:25%", "width:100%", "width:100%"]


def test_pictures_have_a_pixel_a_cell() -> None:
    values = np.linspace(-1, 1, 6).reshape(2, 3)
    root = ET.fromstring(picture(values, 1.0, "title", ("−1", "1")))  # noqa: S314 our own
    image = root.find("img")
    assert image is not None
    read = matplotlib.image.imread(io.BytesIO(base64.b64decode(image.attrib["src"].partition(",")[2])), format="png")
    assert (np.rint(255 * read) == diverging(values, 1.0)).all()
    assert image.attrib["alt"] == "title"
    assert [image.attrib[side] for side in ("width", "height")] == ["27", "18"]
    wide = ET.fromstring(picture(np.zeros((1, 400)), 1.0, "t", ("", "")))  # noqa: S314 our own
    assert [each.attrib["width"] for each in wide.iter("img")] == ["400"]


def test_listings_are_bounded() -> None:
    count = 10**6
    (html,) = listing("Bad", ["chunk", "why"], count, ((f"<{i}>", "missing") for i in range(count)))
    assert html.count("missing") == LISTING_ROWS
    assert "1,000,000, of which 20 are listed" in html
    (short,) = listing("Bad", ["chunk", "why"], 1, [("<0>", "missing")])
    assert texts(short) == ["Bad", " ", "1", "chunk", "why", "<0>", "missing"]
    assert not list(listing("Bad", ["chunk"], 0, []))


def test_of_many_sections_the_first_are_shown() -> None:
    parts = list(sections([str(i) for i in range(9)], lambda place: ([note(str(place))], "soft"), "column"))
    assert len(parts) == SECTIONS + 1
    assert texts(parts[-1]) == ["and 3 columns more"]
    assert all("open" not in ET.fromstring(part).attrib for part in parts[:-1])  # noqa: S314 our own
    assert all("<details open" in part for part in sections(["a", "b"], lambda _: ([], ""), "column"))


def test_headers_that_say_nothing_are_none() -> None:
    assert "<th " not in table([""], [["", "1"]])


def test_pictures_say_what_is_seen() -> None:
    assert 'alt="title: mostly red"' in picture(np.ones((2, 2)), 1.0, "title", ("", ""), "mostly red")
