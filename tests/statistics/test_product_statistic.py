from dataclasses import dataclass

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.cross_products import square_of
from mvn_dask.statistics.product_statistic import ProductStatistic
from tests.statistics.contract import check_statistic


@dataclass(frozen=True)
class Scatter(ProductStatistic[Float64Array]):
    """The matrix of centred products."""

    def finalize(self, node: Float64Array) -> Float64Array:
        return square_of(node)


def test_contract_of_a_subclass() -> None:
    def check(result: Float64Array, rows: Rows) -> None:
        centred = rows - rows.mean(axis=0)
        np.testing.assert_allclose(result, centred.T @ centred, rtol=1e-10)

    check_statistic(Scatter(), np.random.default_rng(0).standard_normal((60, 3)) @ np.triu(np.ones((3, 3))), check)
