"""A covariance given by its inverse, the precision.

Input: a precision, as a matrix, shape (d, d), as bands, shape (u + 1, d), or sparse. Output: a factor of its inverse,
which is built of a dense matrix alone, or, on request, of the pseudo-inverse of a singular one. Cost: of a matrix d³/3
multiply-adds once, then d² flops a row; of bands d u² / 2 once, then 2 (u + 1) d a row, and d u² for the variances; of
a sparse matrix that given in `sparse`. A singular precision costs that, and what `singular_precision` gives.

What is not sparse has the factor that is Cholesky's of the covariance. So rows are those that the covariance as a
matrix would give, but for rounding, and variable i depends on the variables before it: a process comes in the order of
time.

References
----------
H. Rue and L. Held, Gaussian Markov Random Fields, 2005, doi:10.1201/9780203492024, sections 2.3 and 2.4. On the factor
of the inverse: M. Pourahmadi, Biometrika 86 (3), 1999, doi:10.1093/biomet/86.3.677.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, cast, get_args

import numpy as np

from mvn_dask import checks, labels
from mvn_dask._typing import ArrayLike, Float64Array, Texts
from mvn_dask.array_likes import compute_together, real_array
from mvn_dask.covariance.banded import Banded
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.matrix_factors import ordered_variances
from mvn_dask.covariance.null_space import given_null_space
from mvn_dask.covariance.precision_factors import FACTORIZATIONS
from mvn_dask.covariance.shown_structures import partial_picture
from mvn_dask.covariance.singular_precision import intrinsic_factor
from mvn_dask.covariance.sparse import Sparse, sparse_precision
from mvn_dask.covariance.sparse_matrix import SparseMatrix, is_sparse
from mvn_dask.display.fragments import section
from mvn_dask.display.markup import Html
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.event import Event
from mvn_dask.hashing import digest, fingerprint
from mvn_dask.readable import short_repr
from mvn_dask.signatures import short_signature

Singular = Literal["raise", "project"]


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Precision(Covariance):
    """The covariance whose inverse is a precision.

    Parameters
    ----------
    precision : array_like or sparse matrix of scipy, shape (d, d), or Banded, Dense or Sparse
        The inverse of the covariance, symmetric and positive definite; `Sparse` takes an order of elimination.
        Rounding across the diagonal, to 1e-7 of the product of the roots of both diagonal entries, is taken for the
        mean of both.
    singular : {"raise", "project"}
        What to do with a singular precision P. It is an error, or the intrinsic field is drawn: the normal law whose
        covariance is the pseudo-inverse P⁺, on the complement of the null space.
    null_space : array_like, shape (d, r) or (d,), optional
        Vectors that span the null space of P, under ``singular="project"``; by default they are found.
    names : sequence of str, optional
        Names of the d variables; by default those of a `Banded`, and the labels of a matrix.

    Raises
    ------
    ArgumentError
        If it is not square, empty or not finite, and from `factorize`, if it is not symmetric, or `null_space` is none.
    ArgumentTypeError
        If it does not hold real numbers, or is a covariance of another kind than `Banded` and `Dense`.
    FactorTooLargeError
        From `factorize`, if that takes more memory than this process may have.
    NotPositiveDefiniteError
        From `factorize`, if it is not positive definite, or singular to rounding; under ``singular="project"``, if it
        has a negative eigenvalue, or if its null space cannot be distinguished from rounding.

    See Also
    --------
    mvn_dask.covariance.Banded : Bands of a precision, or of a covariance.
    mvn_dask.covariance.Sparse : A covariance with few entries.
    mvn_dask.covariance.StationaryGrid : Fields on a regular grid.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Notes
    -----
    The factor is Cholesky's of the covariance. Of a matrix it is kept as such, and applied like that of `Dense`; of
    bands its inverse is kept, which has bands too, and solved with for every row. Both have the same bits on every
    machine. A precision that is close to singular enlarges the rounding of its bands: that of an autoregression with a
    coefficient of 0.9999 has variances that are wrong by about 1e-4 in float32.

    Of an intrinsic field, as many variables are pinned to 0 as the null space has dimensions r. The others have a
    regular precision of the same form, and rows that are drawn from it are projected: ``x - N @ (N.T @ x)`` with an
    orthonormal basis N. Their covariance is P⁺, since for every symmetric G with ``P @ G @ P == P`` and the projection
    ``Π == P @ P⁺ == P⁺ @ P``, ``Π @ G @ Π == P⁺ @ P @ G @ P @ P⁺ == P⁺``; and the inverse of the free variables' part
    of P, with zeros for the pinned ones, is such a G. Rows have the rank d - r, ``whiten`` gives as many normals, whose
    squares add up to ``x @ P @ x`` whatever x has in the null space; ``log_det`` is minus infinity, and
    ``log_pseudo_det`` of the factor that of the product of the eigenvalues that are not 0.

    What is found of a null space: polynomials up to the third degree in the order of the variables, within each
    connected component of P, constants first (random walks of order 1 to 4, intrinsic autoregressions on graphs); of a
    `Dense` P whatever its eigenvectors say; of others what shows in pivots that are 0. Where that cannot be
    distinguished from rounding, as for a random walk of the second order with 10,000 steps, `null_space` has to be
    given.

    References
    ----------
    H. Rue and L. Held, Gaussian Markov Random Fields, 2005, doi:10.1201/9780203492024, chapter 3. J. Besag and
    C. Kooperberg, On conditional and intrinsic autoregressions, Biometrika 82, 1995, doi:10.1093/biomet/82.4.733.

    Examples
    --------
    An autoregression, ``x[t] = 0.8 x[t - 1] + e[t]``, stationary: its covariance is full, and its precision has three
    bands.

    >>> import numpy as np
    >>> rho, d = 0.8, 1000
    >>> diagonal = np.full(d, 1.0 + rho**2)
    >>> diagonal[[0, -1]] = 1.0
    >>> cov = Precision(Banded([diagonal, np.full(d, -rho)], lower=True))
    >>> cov
    Precision(Banded(ndim=1000, bandwidth=1))
    >>> cov.variances()[[0, 500, 999]].round(6), round(1.0 / (1.0 - rho**2), 6)
    (array([2.777778, 2.777778, 2.777778]), 2.777778)
    >>> cov.factorize().covariance_of([500], [500, 501, 502]).round(6)
    array([[2.777778, 2.222222, 1.777778]])

    A random walk from 0, ``x[t] = x[t - 1] + e[t]``, of a million steps:

    >>> diagonal = np.full(10**6, 2.0)
    >>> diagonal[-1] = 1.0
    >>> walk = Precision(Banded([diagonal, np.full(10**6, -1.0)], lower=True))
    >>> walk.variances()[[0, 1, -1]]
    array([1.e+00, 2.e+00, 1.e+06])

    A field on a grid of 20 × 20 points, each of which goes with the four beside it:

    >>> import scipy.sparse
    >>> line = scipy.sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(20, 20))
    >>> field = Precision(scipy.sparse.kronsum(line, line) + 0.1 * scipy.sparse.eye_array(400))
    >>> field
    Precision(Sparse(ndim=400, entries=1920))
    >>> field.variances()[[0, 210]].round(6)
    array([0.290014, 0.453945])

    A random walk of the second order, of which constants and slopes are left open:

    >>> differences = np.diff(np.eye(50), n=2, axis=0)
    >>> walk = Precision(differences.T @ differences, singular="project")
    >>> factor = walk.factorize()
    >>> walk, factor.rank
    (Precision(Dense(ndim=50, method='auto'), null_space=2), 48)
    >>> row = factor.colorize(np.ones((1, 48)))[0]
    >>> bool(np.allclose([row.sum(), row @ np.arange(50)], 0.0))
    True

    A matrix:

    >>> Precision([[2.0, -1.0], [-1.0, 2.0]]).to_dense().round(6)
    array([[0.666667, 0.333333],
           [0.333333, 0.666667]])
    """

    kind: ClassVar[str] = "precision"

    precision: Covariance
    """The precision, in the structure in which it is known."""
    singular: Singular
    """What to do if it is singular."""
    null_space: Float64Array | None
    """Vectors that span its null space, as they were given, float64, shape (d, r)."""
    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""

    def __init__(
        self,
        precision: ArrayLike | SparseMatrix | Banded | Dense | Sparse,
        *,
        singular: Singular = "raise",
        null_space: ArrayLike | None = None,
        names: Texts | None = None,
    ) -> None:
        object.__setattr__(self, "singular", _singular(singular))
        matrix, axes = _structure(precision, semidefinite=singular == "project")
        if type(matrix) not in FACTORIZATIONS:
            raise ArgumentTypeError(
                f"`precision` must be a matrix, Banded, Dense or Sparse, not {short_repr(matrix)}: of another give "
                "precision.to_dense(), or the covariance"
            )
        axes = (*axes, *labels.given_names(names, matrix.ndim, "the `names` of `cov`"))
        object.__setattr__(self, "names", labels.agreed_names(axes))
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "precision", matrix)
        object.__setattr__(self, "null_space", _null_space(null_space, matrix.ndim, self.singular))

    def _arguments(self) -> list[str]:
        if self.singular == "raise":
            return [self.precision._text()]
        dimension = self._null_dimension
        return [self.precision._text(), "singular='project'" if dimension is None else f"null_space={dimension}"]

    def _structure(self) -> Iterator[Html]:
        yield from super()._structure()
        yield section("precision", self.precision._structure(), self.precision._text())

    def _picture(self, event: Event) -> Html:
        return partial_picture(self.precision, event)

    @property
    def _null_dimension(self) -> int | None:
        """Dimension of the null space; None before it is found, which may take long."""
        if self.null_space is not None:
            return int(self.null_space.shape[1])
        return self.ndim - self._factor.rank if "_factor" in self.__dict__ else None

    @property
    def ndim(self) -> int:
        return self.precision.ndim

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        matrix: Any = self.precision
        if self.singular == "raise":
            return FACTORIZATIONS[type(matrix)](matrix, self.names)
        return intrinsic_factor(matrix, self.names, self.null_space)

    def variances(self) -> Float64Array:
        return self._variances

    @cached_property
    def _variances(self) -> Float64Array:
        variances = ordered_variances(self._factor)
        variances.setflags(write=False)
        return variances

    def to_dense(self) -> Float64Array:
        everything = range(self.ndim)
        found = self._factor.covariance_of(everything, everything)
        np.fill_diagonal(found, self.variances())
        return found

    def digest(self) -> str:
        if self.null_space is None:
            return self.precision.digest()
        return fingerprint([self.precision.digest(), digest(self.null_space)])

    def record(self) -> dict[str, object]:
        record = {**self.precision.record(), **super().record(), "precision": self.precision.kind}
        return record if self.singular == "raise" else {**record, "singular": self.singular}


def _singular(value: object) -> Singular:
    known = get_args(Singular)
    if not isinstance(value, str) or value not in known:
        raise ArgumentError(f"`singular` must be one of {', '.join(map(repr, known))}: it is {short_repr(value)}")
    return cast(Singular, value)


def _null_space(value: Any, ndim: int, singular: Singular) -> Float64Array | None:
    if value is None:
        return None
    if singular == "raise":
        raise ArgumentError("`null_space` goes with singular='project': a regular precision has none")
    return given_null_space(value, ndim)


def _structure(precision: Any, *, semidefinite: bool) -> tuple[Covariance, tuple[labels.Axis, ...]]:
    """A precision in its structure, and the labels that it was made of."""
    if isinstance(precision, Covariance):
        return precision, precision.axes
    if is_sparse(precision):
        return sparse_precision(precision, semidefinite=semidefinite), ()
    (precision,) = compute_together(precision)
    return Dense(_square(precision)), tuple(labels.axes_of("precision", precision))


def _square(precision: Any) -> Float64Array:
    array = real_array("precision", precision)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not array.size:
        cure = ": independent variables are Diagonal(1 / precision)" if array.ndim == 1 else ""
        raise ArgumentError(
            f"`precision` must be 2 dimensional, square and not empty: its shape is {array.shape}{cure}"
        )
    checks.finite("precision", array)
    return array
