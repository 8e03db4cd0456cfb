"""Mean, covariance and size under the rules of numpy's functions.

Input: arguments as they were given. Output: the lengths of a sample, or an error. Cost: none.
"""

from typing import cast

from mvn_dask import checks
from mvn_dask.array_likes import real_array
from mvn_dask.covariance import Covariance


def numpy_arguments(mean: object, cov: object, size: object) -> tuple[int, ...]:
    """Check mean, cov and size in numpy's order, under numpy's rule that cov is a square matrix."""
    vector = real_array("mean", mean)
    matrix = None if isinstance(cov, Covariance) else real_array("cov", cov)
    if matrix is None and vector.ndim == 0:
        return checks.size(size)
    if matrix is not None:
        checks.mean_vector(vector)
        checks.square(matrix)
    checks.same_length(vector, cast(Covariance, cov).ndim if matrix is None else len(matrix))
    return checks.size(size)
