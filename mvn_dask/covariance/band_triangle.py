"""Lower triangular band matrices: products, solutions and Cholesky's factor, in a fixed order.

Input: bands, shape (u + 1, d): band k has the entries ``L[j + k, j]`` in its places j, as scipy's lower form has them;
what stands beyond a band's d - k entries is not read. Output: rows, a factor, or variances, with the same bits on every
processor. Cost: 2 (u + 1) d flops for a row, d u² / 2 multiply-adds for a factor; compiled code is given in
`compiled.band_matrix`, and numpy takes 10 to 20 µs for each variable of a solution or a factor, whatever the rows.

References
----------
G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed., 2013, sections 4.3 and 4.4. On the diagonal of an inverse:
K. Takahashi, J. Fagan and M. S. Chin, Formation of a sparse bus impedance matrix and its application to short circuit
study, Proceedings of the 8th PICA Conference, 1973; H. Rue and L. Held, Gaussian Markov Random Fields, 2005,
doi:10.1201/9780203492024, section 2.4.
"""

from collections.abc import Callable

import numpy as np

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.compiled import compiled_module
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural

VARIABLES = 2**12
"""Variables that numpy multiplies at once: they stay in the caches."""


class PivotError(np.linalg.LinAlgError):
    """A matrix has no Cholesky factor, or rounding makes all of a pivot."""

    def __init__(self, variable: int) -> None:
        super().__init__(f"Matrix is not positive definite: the pivot of variable {variable} is not positive")
        self.variable = variable


def factorize_band(bands: Float64Array) -> Float64Array:
    """Bands of the lower triangular L with ``L @ L.T`` the symmetric matrix of some bands.

    The matrix is scaled by powers of two, which changes no bit and lets units differ as they may. A pivot that is
    less than u + 1 roundings of its diagonal entry counts as 0, since it is as often positive as negative.

    Raises PivotError for the first pivot that is not positive.

    Examples
    --------
    >>> factorize_band(np.array([[4.0, 3.0], [2.0, 0.0]])).round(4)
    array([[2.    , 1.4142],
           [1.    , 0.    ]])
    """
    count, d = bands.shape
    if not (bands[0] > 0.0).all():
        raise PivotError(int((~(bands[0] > 0.0)).argmax()))
    # With the diagonal's roots to the next power of two, it is between a half and two from then on.
    powers = np.frexp(bands[0])[1] // 2
    units, inverse_units = np.ldexp(1.0, powers), np.ldexp(1.0, -powers)
    # Columns side by side, and as many of zeros behind the last as the last one reaches.
    work = np.zeros((d + count - 1, count))
    with np.errstate(over="ignore", invalid="ignore"):
        work[:d] = _scaled(bands * inverse_units, inverse_units).T
        limits = count * np.finfo(np.float64).eps * work[:d, 0]
        code = compiled_module("band_matrix")
        failed = _eliminate(work, limits) if code is None else code.eliminate(work, limits)
    if failed >= 0:
        raise PivotError(failed)
    return _scaled(np.ascontiguousarray(work[:d].T), units)


def _scaled(bands: Float64Array, units: Float64Array) -> Float64Array:
    """Bands whose rows are multiplied in place, with zeros where there are none."""
    d = bands.shape[1]
    for k, band in enumerate(bands):
        band[: d - k] *= units[k:]
        band[d - k :] = 0.0
    return bands


def _eliminate(work: Float64Array, limits: Float64Array) -> int:
    """Turn the columns of a matrix into those of its factor; the column that fails, or -1."""
    count = work.shape[1]
    u, flat = count - 1, work.reshape(-1)
    lower = np.triu(np.ones((u, u), dtype=np.bool_))
    for j, limit in enumerate(limits):
        column = work[j]
        # Not a number is not larger either.
        if not column[0] > limit:
            return j
        column[0] = np.sqrt(column[0])
        column[1:] /= column[0]
        # Entry (c + i, c) of the next u columns lies at c u + c + i: in a square, on the diagonal and to its right.
        block = flat[(j + 1) * count :][: u * u].reshape(u, u)
        np.subtract(block, column[1:, None] * column[1:], out=block, where=lower)
    return -1


def multiply_band(bands: FloatArray, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """``z @ L.T``, shape (n, d); `out` must not be `z`.

    Each sum begins with the product on the diagonal, and goes away from it.

    Raises ArgumentError if the shapes do not fit.

    Examples
    --------
    >>> multiply_band(np.array([[2.0, 3.0], [1.0, 0.0]]), np.array([[1.0, 10.0]]))
    array([[ 2., 31.]])
    """
    bands, z, out = _fitting(bands, z, out)
    code = compiled_module("band_matrix")
    if code is not None:
        return _compiled(code.multiply, bands, z, out)
    count, d = bands.shape
    for first in range(0, d, VARIABLES):
        end = min(first + VARIABLES, d)
        np.multiply(bands[0, first:end], z[:, first:end], out=out[:, first:end])
        for k in range(1, min(count, end)):
            start = max(first, k)
            out[:, start:end] += bands[k, start - k : end - k] * z[:, start - k : end - k]
    return out


def solve_band(bands: FloatArray, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Rows x with ``x @ L.T == z``, shape (n, d), by forward substitution; `out` may be `z`.

    From a number of z the products are subtracted in the order of the variables, and the rest is multiplied with the
    rounded inverse of the pivot.

    Raises ArgumentError if the shapes do not fit.

    Examples
    --------
    >>> solve_band(np.array([[2.0, 3.0], [1.0, 0.0]]), np.array([[2.0, 31.0]]))
    array([[ 1., 10.]])
    """
    bands, z, out = _fitting(bands, z, out)
    code = compiled_module("band_matrix")
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        if code is not None:
            return _compiled(code.solve, bands, z, out)
        inverses = 1.0 / bands[0]
        # Variables as lines, so that numpy reads and writes whole ones.
        rest = np.array(z.T, order="C")
        for j, inverse in enumerate(inverses):
            rest[j] *= inverse
            reach = min(len(bands) - 1, len(rest) - 1 - j)
            rest[j + 1 : j + 1 + reach] -= bands[1 : 1 + reach, j, None] * rest[j]
    out[:] = rest.T
    return out


def inverse_variances(bands: Float64Array) -> Float64Array:
    """Variances of the rows that `solve_band` makes of independent normals, shape (d,): d u² multiply-adds.

    They are the diagonal of the inverse of ``L.T @ L``, of which only the entries within the bands are worked out.

    Examples
    --------
    >>> inverse_variances(np.array([[1.0, 1.0, 1.0], [-1.0, -1.0, 0.0]]))
    array([1., 2., 3.])
    """
    (count, d), code = bands.shape, compiled_module("band_matrix")
    u, variances = count - 1, np.empty(d)
    if code is not None:
        code.inverse_diagonal(np.ascontiguousarray(bands), variances)
        return variances
    # Covariances of the last u variables, variable i in row and column i % u.
    window = np.zeros((u, u))
    for i, pivot in enumerate(bands[0]):
        before = range(max(0, i - u), i)
        products, total = np.zeros(u), 1.0
        for m in before:
            products += bands[i - m, m] * window[m % u]
        for m in before:
            total += bands[i - m, m] * products[m % u]
        variances[i] = total / pivot / pivot
        if u:
            window[i % u] = window[:, i % u] = -products / pivot
            window[i % u, i % u] = variances[i]
    return variances


def reversed_band(bands: Float64Array) -> Float64Array:
    """The bands of a matrix, symmetric or transposed, whose variables are counted from the last to the first.

    Examples
    --------
    >>> reversed_band(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]]))
    array([[3., 2., 1.],
           [5., 4., 0.]])
    """
    found, d = np.zeros_like(bands), bands.shape[1]
    for k, band in enumerate(bands):
        found[k, : d - k] = band[: d - k][::-1]
    return found


def _fitting(bands: FloatArray, z: FloatArray, out: FloatArray | None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bands and rows in one precision, and the memory of the result: compiled code checks no bounds."""
    if z.ndim != 2 or z.shape[1] != bands.shape[1]:
        raise ArgumentError(f"`z` must be rows of {plural(bands.shape[1], 'number')}: its shape is {z.shape}")
    kind = np.result_type(z, bands)
    if out is None:
        out = np.empty(z.shape, kind)
    if out.shape != z.shape:
        raise ArgumentError(f"`out` must have the shape {z.shape} of `z`: its shape is {out.shape}")
    return np.ascontiguousarray(bands, kind), np.ascontiguousarray(z, kind), out


def _compiled(function: Callable[..., None], bands: FloatArray, z: FloatArray, out: FloatArray) -> FloatArray:
    """Call compiled code, which writes numbers of one precision without gaps."""
    memory = out if out.flags.c_contiguous and out.dtype == z.dtype else np.empty_like(z)
    function(bands, z, memory)
    if memory is not out:
        out[:] = memory
    return out
