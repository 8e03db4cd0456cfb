from math import fsum

import numpy as np
import pytest

from mvn_dask.statistics import central_moments
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


@pytest.mark.parametrize("columns", [1, 2, 3, 5, 8, 31])
def test_bits_of_numpy(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(columns)
    for n in (1, 2, 7, 8, 9, 64, 65, 333):
        rows = rng.standard_normal((3, n, columns)) * 2.0 + 100.0 * rng.standard_normal(columns)
        rows[0, 0] = -0.0
        for order in (2, 3, 4):
            nodes = moments_of_leaves(rows, order)
            with monkeypatch.context() as patched:
                patched.setattr(central_moments, "compiled_module", lambda _: None)
                patched.setattr(central_moments, "STACKED_NUMBERS", 100)
                assert nodes.tobytes() == moments_of_leaves(rows, order).tobytes()


@pytest.mark.usefixtures("path")
def test_columns_that_are_hostile() -> None:
    rows = np.random.default_rng(0).standard_normal((1, 2048, 4))
    rows[..., 0] = 0.1
    # The first rows are what they are least like.
    rows[:, :64, 1] += 1e3
    rows[:, 70, 2] = np.inf
    with np.errstate(all="raise"):
        node = moments_of_leaves(rows, 4)[0]
    assert node[:, 0].tolist() == [2048.0, 0.1, 0.0, 0.0, 0.0]
    assert np.isinf(node[1, 2])
    assert np.isnan(node[2:, 2]).all()
    exact = rows[0, :, 1].astype(np.longdouble)
    powers = [float(((exact - exact.mean()) ** power).sum()) for power in (2, 3, 4)]
    np.testing.assert_allclose(node[1:, 1], [float(exact.mean()), *powers], rtol=1e-11)
