import numpy as np
import pytest
from scipy.stats import chi2, norm

import mvn_dask
from mvn_dask._typing import Size
from tests.reporting.samples import COV, MEAN, estimate, sample


def test_against_numpy() -> None:
    x = sample()
    estimates, numbers = estimate(x), x.compute()
    n, variances = len(numbers), np.diag(COV)
    cov = np.cov(numbers.T)
    assert estimates.mean_errors == pytest.approx((numbers.mean(axis=0) - MEAN) / np.sqrt(variances / n), abs=1e-6)
    assert estimates.measured.variance == pytest.approx(np.diag(cov) / variances)
    assert estimates.correlation == pytest.approx(np.corrcoef(numbers.T))
    errors = (cov - COV) / np.sqrt((np.outer(variances, variances) + COV**2) / (n - 1))
    assert estimates.covariance_errors == pytest.approx(errors, abs=1e-6)
    # With so many rows they are hardly different.
    assert estimates.covariance_z == pytest.approx(errors, abs=0.02)
    assert estimates.running_means[-1] == pytest.approx(estimates.measured.mean)
    means = [part.mean(axis=0) for part in np.split(numbers, estimates.selection.starts[1:-1])]
    expected = (np.array(means) - MEAN) / np.sqrt(variances) * np.sqrt(estimates.measured.segment_rows)[:, None]
    assert estimates.segment_errors == pytest.approx(expected, abs=1e-6)
    parts = [part.var(axis=0, ddof=1) / variances for part in np.split(numbers, estimates.selection.starts[1:-1])]
    assert estimates.segment_variances == pytest.approx(np.array(parts))
    degrees = np.diff(estimates.selection.starts)[:, None] - 1
    two_sided = 2.0 * np.minimum(chi2.cdf(parts * degrees, degrees), chi2.sf(parts * degrees, degrees))
    assert estimates.segment_p_values[1] == pytest.approx(two_sided, rel=1e-4)
    assert estimates.segment_p_values[0] == pytest.approx(2.0 * norm.sf(np.abs(expected)), rel=1e-4)


def test_names() -> None:
    assert estimate(sample(100)).name(2) == "variable 2"
    wide = estimate(mvn_dask.MultivariateNormal(np.zeros(100_000), 1.0).sample(2, seed=1))
    assert (wide.name(1), wide.name(1, "no.")) == ("variable 6", "no. 6")


def test_variables_that_are_not_tested_have_no_pairs() -> None:
    estimates = estimate(mvn_dask.MultivariateNormal([1.0, 2.0, 3.0], [0.0, 4.0, 1.0]).sample(100, seed=1))
    assert estimates.tested_pairs.tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 1]]
    assert np.isnan(estimates.correlation[0]).all()


@pytest.mark.parametrize("size", [(), 0, 1, 2])
def test_hardly_any_rows(size: Size) -> None:
    estimates = estimate(mvn_dask.MultivariateNormal(MEAN, COV).sample(size, seed=1))
    assert np.isfinite(estimates.measured.mean).all()
    assert np.isfinite(estimates.segment_errors).all()
