import numpy as np
import pytest

import mvn_dask
from tests.reporting.planting import COV, MEAN, look, sample


def test_against_numpy() -> None:
    x = sample()
    findings, numbers = look(x), x.compute()
    n, variances = len(numbers), np.diag(COV)
    cov = np.cov(numbers.T)
    assert findings.mean_errors == pytest.approx((numbers.mean(axis=0) - MEAN) / np.sqrt(variances / n), abs=1e-6)
    assert findings.ratio == pytest.approx(np.diag(cov) / variances)
    assert findings.correlation == pytest.approx(np.corrcoef(numbers.T))
    errors = (cov - COV) / np.sqrt((np.outer(variances, variances) + COV**2) / (n - 1))
    assert findings.covariance_errors == pytest.approx(errors, abs=1e-6)
    # With so many rows scores are hardly different.
    assert findings.covariance_scores == pytest.approx(errors, abs=0.02)
    assert findings.running[-1] == pytest.approx(findings.shift)
    means = [part.mean(axis=0) for part in np.split(numbers, findings.selection.starts[1:-1])]
    expected = (np.array(means) - MEAN) / np.sqrt(variances) * np.sqrt(findings.segment_rows)[:, None]
    assert findings.segment_errors == pytest.approx(expected, abs=1e-6)


def test_names() -> None:
    assert look(sample(100)).name(2) == "variable 2"
    wide = look(mvn_dask.MultivariateNormal(np.zeros(100_000), 1.0).sample(2, seed=1))
    assert (wide.name(1), wide.label(1)) == ("variable 6", "no. 6")


def test_variables_that_are_not_tested_are_not_known() -> None:
    findings = look(mvn_dask.MultivariateNormal([1.0, 2.0, 3.0], [0.0, 4.0, 1.0]).sample(100, seed=1))
    assert findings.known.tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 1]]
    assert np.isnan(findings.correlation[0]).all()


@pytest.mark.parametrize("size", [(), 0, 1, 2])
def test_hardly_any_rows(size: object) -> None:
    findings = look(mvn_dask.MultivariateNormal(MEAN, COV).sample(size, seed=1))
    assert np.isfinite(findings.shift).all()
    assert np.isfinite(findings.segment_errors).all()
