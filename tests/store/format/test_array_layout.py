from dataclasses import replace

import numpy as np
import pytest

from mvn_dask.coordinates import Coordinate
from mvn_dask.event import Event
from mvn_dask.store.format.array_layout import ArrayLayout, may_name_array, may_name_dimension
from mvn_dask.store.format.stored_coordinates import StoredCoordinate
from mvn_dask.typed_texts import TEXT

LABELS = Coordinate("float64", ("50.0", "51.0"))
LAT = StoredCoordinate.of_axis("lat", LABELS)
NAMES = StoredCoordinate(("y",), TEXT, ("a", "b", "c"), {})
LAYOUT = ArrayLayout((10, 2, 3), (4, 2, 3), None, np.dtype("f8"), ("sample", "lat", "lon"), 2, {"lat": LAT})


def test_axes_of_a_draw() -> None:
    assert (LAYOUT.size, LAYOUT.event) == ((10,), Event((2, 3), ("lat", "lon"), (LABELS, None)))
    flat = replace(LAYOUT, event_axes=1)
    assert (flat.size, flat.event.shape) == ((10, 2), (3,))
    assert replace(LAYOUT, event_axes=0).event == Event((), (), ())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"event_axes": 4}, "has less than 4 axes"),
        ({"coordinates": {"lon": LAT}}, "'lon' cannot be a coordinate along .'lat'"),
        ({"coordinates": {"height": replace(LAT, dims=("height",))}}, "do not go with 2 labels along 'height'"),
        ({"dimensions": ("x", "x", "y"), "coordinates": {"y": NAMES}}, "must differ"),
        ({"dimensions": ("x", "y")}, "disagree"),
        ({"dimensions": ("x", "y", "mean")}, "none of samples, mean"),
        ({"inner_chunks": (3, 2, 3)}, "do not divide"),
        ({"name": "Lat"}, "and not by the case of letters alone"),
        ({"name": "../x"}, "must be words that differ"),
        ({"coordinates": {"Lat": LAT}}, "and not by the case of letters alone"),
        ({"coordinates": {"a/b": LAT}}, "cannot be a coordinate"),
        ({"coordinates": {"x": replace(LAT, dims=("lat", "lat"))}}, "do not go with 2 labels along 'lat', 'lat'"),
        ({"coordinates": {"x": replace(LAT, dims=())}}, "do not go with 2 labels along none"),
        ({"indexes": {"lat": ("lat",)}}, "levels .* must be coordinates along it"),
        ({"indexes": {"lon": ("lat",)}}, "must be coordinates along it"),
        ({"indexes": {"lon": ()}}, "must be coordinates along it"),
        ({"indexes": {"height": ("lat",)}}, "must be coordinates along it"),
        ({"attributes": {"scale_factor": 2}}, "would change what readers see"),
    ],
)
def test_what_disagrees(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(LAYOUT, **changes)  # type: ignore[arg-type]


def test_names_of_dimensions() -> None:
    assert all(map(may_name_dimension, ("lat", "x_1", "2m", "a-b", "A" * 64)))
    assert not any(map(may_name_dimension, ("", "_x", "-x", "a b", "a/b", "é", "A" * 65, "samples", "mean")))


def test_names_of_arrays() -> None:
    assert all(map(may_name_array, ("samples", "2m_temperature", "air-pressure")))
    assert not any(map(may_name_array, ("", "mean", "Mean", "a b", "..", ".mvn_dask", "zarr.json")))


def test_levels_name_the_places_of_an_axis() -> None:
    levels = {
        "site": StoredCoordinate(("lat",), TEXT, ("a", "a"), {}),
        "year": StoredCoordinate(("lat",), "int64", ("1", "2"), {}),
    }
    layout = replace(LAYOUT, coordinates=levels, indexes={"lat": ("site", "year")})
    assert layout.event.coordinates[0] == Coordinate(TEXT, ("('a', 1)", "('a', 2)"))
    assert layout.event.description.indexes == {"lat": ("site", "year")}
    same = {**levels, "year": replace(levels["year"], labels=("1", "1"))}
    assert replace(layout, coordinates=same).event.coordinates == (None, None)
