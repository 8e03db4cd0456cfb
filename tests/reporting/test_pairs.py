import numpy as np
import pytest
from scipy.stats import binomtest, norm

import mvn_dask
from mvn_dask._typing import Size
from mvn_dask.reporting.pairs import compare_pairs, share_of_equal_signs
from tests.reporting.samples import COV, MEAN, estimate, sample


def test_covariances_against_numpy() -> None:
    estimates = estimate(x := sample())
    found, cov = compare_pairs(estimates), np.cov(x.compute().T)
    variances = np.diag(COV)
    errors = (cov - COV) / np.sqrt((np.outer(variances, variances) + COV**2) / (len(x) - 1))
    assert found.errors == pytest.approx(errors, abs=1e-6)
    assert found.correlation == pytest.approx(np.corrcoef(x.compute().T))
    assert found.expected == pytest.approx(COV / np.sqrt(np.outer(variances, variances)))
    above = np.triu_indices(4, 1)
    # So many rows are nearly normal.
    assert found.p_values[above] == pytest.approx(2 * norm.sf(np.abs(errors[above])), abs=0.01)
    assert np.isnan(np.diag(found.p_values)).all()
    assert found.failed(1e-6) == 0
    assert found.failed(1.1) == 6


def test_signs_are_counted_exactly() -> None:
    correlation = np.eye(3) * 0.4 + 0.6
    x = mvn_dask.MultivariateT(np.zeros(3), correlation, 2.0).sample(501, seed=3)
    found, numbers = compare_pairs(estimate(x)), x.compute()
    share = float(share_of_equal_signs(np.array(0.6)))
    for i, j in ((0, 1), (0, 2), (1, 2)):
        same = int(np.count_nonzero((numbers[:, i] >= 0) == (numbers[:, j] >= 0)))
        tails = [binomtest(same, 501, share, alternative=side).pvalue for side in ("less", "greater")]
        assert found.p_values[i, j] == pytest.approx(min(1.0, 2.0 * min(tails)), rel=1e-3), "rounding is allowed for"
        assert found.errors[i, j] == pytest.approx((same / 501 - share) / np.sqrt(share * (1 - share) / 501))
        assert found.correlation[i, j] == pytest.approx(np.sin(np.pi * (same / 501 - 0.5)))


@pytest.mark.parametrize("size", [(), 0, 1])
def test_hardly_any_rows(size: Size) -> None:
    for drawn in (mvn_dask.MultivariateNormal(MEAN, COV), mvn_dask.MultivariateT(MEAN, COV, 3.0)):
        found = compare_pairs(estimate(drawn.sample(size, seed=1)))
        assert found.failed(1e-3) == 0
