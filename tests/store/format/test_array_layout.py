from dataclasses import replace

import numpy as np
import pytest

from mvn_dask.coordinates import TEXT, Coordinate
from mvn_dask.event import Event
from mvn_dask.store.format.array_layout import ArrayLayout, may_name_dimension

LAT = Coordinate("float64", ("50.0", "51.0"))
LAYOUT = ArrayLayout((10, 2, 3), (4, 2, 3), None, np.dtype("f8"), ("sample", "lat", "lon"), 2, {"lat": LAT})


def test_axes_of_a_draw() -> None:
    assert (LAYOUT.size, LAYOUT.event) == ((10,), Event((2, 3), ("lat", "lon"), (LAT, None)))
    flat = replace(LAYOUT, event_axes=1)
    assert (flat.size, flat.event.shape) == ((10, 2), (3,))
    assert replace(LAYOUT, event_axes=0).event == Event((), (), ())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"event_axes": 4}, "has less than 4 axes"),
        ({"coordinates": {"lon": LAT}}, "does not go with 2 labels along 'lon'"),
        ({"coordinates": {"height": LAT}}, "along 'height'"),
        ({"dimensions": ("x", "x", "y"), "coordinates": {"y": Coordinate(TEXT, ("a", "b", "c"))}}, "must differ"),
        ({"dimensions": ("x", "y")}, "disagree"),
        ({"dimensions": ("x", "y", "mean")}, "none of samples, mean"),
        ({"inner_chunks": (3, 2, 3)}, "do not divide"),
    ],
)
def test_what_disagrees(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(LAYOUT, **changes)  # type: ignore[arg-type]


def test_names_of_dimensions() -> None:
    assert all(map(may_name_dimension, ("lat", "x_1", "A" * 64)))
    assert not any(map(may_name_dimension, ("", "_x", "1x", "a b", "a/b", "é", "A" * 65, "samples", "mean")))
