import warnings
from typing import get_args

import numpy as np
import pytest

import mvn_dask
from mvn_dask.checks import Method
from mvn_dask.covariance import Dense, Diagonal
from mvn_dask.hashing import digest


def test_the_warning_points_at_the_users_line() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mvn_dask.default_rng(0).multivariate_normal([0, 0], [[1, 2], [2, 1]])
        mvn_dask.MultivariateNormal([0, 0], np.array([[1, 2], [2, 1]]))
    assert [warning.filename for warning in caught] == [__file__, __file__]
    assert all(warning.category is RuntimeWarning for warning in caught)


def test_covariances_of_the_same_numbers_are_equal() -> None:
    matrix = np.array([[2.0, 1.0], [1.0, 2.0]])
    assert Dense(matrix) == Dense(matrix.tolist())
    assert hash(Dense(matrix)) == hash(Dense(matrix.tolist()))
    assert Diagonal([1, 2]) == Diagonal((1.0, 2.0))
    others = [
        Dense(matrix, method="eigh"),
        Dense(matrix + 1e-15 * np.eye(2)),
        Diagonal([2.0, 2.0]),
        matrix,
        "cov",
        None,
    ]
    assert [other for other in others if np.all(Dense(matrix) == other)] == []
    assert Dense(np.diag([1.0, 2.0])) != Diagonal([1.0, 2.0]), "another structure, and other rows under svd"


@pytest.mark.parametrize("method", get_args(Method))
def test_the_sign_of_a_zero_makes_no_difference(method: Method) -> None:
    plain = np.array([[4.0, 0.0, 1.0], [0.0, 2.0, 0.0], [1.0, 0.0, 3.0]])
    signed = np.where(plain == 0, -0.0, plain)
    assert np.signbit(signed).any()
    one, other = (Dense(each, method=method) for each in (plain, signed))
    assert one == other
    assert (hash(one), one.digest()) == (hash(other), other.digest())
    assert one.digest() == digest(plain), "without negative zeros it is that of the numbers as they are"
    specs = [mvn_dask.MultivariateNormal(np.zeros(3), each, method=method).sample(5, seed=1) for each in (one, other)]
    assert specs[0].name == specs[1].name
    assert np.array_equal(*(each.compute().view(np.int64) for each in specs))


def test_the_sign_of_a_zero_variance_makes_no_difference() -> None:
    one, other = Diagonal([0.0, 1.0]), Diagonal([-0.0, 1.0])
    assert one == other
    assert one.digest() == other.digest() == digest(np.array([0.0, 1.0]))
    assert not np.signbit(next(iter(other.factorize().arrays().values()))).any()
    assert not np.signbit(Dense([[-0.0]]).factorize().variances()).any()


def test_arrays_of_users_are_copied_and_never_changed() -> None:
    for kind, numbers in ((Dense, np.array([[1.0, -0.0], [-0.0, 1.0]])), (Diagonal, np.array([-0.0, 1.0]))):
        before = numbers.copy()
        covariance = kind(numbers)
        assert np.array_equal(numbers.view(np.int64), before.view(np.int64))
        numbers[...] = 7.0
        assert covariance == kind(before)
