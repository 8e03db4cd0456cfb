"""Where a picture is drawn: a figure of matplotlib, given or new.

Input: a figure or None. Output: a figure. Cost: that of importing matplotlib.
"""

from typing import TYPE_CHECKING, Any

from mvn_dask.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    AnyFigure = Figure | SubFigure


def drawn_figure(figure: "AnyFigure | None", size: tuple[float, float]) -> "AnyFigure":
    """The figure that was given, or a new one of a size in inches, which `matplotlib.pyplot.show` shows.

    Raises
    ------
    ArgumentError
        If there is no matplotlib.
    ArgumentTypeError
        If what was given is no figure.
    """
    try:
        from matplotlib.figure import FigureBase
    except ImportError as error:
        raise ArgumentError("pictures need matplotlib: pip install 'mvn_dask[plot]'") from error
    given: Any = figure
    if given is None:
        from matplotlib import pyplot as plt

        return plt.figure(figsize=size, layout="constrained")
    if not isinstance(given, FigureBase):
        raise ArgumentTypeError(f"`figure` must be a figure of matplotlib, not {type(given).__name__}")
    return figure  # type: ignore[return-value]
