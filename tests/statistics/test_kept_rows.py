from dataclasses import dataclass

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.kept_rows import KeptRows
from tests.statistics.contract import check_statistic


@dataclass(frozen=True)
class Itself(KeptRows[Float64Array]):
    """All rows."""

    def finalize(self, node: Float64Array) -> Float64Array:
        return node


def test_contract_of_a_subclass() -> None:
    def check(result: Float64Array, rows: Rows) -> None:
        np.testing.assert_array_equal(result, rows)

    check_statistic(Itself(), np.random.default_rng(0).standard_normal((60, 3)), check)


def test_columns_are_joined() -> None:
    rows = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(Itself().join_columns([Itself().leaf(each[:, None], 0) for each in rows.T]), rows)
