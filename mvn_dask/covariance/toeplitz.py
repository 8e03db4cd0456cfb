"""Covariances of stationary series, by their first column: Toeplitz and circulant matrices.

Input: a column, shape (d,). Output: a factor by circulant embedding. Cost: a transform of about 2 d numbers, then one a
row, or of d numbers for a circulant matrix. Nothing of size d × d is ever built.

References
----------
R. M. Gray, Toeplitz and circulant matrices: a review, Found. Trends Commun. Inf. Theory 2, 2006,
https://doi.org/10.1561/0100000006.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mvn_dask import checks, labels
from mvn_dask._typing import ArrayLike, Float64Array, Texts
from mvn_dask.array_likes import compute_together, real_array
from mvn_dask.covariance.circulant_embedding import LARGEST_FACTOR, EmbeddedCovariance, Embedding, refuse_large_factors
from mvn_dask.covariance.fourier_tables import fast_length, radices_of
from mvn_dask.errors import ArgumentError
from mvn_dask.labels import Axis
from mvn_dask.signatures import short_signature

ASYMMETRY = 1e-8
"""Difference between two entries of a circulant matrix that mirror one another, at most, relative to the variance."""


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Toeplitz(EmbeddedCovariance):
    """The covariance of a stationary series: ``cov[i, j] == first_column[abs(i - j)]``.

    Parameters
    ----------
    first_column : array_like, shape (d,)
        Covariances at the lags 0, 1, …, d - 1.
    names : sequence of str, optional
        Names of the d variables; by default the labels of `first_column`, as `MultivariateNormal` takes them.

    Raises
    ------
    ArgumentError
        If `first_column` is not a vector, not finite or larger than its first entry, or has no embedding.
    ArgumentTypeError
        If it does not hold real numbers.

    See Also
    --------
    mvn_dask.covariance.Circulant : A series round a circle.
    mvn_dask.covariance.StationaryGrid : Fields in two and three dimensions.
    mvn_dask.covariance.Banded : Covariances that end after a few lags.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Notes
    -----
    The embedding is a circulant matrix whose first column is the given one and, in reverse order, its mirror image;
    between them stands the last entry as often as a fast length asks for. It exists for every convex column, such as
    that of an AR(1) series, and for those that are near 0 in the end.

    References
    ----------
    C. R. Dietrich and G. N. Newsam, Fast and exact simulation of stationary Gaussian processes through circulant
    embedding of the covariance matrix, SIAM J. Sci. Comput. 18, 1997, https://doi.org/10.1137/S1064827592240555.

    Examples
    --------
    >>> import numpy as np
    >>> cov = Toeplitz(0.9 ** np.arange(1000))
    >>> cov
    Toeplitz(ndim=1000)
    >>> cov.factorize().covariance_of([0], [0, 1, 2]).round(12)
    array([[1.  , 0.9 , 0.81]])
    >>> cov.report.embedding
    (2000,)
    """

    kind: ClassVar[str] = "toeplitz"

    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""
    embedding: Embedding
    """The circulant matrix of which this one is a corner."""

    def __init__(self, first_column: ArrayLike, *, names: Texts | None = None) -> None:
        column, axes = _column(first_column, names)
        object.__setattr__(self, "names", labels.agreed_names(axes))
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "embedding", _embedding(column))


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Circulant(EmbeddedCovariance):
    """The covariance of a stationary series on a circle: ``cov[i, j] == first_column[(i - j) % d]``.

    Parameters
    ----------
    first_column : array_like, shape (d,)
        Covariances at the lags 0, 1, …, d - 1, of which those of k and d - k are equal. Lengths whose prime factors are
        2, 3 and 5 are fast; a larger factor, at most 1000, costs as many multiplications a number.
    names : sequence of str, optional
        Names of the d variables; by default the labels of `first_column`, as `MultivariateNormal` takes them.

    Raises
    ------
    ArgumentError
        If `first_column` is not a vector, not finite, larger than its first entry or not symmetric, if it has a
        negative eigenvalue, or a length with a large prime factor.
    ArgumentTypeError
        If it does not hold real numbers.

    See Also
    --------
    mvn_dask.covariance.Toeplitz : A series with two ends.
    mvn_dask.covariance.StationaryGrid : Fields in two and three dimensions.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    References
    ----------
    R. M. Gray, Toeplitz and circulant matrices: a review, Found. Trends Commun. Inf. Theory 2, 2006, section 3,
    https://doi.org/10.1561/0100000006.

    Examples
    --------
    >>> cov = Circulant([2.0, 1.0, 0.0, 1.0])
    >>> cov.to_dense()
    array([[2., 1., 0., 1.],
           [1., 2., 1., 0.],
           [0., 1., 2., 1.],
           [1., 0., 1., 2.]])
    >>> cov.report.embedding
    (4,)
    """

    kind: ClassVar[str] = "circulant"

    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""
    embedding: Embedding
    """The matrix itself."""

    def __init__(self, first_column: ArrayLike, *, names: Texts | None = None) -> None:
        column, axes = _column(first_column, names)
        object.__setattr__(self, "names", labels.agreed_names(axes))
        object.__setattr__(self, "axes", axes)
        d = len(column)
        refuse_large_factors("first_column", d)
        half = _symmetric_half(column)
        embedding = Embedding.of(half, (d,), (d,), approximate=False)
        if embedding is None:
            raise ArgumentError("`first_column` is no covariance: the circulant matrix has negative eigenvalues")
        object.__setattr__(self, "embedding", embedding)


def _column(first_column: ArrayLike, names: Texts | None) -> tuple[Float64Array, tuple[Axis, ...]]:
    """A first column, checked, and the labels that it has."""
    (first_column,) = compute_together(first_column)
    # A zero has two signs, which are one number, and must not give two digests.
    column = np.asarray(real_array("first_column", first_column) + 0.0)
    if column.ndim != 1 or not column.size:
        raise ArgumentError(f"`first_column` must be 1 dimensional and not empty: its shape is {column.shape}")
    checks.finite("first_column", column)
    largest = int(np.abs(column).argmax())
    if not column[0] >= abs(column[largest]):
        raise ArgumentError(
            f"`first_column` is no covariance: its first entry, the variance, is {column[0]:.6g}, and "
            f"first_column[{largest}] is {column[largest]:.6g}"
        )
    where = labels.axes_of("first_column", first_column)
    return column, (*where, *labels.given_names(names, len(column), "the `names` of `cov`"))


def _symmetric_half(column: Float64Array) -> Float64Array:
    """Entries up to half of a circulant matrix's first column, the means of those that mirror one another."""
    half = len(column) // 2 + 1
    mirrored = column[-np.arange(half)]
    misses = np.abs(column[:half] - mirrored)
    worst = int(misses.argmax())
    if misses[worst] > ASYMMETRY * column[0]:
        raise ArgumentError(
            f"`first_column` must be symmetric: first_column[{worst}] is {column[worst]:.6g}, and "
            f"first_column[{len(column) - worst}] is {column[len(column) - worst]:.6g}; "
            "Toeplitz is the covariance of a series that is not on a circle"
        )
    return 0.5 * column[:half] + 0.5 * mirrored


def _embedding(column: Float64Array) -> Embedding:
    """The least circulant matrix without negative eigenvalues that a column is the beginning of."""
    d = len(column)
    least = max(1, 2 * (d - 1))
    fast = fast_length(least) if d > 1 else 1
    # Where the least length is slow, but has no large factor, it comes second, since nothing has to be filled in.
    lengths = dict.fromkeys([fast, least, fast_length(2 * fast), fast_length(4 * fast)] if d > 1 else [1])
    for length in lengths:
        if max(radices_of(length), default=1) > LARGEST_FACTOR:
            continue
        values = np.full(length // 2 + 1, column[-1])
        values[:d] = column
        embedding = Embedding.of(values, (d,), (length,), approximate=False)
        if embedding is not None:
            return embedding
    raise ArgumentError(
        f"`first_column` has no embedding of up to {4 * fast} points without negative eigenvalues: it is no covariance"
        ", or ends before the covariances are near 0; give a longer one and leave out the last variables, or draw by "
        "Dense(scipy.linalg.toeplitz(first_column))"
    )
