"""Conditional distributions from whole matrices, and a comparison with those of a structure."""

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.covariance import Covariance
from mvn_dask.covariance.conditioning import conditional
from mvn_dask.covariance.observations import Observations


def conditional_of_matrix(
    whole: Float64Array, places: Float64Array, differences: Float64Array, noise: Float64Array | None
) -> tuple[Float64Array, Float64Array]:
    """Change of the mean, and covariance, by the formulas of textbooks."""
    ndim = len(whole)
    kept = np.arange(ndim) if noise is not None else np.setdiff1d(np.arange(ndim), places)
    block = whole[np.ix_(places, places)] + np.diag(np.zeros(len(places)) if noise is None else noise)
    weights = np.linalg.solve(block, whole[np.ix_(places, kept)]).T
    return weights @ differences, whole[np.ix_(kept, kept)] - weights @ whole[np.ix_(places, kept)]


def check_conditional(
    covariance: Covariance, kind: type[Covariance], places: list[int], noise: object = None, rtol: float = 1e-9
) -> Covariance:
    """Compare the conditional covariance of a structure with that of its matrix; the covariance that is left."""
    whole, numbers = covariance.to_dense(), np.array(places)
    # Values that the distribution can take, so that those of a singular one do not contradict one another.
    rng = np.random.default_rng(len(places))
    eigenvalues, vectors = np.linalg.eigh(whole)
    row = vectors @ (np.sqrt(np.maximum(eigenvalues, 0.0)) * rng.standard_normal(len(whole)))
    variances = None if noise is None else np.broadcast_to(np.asarray(noise, float), (len(places),)).copy()
    differences = row[numbers]
    expected = conditional_of_matrix(whole, numbers, differences, variances)
    shift, left = conditional(covariance, Observations(numbers, differences, variances, None))
    assert type(left) is kind
    scale = np.sqrt(np.abs(whole).max())
    np.testing.assert_allclose(shift, expected[0], rtol=rtol, atol=rtol * scale)
    np.testing.assert_allclose(left.to_dense(), expected[1], rtol=rtol, atol=rtol * scale**2)
    assert left.factorize().ndim == len(expected[0])
    return left
