import numpy as np
import pytest

from mvn_dask.statistics.base import merged_pairs
from mvn_dask.statistics.tail_moments import merged_tails, tail_of


def test_merged_is_that_of_all() -> None:
    rng = np.random.default_rng(0)
    for sizes in ([3, 5, 0, 9], [0, 0, 1, 0], [0, 0, 0, 0], [100, 1, 30, 7]):
        parts = [1e6 + rng.standard_normal(size) for size in sizes]
        nodes = np.stack([tail_of(part)[:, None] for part in parts])
        count, total, squares = merged_pairs(merged_tails, nodes)[:, 0]
        whole = np.concatenate(parts)
        assert count == len(whole)
        assert total == pytest.approx(whole.sum(), rel=1e-14)
        assert squares == pytest.approx(whole.var() * len(whole) if len(whole) else 0.0, rel=1e-6)


def test_sums_of_integers_are_exact_and_infinite_ones_infinite() -> None:
    assert tail_of(np.arange(1001.0))[1] == 500500
    merged = merged_tails(tail_of(np.array([1.0, np.inf]))[:, None], tail_of(np.array([np.inf]))[:, None])
    assert merged[1, 0] == np.inf
    assert not np.signbit(tail_of(np.array([-0.0, -0.0]))[1])
