"""Fields as maps: the mean beside some draws.

Input: a mean and draws in memory, of two axes. Output: axes of matplotlib. Cost: that of drawing.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.event import Event
from mvn_dask.plotting.figures import drawn_figure

if TYPE_CHECKING:
    from mvn_dask.plotting.figures import AnyFigure


def field_maps(
    fields: Float64Array, titles: list[str], event: Event, figure: "AnyFigure | None" = None
) -> npt.NDArray[Any]:
    """Maps of fields, shape (m, ny, nx), with one scale of colours; axes of shape (m,)."""
    height, width = event.shape
    ratio = float(np.clip(height / width, 0.4, 2.5))
    whole = drawn_figure(figure, (3.0 * len(fields) + 0.8, 3.0 * ratio + 0.8))
    found = whole.subplots(1, len(fields), squeeze=False, sharey=True)[0]
    finite = fields[np.isfinite(fields)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    extent = _extent(event)
    for axes, field, title in zip(found, fields, titles, strict=True):
        image = axes.imshow(field, origin="lower", aspect="auto", extent=extent, vmin=low, vmax=high)
        axes.set_title(title, fontsize="medium", parse_math=False)
        axes.set_xlabel(event.dims[1], parse_math=False)
    found[0].set_ylabel(event.dims[0], parse_math=False)
    whole.colorbar(image, ax=list(found))
    return np.asarray(found)


def _extent(event: Event) -> tuple[float, float, float, float]:
    """Ends of both axes, in the units of labels that are evenly spaced numbers, else in places."""
    ends: list[float] = []
    for axis in (1, 0):
        coordinate, length = event.coordinates[axis], event.shape[axis]
        values = np.arange(length, dtype=np.float64)
        if coordinate is not None and coordinate.dtype.startswith(("float", "int", "uint")) and length > 1:
            labels = np.asarray(coordinate.values, np.float64)
            steps = np.diff(labels)
            if steps[0] and np.allclose(steps, steps[0]):
                values = labels
        half = (values[1] - values[0]) / 2 if length > 1 else 0.5
        ends += [float(values[0] - half), float(values[-1] + half)]
    return (ends[0], ends[1], ends[2], ends[3])
