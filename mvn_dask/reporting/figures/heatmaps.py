"""Heatmaps of correlations: of the sample, as expected, and how far they are apart.

Input: estimates. Output: three SVG pictures, each with a PNG file (2nd ed., ISO/IEC 15948:2003) of one pixel a cell
inside, which is smaller than as many rectangles.
"""

import base64
import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.svg import render, shorten
from mvn_dask.reporting.number_format import MINUS, signed

MOST_WRITTEN = 6
"""Variables up to which each cell has its number in it."""
MOST_NAMED = 20
"""Variables up to which each has its name at the side."""
MOST_SAID = 40
"""Variables up to which each cell says what it is, where a pointer rests on it."""
PAIR_LETTERS = 24
"""Letters of a name there, at most."""
NAME_LETTERS = 9
"""Of a name at the side, at most."""
FULL_ERROR = 5.0
"""Standard errors of a full colour."""

NEGATIVE, POSITIVE, UNKNOWN = (42, 111, 187), (201, 84, 28), (128, 128, 128)
"""Blue and orange, which no colour-blindness mixes up, and grey. They contrast with white and with black."""

Pixels = npt.NDArray[np.uint8]


def heatmaps(estimates: Estimates) -> list[tuple[str, Markup]]:
    """Captions and pictures; none if there are no pairs."""
    is_known = estimates.reference.laws.pairs_known
    if len(estimates.selection.paired) < 2 or estimates.selection.rows < 2 or not is_known:
        return []
    expected = np.where(estimates.tested_pairs, estimates.reference.correlation, np.nan)
    error, errors = "Covariances less the expected ones", estimates.covariance_errors
    return [
        ("Sample", _heatmap(estimates, "sample", "Correlations of the sample", estimates.correlation, 1.0)),
        ("Expected", _heatmap(estimates, "expected", "Expected correlations", expected, 1.0)),
        ("Difference, in standard errors", _heatmap(estimates, "error", error, errors, FULL_ERROR)),
    ]


def _heatmap(estimates: Estimates, name: str, title: str, values: Float64Array, limit: float) -> Markup:
    count = len(values)

    def written(value: float) -> str:
        return signed(value) if limit != 1.0 else f"{value:.2f}".replace("-", MINUS)

    known = values[np.isfinite(values) & ~np.eye(count, dtype=bool)]
    cells = [
        (i, j, "–" if np.isnan(value) else written(value), abs(value) > 0.93 * limit)
        for (i, j), value in np.ndenumerate(values)
        if count <= MOST_WRITTEN
    ]
    return render(
        "heatmap.html",
        name=f"heatmap-{name}",
        title=title,
        ends=[written(known.min()), written(known.max())] if len(known) else [],
        count=count,
        limit=limit,
        pixels=data_url(png(diverging(values, limit))),
        names=_names(estimates, count),
        cells=cells,
        areas=_areas(estimates, values, written),
    )


class Area(NamedTuple):
    """Cells that say what they are: a single one, or those of a row."""

    column: int
    """Place of the first cell."""
    row: int
    """Place of the row."""
    columns: int
    """How many cells."""
    text: str
    """What they say."""


def _areas(estimates: Estimates, values: Float64Array, written: Callable[[float], str]) -> list[Area]:
    """Each cell with its pair and its value; of many variables, each row with the value that is farthest from 0."""
    count = len(values)
    names = [shorten(estimates.name(each), PAIR_LETTERS) for each in estimates.selection.paired]
    if count <= MOST_SAID:
        return [
            Area(j, i, 1, f"{names[i]}, {names[j]}: {'not tested' if np.isnan(value) else written(value)}")
            for (i, j), value in np.ndenumerate(values)
        ]
    others = np.where(np.eye(count, dtype=bool), np.nan, np.abs(values))
    farthest = np.nan_to_num(others, nan=-1.0).argmax(axis=1).tolist()
    return [
        Area(0, i, count, f"{names[i]}: {written(values[i, j])} with {names[j]}, the farthest from 0")
        for i, j in enumerate(farthest)
        if np.isfinite(values[i, j])
    ]


def _names(estimates: Estimates, count: int) -> dict[int, str]:
    """Names beside the rows, or numbers of some variables where there are many."""
    paired = estimates.selection.paired
    if count <= MOST_NAMED:
        return {i: shorten(estimates.name(paired[i], "").strip(), NAME_LETTERS) for i in range(count)}
    positions = np.unique(np.linspace(0, count - 1, 6).round().astype(int)).tolist()
    return {i: shorten(f"{estimates.selection.columns[paired[i]]:,}", NAME_LETTERS) for i in positions}


def diverging(values: npt.NDArray[np.float64], limit: float) -> Pixels:
    """Cells of two colours that are transparent at 0, so that they fit any background; NaN is grey.

    From `limit` on, to either side, the colour is full. The shape of pixels is (m, n, 4): red, green, blue, opacity.
    """
    pixels = np.empty((*values.shape, 4), np.uint8)
    known = np.nan_to_num(values, nan=0.0, posinf=limit, neginf=-limit)
    pixels[..., :3] = np.where(known[..., None] < 0, np.array(NEGATIVE), np.array(POSITIVE))
    pixels[..., 3] = np.rint(255 * np.minimum(np.abs(known) / limit, 1.0))
    pixels[np.isnan(values)] = (*UNKNOWN, 70)
    return pixels


def png(pixels: Pixels) -> bytes:
    """The file of a picture of shape (m, n, 4)."""
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + 4 * width), np.uint8)  # each begins with the number of its filter, 0 for none
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def data_url(file: bytes) -> str:
    """The file as a URL."""
    return f"data:image/png;base64,{base64.b64encode(file).decode()}"
