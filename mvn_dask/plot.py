"""Pictures of rows on matplotlib, drawn from a bounded number of them.

Input: an array of any size. Output: axes of matplotlib. Cost: that of the rows that are shown, and of drawing them.
"""

from collections.abc import Sequence
from math import prod
from os import PathLike
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy.typing as npt

from mvn_dask import checks, labels
from mvn_dask._typing import Float64Array, Texts
from mvn_dask.array_likes import is_instance, real_array
from mvn_dask.distribution.conditionals import Which
from mvn_dask.distribution.plots import Plots, places_shown
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.estimation.row_source import row_source
from mvn_dask.plotting.pair_plot import pair_plot
from mvn_dask.readable import short_repr
from mvn_dask.signatures import short_signature
from mvn_dask.store.labelling import split_column_labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

__all__ = ["pairs"]


def __dir__() -> list[str]:
    return __all__


@short_signature
def pairs(
    x: Any,
    variables: Which | None = None,
    *,
    names: Texts | None = None,
    rows: int = 5000,
    figure: "Figure | SubFigure | None" = None,
) -> npt.NDArray[Any]:
    """Some columns of an array against each other, from its first rows.

    Each column is on the diagonal, as a histogram; pairs are below it, and their correlations above.

    Parameters
    ----------
    x : array_like or dask.array.Array, shape (n,) or (n, …)
        Rows along the first axis; numbers of the others, in C order, are columns. Samples and other arrays of dask, of
        numpy, Zarr and xarray, frames of pandas, polars and pyarrow. Numbers that are not finite are left out.
    variables : str, int, or sequence of them, optional
        Names or numbers of at most 10 columns; by default all.
    names : sequence of str, optional
        Names of all columns; by default those of the sample, of the store, or of the frame or DataArray.
    rows : int
        How many of the first rows are shown: no others are computed, but for those of the same block. Up to 3,000 are
        points, more are counted in cells.
    figure : matplotlib.figure.Figure or SubFigure, optional
        Where to draw; by default a new one.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (m, m)
        Where it was drawn; ``axes[0, 0].figure`` is the figure.

    Raises
    ------
    ArgumentError
        If there is no matplotlib; if there are no rows; if there are more than 10 columns, and `variables` names none;
        if a name is unknown.
    ArgumentTypeError
        If `x` does not hold real numbers, or `figure` is no figure.

    See Also
    --------
    mvn_dask.MultivariateNormal.plot : The same of a distribution, with densities and ellipses.
    mvn_dask.report : All of a store, tested.

    Notes
    -----
    Rows of samples are independent, so that the first ones are as good as any. A sample is cut anew, in pieces of
    16 MiB, so that a large chunk is not drawn for a few rows.

    Examples
    --------
    >>> import mvn_dask
    >>> normal = mvn_dask.MultivariateNormal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]], names=["oil", "gas"])
    >>> x = normal.sample(1_000_000_000, seed=42)
    >>> axes = mvn_dask.plot.pairs(x, rows=2000)
    >>> axes.shape
    (2, 2)
    """
    count = checks.count("rows", rows)
    found, known = _first_rows(x, count)
    if not found.size:
        raise ArgumentError(f"`x` and `rows` must leave a number to show: they leave the shape {found.shape}")
    known = known if names is None else checks.variable_names(checks.texts("names", names))
    if known is not None and len(known) != found.shape[1]:
        raise ArgumentError(f"`names` must name every column: there are {found.shape[1]}, and {len(known)} of them")
    places = places_shown(variables, found.shape[1:], known)
    return pair_plot(found[:, places], [known[i] if known else str(i) for i in places.tolist()], None, figure)


def _first_rows(x: Any, count: int) -> tuple[Float64Array, tuple[str, ...] | None]:
    """The first rows, shape (n, columns), and names of the columns, where they are known."""
    _refuse_what_is_drawn_elsewhere(x)
    array, known = split_column_labels(x, "x")
    if isinstance(array, da.Array):
        is_whole = array.ndim > 0 and all(blocks == 1 for blocks in array.numblocks[1:])
        array = row_source(array, "x").array if is_whole and array.size else array
        array = array[:count].compute() if array.ndim else array
    else:
        array = _cut(array, count)
    rows = real_array("x", array)
    if not rows.ndim:
        raise ArgumentError(f"`x` must have an axis of rows: it is {short_repr(x)}")
    if known is None:
        known = _column_labels(array)
    return rows.reshape(len(rows), prod(rows.shape[1:])), known


def _refuse_what_is_drawn_elsewhere(x: object) -> None:
    """Stores by their names, and distributions."""
    wrong = f"`x` must be an array of real numbers, not {type(x).__name__}"
    if isinstance(x, (str, PathLike)):
        raise ArgumentTypeError(f"{wrong}: mvn_dask.from_zarr({short_repr(x)}) is that of a store")
    if isinstance(x, Plots):
        raise ArgumentTypeError(f"{wrong}: x.plot() draws the distribution, and x.sample(…) makes an array")


def _cut(x: Any, count: int) -> Any:
    """The first rows of anything but an array of dask."""
    if is_instance(x, "pandas", "DataFrame", "Series"):
        return x.iloc[:count]
    if is_instance(x, "polars", "DataFrame", "Series"):
        return x.head(count)
    if is_instance(x, "pyarrow", "Table", "RecordBatch"):
        return x.slice(0, count)
    # What is neither an array nor a sequence of numbers is refused by its type.
    return x[:count] if getattr(x, "shape", ()) or isinstance(x, (list, tuple, range)) else x


def _column_labels(x: Any) -> tuple[str, ...] | None:
    """The columns of a frame."""
    axes: Sequence[labels.Axis] = labels.axes_of("x", x) if not isinstance(x, da.Array) else ()
    return next((axis.labels for axis in axes if axis.where == "the columns of `x`" and not axis.is_default), None)
