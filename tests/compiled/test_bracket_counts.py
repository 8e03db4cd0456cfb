import numpy as np
import pytest

from mvn_dask.compiled.bracket_counts import BLOCK, SUM_LANES, bracket


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("n", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 4 * BLOCK])
def test_of_whole_blocks_and_parts(n: int, columns: int) -> None:
    """All numbers below, but one after the other: each place of a block is looked at."""
    low, high, searched = np.zeros((1, columns)), np.ones((1, columns)), np.ones((1, columns), bool)
    work, kept = np.empty(2 * n + 1 + SUM_LANES), np.empty(n * columns + 1)
    for place in range(n):
        for value in (0.5, 2.0, np.nan):
            rows = np.full((n, columns), -1.0)
            rows[place] = value
            lengths, counts = np.zeros((1, 1, columns), np.int64), np.zeros((6, 1, columns), np.int64)
            tails = np.zeros((1, 1, 3, columns))
            total = bracket(rows, max(n, 1), low, high, searched, work, kept, lengths, counts, tails)
            is_within, is_above, is_missing = value == 0.5, value == 2.0, bool(np.isnan(value))
            assert total == is_within * columns
            assert kept[:total].tolist() == [0.5] * total
            assert counts[:, 0, 0].tolist() == [n - 1, 0, is_within, 0, is_above, is_missing]
            assert tails[0, 0, :, 0].tolist() == ([1.0, 2.0, 0.0] if is_above else [0.0, 0.0, 0.0])
