from collections.abc import Sequence

import numpy as np

from mvn_dask.reporting.row_repeats import NOTHING_COMPARED, repeated_rows_verdict, repeated_segments
from mvn_dask.reporting.verdict import Verdict
from mvn_dask.statistics.repeated_rows import RowRepeats

COPIED = RowRepeats(8, 9000, 3, 500, np.array([20, 60, 90]), 1e-12)
NONE = RowRepeats(1, 10_000, 0, 0, np.zeros(0, np.int64), 1.0)
BY_CHANCE = RowRepeats(1, 40, 30, 2, np.array([3, 5]), 0.7)
ONE = RowRepeats(1, 1, 1, 1, np.array([0]), 1.0)


def verdict(repeats: Sequence[RowRepeats]) -> Verdict:
    return repeated_rows_verdict(repeats, ["oil", "gas", "coal"][: len(repeats)], 1e-4)


def test_in_words() -> None:
    found = verdict([COPIED])
    assert (found.ok, found.tests, found.p_value) == (False, 1, 1e-12)
    assert found.text == (
        "about 24 rows between row 20 and row 90 come again 500 rows later; one of 8 different rows was looked at"
    )
    assert verdict([NONE]).text == "no two of 10,000 are equal"
    assert verdict([BY_CHANCE]).text == "of 40 different rows 30 come more than once, in no order"


def test_of_parts_the_most_extreme_one_is_named() -> None:
    found = verdict([NONE, COPIED, BY_CHANCE])
    assert (found.ok, found.tests, found.p_value) == (False, 3, 3e-12)
    assert found.text.startswith("gas and those in its chunks: about 24 rows")


def test_rows_that_are_all_equal_are_not_compared() -> None:
    for repeats in ([], [ONE]):
        assert (verdict(repeats).grade, verdict(repeats).text) == ("not tested", NOTHING_COMPARED)


def test_segments() -> None:
    starts = np.array([0, 50, 100, 550, 580, 600])
    assert repeated_segments([NONE, COPIED], starts, 1e-4).tolist() == [True, True, True, True, True]
    assert repeated_segments([COPIED], np.array([0, 20, 100, 520, 600]), 1e-4).tolist() == [False, True, False, True]
    assert not repeated_segments([COPIED, BY_CHANCE], starts, 1e-13).any()
