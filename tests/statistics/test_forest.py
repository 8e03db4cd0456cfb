import numpy as np
import pytest

from mvn_dask.statistics.forest import Forest, split
from tests.statistics.contract import check_statistic
from tests.statistics.toy import LongestRun, longest_run


@pytest.mark.parametrize("seed", range(3))
def test_a_statistic_that_is_none_of_ours(seed: int) -> None:
    rows = np.random.default_rng(seed).uniform(-1, 9, (203, 2))

    def check(result: int, rows: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
        assert result == longest_run(rows, 1)

    check_statistic(LongestRun(1), rows, check)


def test_rows_are_cut_at_leaves() -> None:
    assert list(split(0, 0, 10)) == []
    assert list(split(3, 4, 10)) == [(3, 4)]
    assert list(split(10, 30, 10)) == [(10, 20), (20, 30)]


def test_missing_rows_are_no_result() -> None:
    forest = Forest(LongestRun(), 20, 8)
    for start, stop in ((0, 8), (16, 20), (8, 15)):
        forest.add(start, np.ones((stop - start, 1)))
    with pytest.raises(ValueError, match="all 20 rows"):
        forest.result()
    forest.add(15, np.ones((1, 1)))
    assert forest.result() == 20


def test_what_waits_stays_small() -> None:
    """Consecutive pieces leave the nodes of a binary number, and the rows of one leaf."""
    forest = Forest(LongestRun(), 10**6, 10)
    for start in range(0, 77_777, 7):
        forest.add(start, np.ones((7, 1)))
    assert len(forest._nodes) <= 13
    assert len(forest._fragments) <= 1
