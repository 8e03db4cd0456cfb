"""Smallest and largest numbers are those of the store, in its own units."""

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from tests.reporting.samples import MEAN, estimate, sample


@pytest.mark.parametrize(
    "x",
    [
        sample(3000, chunks=700),
        sample(3000, chunks=700, dtype="float32"),
        mvn_dask.MultivariateT(MEAN[:3], np.eye(3), df=3).sample((4, 50), seed=1, chunks=(2, 30)),
        mvn_dask.MultivariateNormal(np.zeros(20), 1.0).sample(300, seed=1, chunks=(100, 7)),
    ],
    ids=["rows", "float32", "heavy tails, two axes", "cut variables"],
)
def test_ranges(x: da.Array) -> None:
    found, rows = estimate(x).measured.ranges, x.compute().reshape(-1, x.shape[-1])
    np.testing.assert_array_equal(found.smallest, rows.min(axis=0))
    np.testing.assert_array_equal(found.largest, rows.max(axis=0))


def test_no_rows_have_no_range() -> None:
    assert np.isnan(estimate(sample(0)).measured.ranges).all()
