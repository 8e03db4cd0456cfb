"""The bits are compared with numpy's in `tests/statistics/test_central_moments.py`; here, what is refused."""

import numpy as np
import pytest

from mvn_dask.compiled.power_sums import INTERLEAVED_ROWS, MAX_POWER, power_sums
from mvn_dask.statistics.ordered_sums import SUMS


def test_rows_are_added_side_by_side_as_in_numpy() -> None:
    assert INTERLEAVED_ROWS == SUMS


def test_sums_of_the_first_rows() -> None:
    leaves = np.arange(40.0).reshape(2, 10, 2)
    sums = power_sums(leaves, 3, np.ones((2, 2)), 3)
    expected = [((leaves[:, :3] - 1.0) ** power).sum(axis=1) for power in (1, 2, 3)]
    np.testing.assert_array_equal(sums, np.stack(expected, axis=1))
    assert power_sums(leaves[:0], 3, np.ones((0, 2)), 1).shape == (0, 1, 2)
    assert not power_sums(leaves, 0, np.ones((2, 2)), MAX_POWER).any()


def test_what_does_not_fit_is_refused() -> None:
    leaves, shifts = np.zeros((2, 10, 3)), np.zeros((2, 3))
    for wrong in (
        (leaves, 11, shifts, 2), (leaves, 10, shifts[1:], 2), (leaves, 10, shifts, 5), (leaves, 10, shifts, 0),
        (leaves[:, ::2], 5, shifts, 2), (leaves, 10, shifts.astype("f4"), 2),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"must be|do not fit"):
            power_sums(*wrong)
