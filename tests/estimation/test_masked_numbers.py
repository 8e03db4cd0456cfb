"""Masked numbers, of which nothing stands for what is not there."""

import numpy as np
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.estimation.masked_numbers import refuse_masked


def test_masks_are_refused_and_nothing_else() -> None:
    refuse_masked(np.ones(3))
    refuse_masked(np.ma.array([1.0, 2.0]))
    for masked in (np.ma.array([1.0, 2.0], mask=[False, True]), np.ma.empty((0, 2))):
        with pytest.raises(ArgumentError, match=r"`x` must have no masked numbers: da.ma.filled\(x, np.nan\)"):
            refuse_masked(masked, "x")
