"""What every covariance owes, checked against dense numpy."""

import pickle

import numpy as np

from mvn_dask.covariance import Covariance
from tests.strategies import Floats


def check_covariance(covariance: Covariance, dense: Floats) -> None:
    """The contract of `Covariance` and of its `Factor`, for a regular matrix."""
    d = len(dense)
    assert covariance.ndim == d
    assert covariance.dtype == np.float64
    np.testing.assert_array_equal(covariance.to_dense(), dense)
    np.testing.assert_array_equal(covariance.diagonal(), np.diagonal(dense))
    assert covariance.digest() == pickle.loads(pickle.dumps(covariance)).digest()  # noqa: S301
    assert len(repr(covariance).splitlines()) == 1

    factor = covariance.factorize()
    assert factor is covariance.factorize(), "a covariance is factorised once"
    assert factor.ndim == d
    basis = factor.colorize(np.eye(factor.noise_ndim)).T
    scale = np.abs(dense).max()
    np.testing.assert_allclose(basis @ basis.T, dense, atol=1e-12 * scale, rtol=1e-10)

    z = np.random.default_rng(1).standard_normal((7, factor.noise_ndim))
    x = factor.colorize(z)
    np.testing.assert_allclose(x, z @ basis.T, atol=1e-12 * np.sqrt(scale), rtol=1e-10)
    np.testing.assert_allclose(factor.whiten(x), z, atol=1e-8)
    out = np.full((7, d), np.nan)
    assert factor.colorize(z, out=out) is out
    np.testing.assert_array_equal(out, x)
    entries = factor.entries
    np.testing.assert_array_equal(np.diag(entries) if entries.ndim == 1 else entries, basis)
    np.testing.assert_allclose(factor.log_det, np.linalg.slogdet(dense)[1], rtol=1e-10, atol=1e-10)

    arrays = factor.arrays()
    assert factor.nbytes == sum(array.nbytes for array in arrays.values())
    np.testing.assert_array_equal(type(factor).from_arrays(arrays).colorize(z), x)
    single = factor.astype(np.float32)
    assert single.nbytes * 2 == factor.nbytes
    coarse = single.colorize(z.astype(np.float32))
    assert coarse.dtype == np.float32
    np.testing.assert_allclose(coarse, x, atol=1e-4 * np.sqrt(scale), rtol=1e-3)
