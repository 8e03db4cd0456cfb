import numpy as np
from scipy import stats

from mvn_dask.job.inputs.rank_scores import rank_scores


def test_against_scipy() -> None:
    """With equal numbers, which have their mean rank."""
    rows = np.round(np.random.default_rng(1).standard_normal((500, 3)) * [1.0, 5.0, 1e6])
    ranks = stats.rankdata(rows, axis=0)
    np.testing.assert_allclose(rank_scores(rows), stats.norm.ppf(ranks / 501.0), rtol=1e-12, atol=1e-14)


def test_only_the_order_counts() -> None:
    rows = np.random.default_rng(2).standard_normal((100, 2))
    np.testing.assert_array_equal(rank_scores(rows), rank_scores(np.exp(rows)))


def test_equal_numbers_alone_are_the_middle() -> None:
    np.testing.assert_array_equal(rank_scores(np.full((7, 1), 3.0)), np.zeros((7, 1)))
