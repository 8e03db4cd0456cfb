import numpy as np
import pytest

from mvn_dask.coordinates import Coordinate
from mvn_dask.event import Event
from mvn_dask.plotting.field_maps import field_maps

pytestmark = pytest.mark.usefixtures("closed_figures")


def test_maps_have_one_scale_and_the_units_of_their_labels() -> None:
    labels = Coordinate.of("lat", [10.0, 12.0, 14.0])
    event = Event((3, 4), ("lat", "lon"), (labels, Coordinate.of("lon", ["a", "b", "c", "d"])))
    axes = field_maps(np.arange(24.0).reshape(2, 3, 4), ["mean", "draw"], event)
    images = [each.images[0] for each in axes]
    assert [each.get_clim() for each in images] == [(0.0, 23.0)] * 2
    assert images[0].get_extent() == pytest.approx([-0.5, 3.5, 9.0, 15.0])
    assert axes[0].get_ylabel() == "lat"
    axes[0].figure.canvas.draw()


def test_a_point_and_numbers_that_are_not_finite() -> None:
    axes = field_maps(np.full((1, 1, 1), np.nan), ["x"], Event.of_shape((1, 1)))
    axes[0].figure.canvas.draw()
