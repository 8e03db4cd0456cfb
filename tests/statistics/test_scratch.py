from threading import Thread

import numpy as np

from mvn_dask.statistics.scratch import scratch


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
