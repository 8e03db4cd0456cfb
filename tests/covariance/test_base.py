import warnings

import numpy as np

import mvn_dask


def test_the_warning_points_at_the_users_line() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mvn_dask.default_rng(0).multivariate_normal([0, 0], [[1, 2], [2, 1]])
        mvn_dask.MultivariateNormal([0, 0], np.array([[1, 2], [2, 1]]))
    assert [warning.filename for warning in caught] == [__file__, __file__]
    assert all(warning.category is RuntimeWarning for warning in caught)
