import numpy as np
import pytest

from mvn_dask.statistics.ordered_sums import SUMS, ordered_sums


@pytest.mark.parametrize("shape", [(3, 1000, 1), (1, 2048, 30), (2, 17, 2), (8, 1), (4, 7, 3), (16, 1), (1, 0, 2)])
def test_the_order_of_additions(shape: tuple[int, ...]) -> None:
    rows = np.random.default_rng(0).standard_normal(shape)
    lanes = np.zeros((*shape[:-2], SUMS, shape[-1]))
    for row in range(shape[-2]):
        lanes[..., row % SUMS, :] += rows[..., row, :]
    total = lanes[..., 0, :].copy()
    for lane in range(1, SUMS):
        total += lanes[..., lane, :]
    np.testing.assert_array_equal(ordered_sums(rows), total)
