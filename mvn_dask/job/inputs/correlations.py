"""Covariance from correlations and standard deviations. Cost: O(d²)."""

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.job.inputs.base import InputArray

TOLERANCE = 1e-8
"""Rounding error allowed in the diagonal of a correlation matrix, and beyond ±1 elsewhere."""


def covariance_from_correlation(correlation: InputArray, deviations: InputArray) -> FloatArray:
    """The covariance ``D R D``, where D holds the standard deviations.

    Raises InvalidDistributionError if they are no correlations, no standard deviations, or not of one dimension.

    Parameters
    ----------
    correlation : InputArray
        Matrix of correlations R, shape (d, d).
    deviations : InputArray
        Standard deviations, shape (d,) or ().

    Notes
    -----
    Entry (i, j) is ``R[i, j] * (s[i] * s[j])``: exactly symmetric where R is, in O(d²).
    """
    matrix, scales = correlation.array, deviations.array
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise correlation.origin.invalid(f"must be a square matrix, and its shape is {matrix.shape}")
    if scales.ndim > 1:
        raise deviations.origin.invalid(f"must be a number or a vector, and its shape is {scales.shape}")
    if scales.ndim and len(scales) != len(matrix):
        text = f"has {len(scales)} variables, and {correlation.origin.key} has {len(matrix)}"
        raise deviations.origin.invalid(text)
    _check_correlations(correlation)
    negative = np.argwhere(scales < 0)
    if len(negative):
        where = tuple(negative[0].tolist())
        index = f"[{where[0]}]" if where else ""
        raise deviations.origin.invalid(f"must not be negative: standard_deviations{index} is {scales[where]}")
    vector = np.broadcast_to(scales, (len(matrix),))
    with np.errstate(over="ignore"):
        cov: FloatArray = matrix * np.outer(vector, vector)
    if not np.isfinite(cov).all():
        raise deviations.origin.invalid(f"is too large: the square of {vector.max()} is no float64")
    return cov


def _check_correlations(correlation: InputArray) -> None:
    matrix = correlation.array
    for bad, rule in (
        (np.diag(np.abs(np.diag(matrix) - 1) > TOLERANCE), "must have ones on its diagonal"),
        (np.abs(matrix) > 1 + TOLERANCE, "must lie between -1 and 1"),
    ):
        found = np.argwhere(bad)
        if len(found):
            i, j = found[0].tolist()
            raise correlation.origin.invalid(f"{rule}: correlation[{i}, {j}] is {matrix[i, j]}")
