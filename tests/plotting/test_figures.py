import sys
from typing import Any

import matplotlib.pyplot as plt
import pytest

from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.plotting.figures import drawn_figure

pytestmark = pytest.mark.usefixtures("closed_figures")


def test_a_figure_is_made_or_taken() -> None:
    made = drawn_figure(None, (2.0, 3.0))
    assert plt.get_fignums() == [made.number]  # type: ignore[union-attr]
    halves: Any = made.subfigures(1, 2)
    part = halves[0]
    assert drawn_figure(part, (1.0, 1.0)) is part


def test_what_is_no_figure() -> None:
    with pytest.raises(ArgumentTypeError, match="`figure` must be a figure of matplotlib, not Axes"):
        drawn_figure(plt.figure().subplots(), (1.0, 1.0))  # type: ignore[arg-type]


def test_without_matplotlib_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ArgumentError, match=r"pip install 'mvn_dask\[plot\]'"):
        drawn_figure(None, (1.0, 1.0))
