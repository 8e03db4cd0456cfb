from typing import Any

import numpy as np
import pytest
from scipy.stats import Covariance as ScipyCovariance
from scipy.stats import multivariate_normal

from mvn_dask.covariance import Dense, Diagonal, as_covariance
from mvn_dask.errors import ArgumentError


@pytest.mark.parametrize("cov", [2.5, [1.0, 2.0, 3.0], [[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]]])
def test_means_what_scipy_means(cov: Any) -> None:
    ours = as_covariance(cov, ndim=3).to_dense()
    theirs = multivariate_normal(mean=np.zeros(3), cov=cov).cov_object
    assert isinstance(theirs, ScipyCovariance)
    np.testing.assert_array_equal(ours, theirs.covariance)


def test_a_covariance_passes_through() -> None:
    dense = Dense(np.eye(2), method="eigh")
    assert as_covariance(dense, ndim=2) is dense
    assert as_covariance(dense, ndim=2, method="eigh") is dense
    diagonal = Diagonal([1.0, 2.0])
    assert as_covariance(diagonal, ndim=2, method="cholesky") is diagonal


def test_contradicting_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"`method` is 'cholesky', but .* carries method='auto'"):
        as_covariance(Dense(np.eye(2)), ndim=2, method="cholesky")
    with pytest.raises(ArgumentError, match="`check_valid` is 'raise'"):
        as_covariance(Diagonal([1.0]), ndim=1, check_valid="raise")


@pytest.mark.parametrize("shape", [(2, 3), (1, 2, 2), (3, 2)])
def test_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentError, match="cov must be 2 dimensional and square"):
        as_covariance(np.ones(shape), ndim=2)
