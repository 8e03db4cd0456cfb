import numpy as np

from mvn_dask.statistics.confidence_interval import ConfidenceInterval


def test_it_unpacks_as_those_of_scipy() -> None:
    low, high = ConfidenceInterval(0.0, 2.0, 0.95)
    assert (low, high) == (0.0, 2.0)
    lows, highs = ConfidenceInterval(np.array([0.0, 1.0]), np.array([2.0, 3.0]), 0.95)
    assert lows.tolist() == [0.0, 1.0]
    assert highs.tolist() == [2.0, 3.0]
