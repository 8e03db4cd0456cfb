from threading import Thread

import numpy as np

from mvn_dask.statistics.base import Combined, Rows, scratch
from mvn_dask.statistics.bin_counts import BinCounts
from tests.statistics.contract import check_statistic
from tests.statistics.toy import LongestRun, longest_run


def test_contract_of_combined_statistics() -> None:
    def check(result: tuple[object, ...], rows: Rows) -> None:
        longest, counts = result
        assert longest == longest_run(rows)
        assert isinstance(counts, np.ndarray)
        assert counts.sum() == len(rows)

    statistics = (LongestRun(), BinCounts(np.array([0]), -1.0, 2.0, 4))
    check_statistic(Combined(statistics), np.random.default_rng(0).standard_normal((100, 2)), check)


def test_the_same_memory_for_the_same_use_in_a_thread() -> None:
    one = scratch("a", (10, 3))
    assert np.shares_memory(one, scratch("a", (2, 5)))
    assert not np.shares_memory(one, scratch("b", (10, 3)))
    assert np.shares_memory(one, scratch("a", (30,), np.int64))
    assert scratch("a", (100, 7), np.float32).shape == (100, 7)
    one = scratch("a", (10, 3))
    others = []
    thread = Thread(target=lambda: others.append(scratch("a", (10, 3))))
    thread.start()
    thread.join()
    assert not np.shares_memory(one, others[0])
