import numpy as np

from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.repeats import Repeated, Repeats
from tests.statistics.contract import check_statistic, result_of


def test_contract() -> None:
    def check(result: Repeated, rows: Rows) -> None:
        values, counts = np.unique(rows[rows > 0], return_counts=True)
        where = {value: np.flatnonzero(rows == value).tolist() for value in values.tolist()}
        assert result.values == len(values)
        again = [(len(rows), rows[0], rows[-1]) for rows in where.values() if len(rows) > 1]
        assert list(result.repeated) == sorted(again, key=lambda each: each[1])
        assert counts.sum() == (rows > 0).sum()

    check_statistic(Repeats(), np.random.default_rng(0).integers(0, 60, (100, 1)).astype(np.uint64), check)


def test_nothing_repeats() -> None:
    assert result_of(Repeats(), np.arange(1, 30, dtype=np.uint64)[:, None], 4) == Repeated(29, ())


def test_at_most_so_many_are_kept_and_equal_ones_together() -> None:
    """Of twice as many numbers as are kept, each twice, the smaller half is kept, and all of these twice."""
    kept = Repeats.KEPT
    numbers = np.random.default_rng(0).permutation(np.repeat(np.arange(1, 2 * kept + 1, dtype=np.uint64), 2))
    node = Repeats().leaf(numbers[:kept, None], 0)
    for first in range(kept, len(numbers), kept):
        node = Repeats().merge(node, Repeats().leaf(numbers[first : first + kept, None], first))
    assert max(node) <= kept
    found = Repeats().finalize(node)
    assert found.values == kept == len(found.repeated)
    assert {count for count, _, _ in found.repeated} == {2}
