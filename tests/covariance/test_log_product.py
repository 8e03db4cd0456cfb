import numpy as np

from mvn_dask.covariance.log_product import log_product


def test_products_beyond_what_floats_hold() -> None:
    assert np.isclose(log_product(np.array([1e300, -1e300])), 600 * np.log(10))
    assert log_product(np.array([0.0, 2.0])) == -np.inf
    assert log_product(np.ones(0)) == 0.0
