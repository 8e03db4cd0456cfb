"""Scales, labels and what a chart draws."""

import numpy as np
import pytest

from mvn_dask.reporting.figures.chart import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Chart,
    LogScale,
    labels_of,
    outline,
    scale_of,
    span,
)
from mvn_dask.reporting.figures.svg import Scale
from tests.reporting.figures.test_marginals import parts


def test_log_scale() -> None:
    scale = LogScale(1.0, 100.0, 0.0, 50.0)
    assert [scale(value) for value in (1.0, 10.0, 100.0)] == pytest.approx([0.0, 25.0, 50.0])
    assert scale(0.0) == 0.0
    negative = LogScale(-100.0, -1.0, 0.0, 50.0)
    assert [negative(value) for value in (-100.0, -10.0, -1.0)] == pytest.approx([0.0, 25.0, 50.0])
    assert negative(3.0) == 50.0


def test_ticks_are_few_and_within() -> None:
    for low, high in [(2048.0, 3e5), (2048.0, 1e10), (3.6, 94.0), (1e-7, 0.1), (-94.0, -3.6), (1.1, 11.5)]:
        ticks = LogScale(low, high, 0.0, 1.0).ticks(4)
        assert 2 <= len(ticks) <= 5, (low, high, ticks)
        assert all(low <= each <= high for each in ticks)


def test_axes_are_logarithmic_where_numbers_of_one_sign_reach_far() -> None:
    assert isinstance(scale_of(1.0, 50.0, 0, 1), LogScale)
    assert isinstance(scale_of(-50.0, -1.0, 0, 1), LogScale)
    assert isinstance(scale_of(1.0, 5.0, 0, 1), Scale)
    assert isinstance(scale_of(-1.0, 50.0, 0, 1), Scale)
    assert isinstance(scale_of(0.0, 50.0, 0, 1), Scale)


def test_labels() -> None:
    assert labels_of(Scale(0.0, 4.0, 0, 1), 4) == [(0.0, "0"), (1.0, "1"), (2.0, "2"), (3.0, "3"), (4.0, "4")]
    far = [text for _, text in labels_of(Scale(1e9, 1e9 + 4.0, 0, 1), 4)]
    assert far == ["1000000000", "1000000001", "1000000002", "1000000003", "1000000004"]
    texts = [text for _, text in labels_of(LogScale(1e-6, 1e-4, 0, 1), 3)]
    assert texts == ["10⁻⁶", "10⁻⁵", "10⁻⁴"]


def test_spans() -> None:
    assert span(np.array([1.0, np.nan]), np.array([3.0, np.inf]), margin=0.5) == (0.0, 4.0)
    assert span(np.array([1.0]), np.array([1.0])) is None
    assert span(np.array([np.nan])) is None
    assert span(np.array([-1e308, 1e308])) is None


def test_a_picture_has_what_a_chart_says() -> None:
    x = np.array([1.0, 2.0, 3.0])
    picture = Chart(
        name="test-1",
        title="A <title>",
        description="Words.",
        x=Scale(0.0, 4.0, LEFT, RIGHT),
        y=Scale(0.0, 2.0, BOTTOM, TOP),
        x_name="across",
        y_name="up",
        band=outline(x, x - 1.0, x + 1.0),
        bars=[(0.0, 1.0, 1.0)],
        lines=[("running t0", [(0.0, 0.0), (1.0, 1e300)])],
        points=[(1.0, 1.0), (2.0, 1.0)],
        marks=[2.0],
    ).picture()
    assert "A &lt;title&gt;" in picture
    assert [len(parts(picture, kind)) for kind in ("band", "bar", "running t0", "point", "change")] == [1, 1, 1, 2, 1]
    assert len(picture) < 4000
