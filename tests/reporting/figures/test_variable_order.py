import numpy as np
import pytest

from mvn_dask.reporting.figures.variable_order import MOST_ORDERED, clustered_order


def test_groups_that_are_mixed_are_put_together() -> None:
    group = np.random.default_rng(0).integers(0, 4, 30)
    correlation = np.where(np.equal.outer(group, group), 0.7, 0.0)
    np.fill_diagonal(correlation, 1.0)
    order = clustered_order(correlation)
    assert order is not None
    assert sorted(order.tolist()) == list(range(30))
    assert np.count_nonzero(np.diff(group[order])) == 3


def test_a_series_is_found_again_in_its_own_direction() -> None:
    """Numbers of an autoregression, shuffled: their order is the only one that keeps those that are alike together."""
    shuffled = np.random.default_rng(1).permutation(40)
    correlation = 0.9 ** np.abs(np.subtract.outer(shuffled, shuffled))
    order = clustered_order(correlation)
    assert order is not None
    assert np.unique(np.diff(shuffled[order])).tolist() in ([1], [-1])
    assert clustered_order(0.9 ** np.abs(np.subtract.outer(np.arange(40), np.arange(40)))) is None


@pytest.mark.parametrize("count", [0, 1, 2, MOST_ORDERED + 1])
def test_few_and_many_keep_their_order(count: int) -> None:
    assert clustered_order(np.eye(count)) is None
