import numpy as np
import pytest
from scipy.stats import binomtest, norm

import mvn_dask
from mvn_dask.reporting.marginal_tests import compare_marginals
from tests.reporting.samples import COV, MEAN, estimate, sample


def test_counts_and_p_values() -> None:
    found, y = compare_marginals(estimate(x := sample(2000, chunks=500))), (sample(2000).compute() - MEAN)
    y = y / np.sqrt(np.diag(COV))
    assert len(x) == 2000
    assert found.bounds == pytest.approx(np.arange(-31, 32) / 4)
    assert found.below.tolist() == (y.T[:, :, None] < found.bounds).sum(axis=1).tolist()
    for j in (20, 31, 40):
        count, share = int(found.below[2, j]), float(norm.cdf(found.bounds[j]))
        tails = [binomtest(count, 2000, share, alternative=side).pvalue for side in ("less", "greater")]
        assert found.p_values[2, j] == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-6)


def test_what_does_not_vary_is_not_tested() -> None:
    found = compare_marginals(estimate(mvn_dask.MultivariateNormal([1.0, 2.0], [0.0, 1.0]).sample(100, seed=1)))
    assert np.isnan(found.p_values[0]).all()
    assert np.isfinite(found.p_values[1]).all()
    empty = compare_marginals(estimate(sample(0)))
    assert np.isnan(empty.p_values).all()
