"""Chosen variables come as they are stored, in leaves."""

import numpy as np

import mvn_dask
from mvn_dask.reporting.scan import chunk_range
from mvn_dask.reporting.selection import MOST_COLUMNS
from mvn_dask.reporting.variable_ranges import VariableRanges
from tests.reporting.samples import selection_of


def test_leaves_of_chosen_variables() -> None:
    x = mvn_dask.MultivariateNormal(np.zeros(2 * MOST_COLUMNS), 1.0).sample(10, seed=1, chunks=(5, -1))
    selection = selection_of(x)
    chosen, rows = VariableRanges(10, 2, selection), x[5:].compute()
    found = list(chosen.derive(chunk_range(selection.manifest, 1), rows))
    assert [first for first, _ in found] == [5, 6, 8]
    np.testing.assert_array_equal(np.concatenate([each for _, each in found]), rows[:, selection.columns])
