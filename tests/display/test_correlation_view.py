import xml.etree.ElementTree as ET
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from mvn_dask.display.correlation_view import (
    STRONGEST,
    correlation_view,
    correlations_by_lag,
    correlations_of,
    partial_correlation_view,
)
from mvn_dask.display.pixels import NEGATIVE, POSITIVE


def test_correlations_of_constants_are_not_known() -> None:
    found = correlations_of(np.array([[4.0, 0.0], [0.0, 0.0]]))
    np.testing.assert_array_equal(found, [[1.0, np.nan], [np.nan, np.nan]])
    large = correlations_of(np.array([[1e300, -1e300], [-1e300, 1e300]]))
    np.testing.assert_allclose(large, [[1.0, -1.0], [-1.0, 1.0]])


def test_few_are_written_and_more_are_a_picture() -> None:
    few = correlation_view(np.array([[4.0, -1.0], [-1.0, 1.0]]), ["<oil>", "gas"], 2)
    assert list(ET.fromstring(few).itertext()) == [  # noqa: S314 our own
        "Correlations", "<oil>", "gas", "<oil>", "1.00", "−0.50", "gas", "−0.50", "1.00",
    ]  # fmt: skip
    assert "–" in correlation_view(np.zeros((2, 2)), ["a", "b"], 2)
    many = correlation_view(np.eye(24), [], 10**6)
    assert "of the first 24 of 1,000,000 variables" in many
    assert "<td" not in many
    assert "from 0.00 to 0.00, but for the diagonal" in many
    assert "none is known" in correlation_view(np.zeros((24, 24)), [], 24)
    assert correlation_view(np.eye(1), ["a"], 1) == ""


def test_partial_correlations() -> None:
    """Those of two variables given no other are their correlations."""
    cov = np.array([[2.0, 1.0], [1.0, 3.0]])
    one = correlation_view(cov, ["a", "b"], 2)
    other = partial_correlation_view(np.linalg.inv(cov), ["a", "b"], 2)
    assert [each[-8:] for each in one.split("</td>")] == [each[-8:] for each in other.split("</td>")]


def test_correlations_by_lag() -> None:
    column = 2.0 * 0.5 ** np.arange(5.0)
    assert "<svg" in correlations_by_lag(column, (5,))
    assert "<svg" in correlations_by_lag(column[:, None], (5, 1))
    plane = correlations_by_lag(np.ones((60, 9)), (60, 8))
    assert "both axes, from (0, 0) to (57, 7)" in plane
    assert "the last two axes" in correlations_by_lag(np.ones((3, 4, 5)), (3, 4, 5))
    assert correlations_by_lag(np.zeros(5), (5,)) == ""
    assert correlations_by_lag(np.ones((1, 1)), (1, 1)) == ""


def luminance(colour: np.ndarray[Any, Any]) -> float:
    """That of sRGB, as WCAG 2.2 defines it."""
    parts = colour / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


PAGES = {
    "light notebook": ((255, 255, 255), (33, 33, 33)),
    "dark notebook": ((17, 17, 17), (224, 224, 224)),
    "light report": ((253, 253, 252), (27, 31, 36)),
    "dark report": ((19, 22, 26), (231, 234, 238)),
}
"""Colours of pages, and of their texts."""


@pytest.mark.parametrize("behind", [POSITIVE, NEGATIVE])
@pytest.mark.parametrize("name", PAGES)
def test_numbers_can_be_read_on_the_strongest_colour(name: str, behind: tuple[int, ...]) -> None:
    page, ink = PAGES[name]
    ground = STRONGEST * np.array(behind) + (1 - STRONGEST) * np.array(page)
    low, high = sorted([luminance(ground), luminance(np.array(ink, float))])
    assert (high + 0.05) / (low + 0.05) >= 4.5
    assert f"{STRONGEST:.2f})" in correlation_view(np.eye(2), ["a", "b"], 2)
    style = (files("mvn_dask.reporting") / "templates" / "page.css").read_text()
    assert f".picture .written rect {{ opacity: {STRONGEST}; }}" in style, "pictures of reports have the same"
