import warnings

import numpy as np

import mvn_dask
from mvn_dask.covariance import Dense, Diagonal


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
