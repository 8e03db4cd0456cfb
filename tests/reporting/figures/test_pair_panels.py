import numpy as np
import pytest

from mvn_dask.reporting.figures.pair_panels import ellipse, shaded


def test_an_ellipse_holds_pairs_of_one_length() -> None:
    points = ellipse(0.8, 2.0)
    inverse = np.linalg.inv([[1.0, 0.8], [0.8, 1.0]])
    assert np.einsum("ni,ij,nj->n", points, inverse, points) == pytest.approx(4.0)
    assert ellipse(1.0, 1.0)[:, 0] == pytest.approx(ellipse(1.0, 1.0)[:, 1])


def test_cells_lie_where_the_numbers_do() -> None:
    counts = np.zeros((3, 3), np.int64)
    counts[2, 0] = 4
    counts[0, 0] = 1
    opacity = shaded(counts)[..., 3]
    # The first variable goes to the right, the second upwards.
    assert opacity.tolist() == [[0, 0, 0], [0, 0, 0], [128, 0, 255]]
