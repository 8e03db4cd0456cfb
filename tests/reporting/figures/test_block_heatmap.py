import base64
import io
import xml.etree.ElementTree as ET
from itertools import pairwise

import matplotlib.image
import numpy as np
import pytest

from mvn_dask.display.pixels import diverging
from mvn_dask.reporting.figures.block_heatmap import BlockHeatmap, Strip

VALUES = np.array([[0.5, -6.0, np.nan], [1.0, 2.25, -1.0]])


def chart(marked: list[tuple[int, int]]) -> ET.Element:
    starts = np.array([0, 10, 20, 25])
    rows = [f"rows {first} to {stop - 1}" for first, stop in pairwise(starts)]
    names = ["one <&>", "a name that is too long for it"]
    picture = BlockHeatmap("b", "Title", "mean", names, starts, VALUES, marked, rows.__getitem__).picture()
    return ET.fromstring(picture)  # noqa: S314 our own


def test_every_cell_has_its_colour_and_its_title() -> None:
    root = chart([])
    (image,) = root.findall("image")
    read = matplotlib.image.imread(io.BytesIO(base64.b64decode(image.attrib["href"].partition(",")[2])), format="png")
    assert np.rint(255 * read) == pytest.approx(diverging(VALUES, 5.0))
    titles = [each.text for path in root.iter("path") for each in path.findall("title")]
    assert titles == [
        f"{name}, rows {rows}: mean {value}"
        for name, values in (
            ("one <&>", ["+0.5", "−6.0", "–"]),
            ("a name that is too long for it", ["+1.0", "+2.2", "−1.0"]),
        )
        for rows, value in zip(("0 to 9", "10 to 19", "20 to 24"), values, strict=True)
    ]
    assert root.attrib["role"] == "img"


def test_cells_lie_on_their_pixels_and_frames_around_them() -> None:
    root = chart([(1, 2)])
    (image,) = root.findall("image")
    left, top, wide, high = (float(image.attrib[each]) for each in ("x", "y", "width", "height"))
    (frame,) = [each for each in root.iter("rect") if each.attrib["class"] == "marked"]
    assert float(frame.attrib["x"]) == pytest.approx(left + 2 * wide / 3, abs=0.02)
    assert float(frame.attrib["y"]) == pytest.approx(top + high / 2, abs=0.02)
    last = [each.attrib["d"] for each in root.iter("path")][-1]
    across, up = map(float, last[1:].partition("h")[0].split())
    assert (across, up) == pytest.approx((left + 2 * wide / 3, top + high / 2), abs=0.1)


def test_rows_stand_below() -> None:
    texts = [each.text for each in chart([]).iter("text")]
    rows = ["0", "5", "10", "15", "20", "25"]
    assert texts == ["one <&>", "a name that …", *rows, "row of the store", "−5", "0", "+5"]
    places = {each.text: float(each.attrib["x"]) for each in chart([]).iter("text")}
    # Blocks are equally wide, whatever their rows.
    assert places["10"] - places["5"] == pytest.approx((places["20"] - places["10"]) / 2, abs=0.02)
    assert places["25"] - places["20"] == pytest.approx(places["20"] - places["10"], abs=0.02)


def test_strips_with_a_mark_stand_below() -> None:
    starts = np.array([0, 10, 20, 25])
    strips = [Strip("copies", np.array([False, True, True])), Strip("damaged", np.zeros(3, bool))]
    picture = BlockHeatmap("b", "Title", "mean", ["x", "y"], starts, VALUES, [], "block {}".format, strips).picture()
    root = ET.fromstring(picture)  # noqa: S314 our own
    marks = [each for each in root.iter("rect") if each.attrib["class"] == "flag"]
    assert [each.findtext("title") for each in marks] == ["block 1: copies", "block 2: copies"]
    (image,) = root.findall("image")
    assert float(marks[0].attrib["y"]) > float(image.attrib["y"]) + float(image.attrib["height"])
    assert float(marks[0].attrib["x"]) == pytest.approx(
        float(image.attrib["x"]) + float(image.attrib["width"]) / 3, abs=0.02
    )
    assert "damaged" not in picture
