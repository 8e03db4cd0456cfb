import numpy as np
import pytest

from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.standardized import Checked, Standardized
from mvn_dask.statistics.standardized_moments import StandardizedMoments
from tests.statistics.contract import check_statistic, result_of

MEAN, DEVIATION = np.array([1e6, -2.0, 5.0]), np.array([2.0, 0.5, 0.0])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("numbers", [2**16, 30])
def test_contract(dtype: str, numbers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Standardized, "SLICE", numbers)

    def check(result: Checked, rows: Rows) -> None:
        standard = (rows.astype(np.float64) - MEAN)[:, :2] / DEVIATION[:2]
        assert (result.nonfinite, result.off_constant.tolist()) == ({}, [0])
        np.testing.assert_allclose(result.inner.mean, [*standard.mean(axis=0), 0.0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(result.inner.variance, [*standard.var(axis=0, ddof=1), 0.0], rtol=1e-9)

    rows = MEAN + DEVIATION * np.random.default_rng(0).standard_normal((100, 3))
    check_statistic(Standardized(StandardizedMoments(np.arange(3)), MEAN, DEVIATION), rows.astype(dtype), check)


def test_what_is_no_number_is_counted_and_harms_nothing_else() -> None:
    rows = MEAN + DEVIATION * np.random.default_rng(0).standard_normal((100, 3))
    rows[7, 0], rows[8, 1], rows[50, 1] = np.nan, np.inf, -np.inf
    rows[60, 2] += 1e-9
    starts = np.array([0, 8, 50])
    found = result_of(Standardized(StandardizedMoments(np.arange(3)), MEAN, DEVIATION, starts), rows, 32)
    assert {segment: counts.tolist() for segment, counts in found.nonfinite.items()} == {
        0: [1, 0, 0],
        1: [0, 1, 0],
        2: [0, 1, 0],
    }
    assert found.off_constant.tolist() == [1]
    assert np.isfinite(found.inner.covariance).all()
