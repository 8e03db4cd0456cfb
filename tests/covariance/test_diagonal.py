import tracemalloc

import numpy as np
import pytest

from mvn_dask.covariance import Diagonal
from mvn_dask.errors import ArgumentError
from tests.support.contracts import check_covariance


def test_contract() -> None:
    variances = np.array([4.0, 0.25, 9.0])
    check_covariance(Diagonal(variances), np.diag(variances))


def test_nothing_quadratic_is_built() -> None:
    tracemalloc.start()
    factor = Diagonal(np.ones(100_000)).factorize()
    factor.colorize(np.ones((1, 100_000)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 100_000 * 8  # a dense matrix would take 100,000 times its row


def test_no_variance() -> None:
    factor = Diagonal([0.0, 4.0]).factorize()
    np.testing.assert_array_equal(factor.whiten(np.array([[7.0, 2.0]])), [[0.0, 1.0]])
    assert factor.log_det == -np.inf


def test_negative_variance() -> None:
    with pytest.warns(RuntimeWarning, match=r"variance cov\[1\] is -4\."):
        factor = Diagonal([1.0, -4.0]).factorize()
    np.testing.assert_array_equal(factor.arrays()["scale"], [1.0, 2.0])
    with pytest.raises(ArgumentError, match="positive-semidefinite"):
        Diagonal([1.0, -4.0], check_valid="raise").factorize()
    Diagonal([1.0, -4.0], check_valid="ignore").factorize()


def test_shape_and_numbers() -> None:
    for shape in ((2, 2), (0,), ()):
        with pytest.raises(ArgumentError, match="1 dimensional and not empty"):
            Diagonal(np.ones(shape))
    with pytest.raises(ArgumentError, match=r"cov\[1\] is nan"):
        Diagonal([1.0, np.nan])
