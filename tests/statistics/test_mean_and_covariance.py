import numpy as np
import pytest

from mvn_dask.errors import FactorTooLargeError
from mvn_dask.statistics.base import Rows, Scope
from mvn_dask.statistics.mean_and_covariance import MeanAndCovariance, MeanAndCovarianceResult
from tests.statistics.contract import check_statistic, result_of


@pytest.mark.parametrize("columns", [1, 4, 30])
def test_contract(columns: int) -> None:
    def check(result: MeanAndCovarianceResult, rows: Rows) -> None:
        np.testing.assert_allclose(result.mean.value, rows.mean(axis=0), rtol=1e-14)
        covariance = np.cov(rows, rowvar=False).reshape(columns, columns)
        np.testing.assert_allclose(result.covariance.value, covariance, rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(result.covariance.value, np.transpose(result.covariance.value))
        assert (result.mean.count, result.covariance.count) == (len(rows), len(rows))

    rng = np.random.default_rng(0)
    check_statistic(MeanAndCovariance(), rng.standard_normal((117, columns)) @ rng.random((columns, columns)), check)


def test_errors_are_those_of_normal_rows() -> None:
    # 400 samples of 100 rows: standard deviations of estimates are known to 4 %.
    rng = np.random.default_rng(0)
    cov = np.array([[4.0, 1.0], [1.0, 1.0]])
    found = [
        result_of(MeanAndCovariance(), rows, 32)
        for rows in rng.multivariate_normal([1.0, 2.0], cov, (400, 100), method="cholesky")
    ]
    for part in ("mean", "covariance"):
        estimates = [getattr(each, part) for each in found]
        spread = np.std([each.value for each in estimates], axis=0)
        np.testing.assert_allclose(np.mean([each.standard_error for each in estimates], axis=0), spread, rtol=0.15)
        truth = np.array([1.0, 2.0]) if part == "mean" else cov
        hits = [(each.confidence_interval.low < truth) & (truth < each.confidence_interval.high) for each in estimates]
        # 400 times 95 %: four standard deviations are 4.4 %, and intervals of variances are skewed.
        assert np.mean(hits, axis=0).min() > 0.89
    assert "normal" in found[0].covariance.method


def test_columns_that_are_hostile() -> None:
    rows = np.random.default_rng(0).standard_normal((1000, 4))
    rows[:, 1] += 1e9
    rows[:, 2] = 0.1
    rows[700, 3] = np.inf
    with np.errstate(all="raise"):
        found = result_of(MeanAndCovariance(), rows, 128)
    exact = rows[:, :2].astype(np.longdouble)
    centred = exact - exact.mean(axis=0)
    np.testing.assert_allclose(found.mean.value[:2], exact.mean(axis=0).astype(np.float64), rtol=1e-15, atol=1e-15)
    covariance = (centred.T @ centred / 999).astype(np.float64)
    # Means of leaves are rounded to 1e-7, and differ by 0.1.
    np.testing.assert_allclose(found.covariance.value[:2, :2], covariance, atol=1e-8)
    assert found.mean.value[2] == 0.1
    assert found.covariance.value[2, :3].tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(found.mean.value[3])
    assert np.isnan(found.covariance.value[3]).all()


def test_no_rows_and_one() -> None:
    rows = np.array([[3.0, 4.0]])
    with np.errstate(all="raise"):
        assert np.isnan(result_of(MeanAndCovariance(), rows[:0], 7).mean.value).all()
        one = result_of(MeanAndCovariance(), rows, 7)
    assert one.mean.value.tolist() == [3.0, 4.0]
    assert np.isnan(one.covariance.value).all()


def test_a_matrix_that_no_process_holds_is_refused_before_the_pass() -> None:
    with pytest.raises(FactorTooLargeError, match="columns"):
        MeanAndCovariance().prepared(Scope(10, 10**7, np.dtype("float64")))
    assert MeanAndCovariance().prepared(Scope(10, 3, np.dtype("float64"), 0.9)).confidence_level == 0.9


def test_what_is_printed() -> None:
    found = result_of(MeanAndCovariance(), np.random.default_rng(0).standard_normal((100, 2)), 32)
    assert "mean:" in str(found.described(("oil", "gas"), 0))
    assert "oil, gas" in found.described(("oil", "gas"), 0)._repr_html_()
    assert set(found.to_dict()) == {"mean", "covariance"}
