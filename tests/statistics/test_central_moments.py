from math import fsum

import numpy as np

from mvn_dask.statistics.central_moments import merged_moments, moments_of_leaves


def test_moments_and_merges_against_exact_sums() -> None:
    rng = np.random.default_rng(0)
    rows = np.exp(rng.standard_normal((1000, 2))) + np.array([1e6, 0.0])
    nodes = [moments_of_leaves(part[None], 4)[0] for part in np.split(rows, [300, 301, 777])]
    merged = nodes[0]
    for node in nodes[1:]:
        merged = merged_moments(merged, node)
    for column, values in enumerate(rows.T):
        mean = fsum(values) / len(values)
        powers = [fsum((values - mean) ** power) for power in (2, 3, 4)]
        np.testing.assert_allclose(merged[:, column], [1000, mean, *powers], rtol=1e-9)


def test_nothing_merges_with_anything() -> None:
    rows = np.random.default_rng(0).standard_normal((10, 3))
    node, empty = moments_of_leaves(rows[None], 4)[0], moments_of_leaves(rows[None, :0], 4)[0]
    np.testing.assert_array_equal(merged_moments(node, empty), node)
    np.testing.assert_array_equal(merged_moments(empty, node), node)
    np.testing.assert_array_equal(merged_moments(empty, empty), empty)


def test_many_nodes_are_merged_as_one_is() -> None:
    nodes = moments_of_leaves(np.random.default_rng(0).standard_normal((6, 50, 2)), 4)
    together = merged_moments(nodes[0::2], nodes[1::2])
    for place in range(3):
        np.testing.assert_array_equal(together[place], merged_moments(nodes[2 * place], nodes[2 * place + 1]))
