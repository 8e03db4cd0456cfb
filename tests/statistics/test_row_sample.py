from itertools import pairwise

import numpy as np

from mvn_dask.statistics.row_sample import sampled


def test_one_of_each_block_whatever_the_cuts() -> None:
    whole = sampled(0, 10_000, 16, 0)
    assert (whole // 16).tolist() == list(range(625))
    cuts = np.sort(np.random.default_rng(0).choice(10_000, 50, replace=False))
    pieces = [first + sampled(int(first), int(stop - first), 16, 0) for first, stop in pairwise(cuts)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole[(whole >= cuts[0]) & (whole < cuts[-1])])
    assert sampled(0, 0, 16, 0).size == 0


def test_places_are_those_of_chance() -> None:
    """Chi-squared with 63 degrees of freedom: beyond these bounds once in 10⁵ times. Two samples meet as seldom."""
    places = [sampled(0, 64 * 20_000, 64, number) % 64 for number in range(3)]
    for one in places:
        counts = np.bincount(one, minlength=64)
        assert 25 < ((counts - 312.5) ** 2 / 312.5).sum() < 120
    assert abs(np.mean(places[0] == places[1]) - 1 / 64) < 0.004
    assert abs(np.corrcoef(places[0][1:], places[0][:-1])[0, 1]) < 0.03
    # Far beyond 2**32 as well.
    assert len(np.unique(sampled(2**50, 64 * 1000, 64, 0) % 64)) == 64
