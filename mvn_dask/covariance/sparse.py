"""A covariance with few entries that are not 0, and how sparse matrices are factorised.

Input: a sparse symmetric matrix, shape (d, d). Output: a sparse factor, of a covariance or of its inverse. Memory: 8
bytes for each entry of the factor, 4 for each row of a supernode, and five copies of the matrix on the way. Cost: some
microseconds a variable for its order, then two operations for each pair of entries in a column of the factor, and two
for each entry of the factor a row: on a grid of n × n points 3.5 n² log2(n)
entries, and 20 n³ operations.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import numpy as np

from mvn_dask import checks, labels
from mvn_dask._typing import Float64Array, Texts
from mvn_dask.compiled import compiled_module
from mvn_dask.covariance import fill_reducing
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.panels import factorize_panels
from mvn_dask.covariance.shown_structures import Indices
from mvn_dask.covariance.sparse_factor import SparseFactor, SparsePrecisionFactor, SparseTriangle
from mvn_dask.covariance.sparse_matrix import SparseMatrix, SymmetricColumns, symmetric_columns
from mvn_dask.covariance.symbolic import Supernodes, analyse, diagonal_places, inverse_of
from mvn_dask.errors import FactorTooLargeError, NotPositiveDefiniteError, UnsupportedOperationError
from mvn_dask.hashing import digest, fingerprint
from mvn_dask.memory_limit import refuse_beyond_memory
from mvn_dask.readable import plural, readable_bytes
from mvn_dask.signatures import short_signature

PYTHON_ENTRIES = 10**6
"""Entries of a matrix, at most, that is factorised without compiled code, and a tenth of those of its factor."""
SINGULAR_PRECISION = (
    "A singular precision belongs to no covariance: singular='project' draws the intrinsic field, or give a variance "
    "to what it leaves free, by adding to its diagonal"
)
"""What to do with a singular precision."""
T = TypeVar("T", bound=SparseTriangle)


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Sparse(Covariance):
    """A covariance with few entries that are not 0, positive definite.

    Parameters
    ----------
    matrix : sparse matrix or array of scipy, shape (d, d)
        Symmetric and positive definite, of any format, both triangles; duplicates are added. Rounding across the
        diagonal, to 1e-7 of the product of both standard deviations, is taken for the mean of both.
    ordering : {"auto", "nested_dissection", "minimum_degree", "metis", "natural"}
        Order of elimination. "auto" takes the one whose factor has the fewest entries; METIS is among them where
        pymetis is installed (``pip install 'mvn_dask[sparse]'``).
    names : sequence of str, optional
        Names of the d variables.

    Raises
    ------
    ArgumentError
        If it is not square, empty, not finite, or not symmetric, or if its indices are damaged.
    ArgumentTypeError
        If it is not sparse, or holds anything but real numbers.
    FactorTooLargeError
        If the shape is too large for memory, and from `factorize`, before a number of it is computed, if the factor is.
    NotPositiveDefiniteError
        If a number on the diagonal is not positive, and from `factorize`, with the variable, if it is not positive
        definite, or singular to rounding. `Dense` takes singular ones.
    UnsupportedOperationError
        From `factorize`, if it is large and numba is missing.

    See Also
    --------
    mvn_dask.covariance.Precision : An inverse covariance with few entries.
    mvn_dask.covariance.Banded : Entries near the diagonal alone.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Notes
    -----
    The factor of the permuted matrix is Cholesky's, in supernodes; it has the same bits on every machine that has the
    same order of elimination. The order of "auto" depends on whether pymetis is installed, and on its version and
    scipy's; it decides the bits of samples, never their law, and lies in a store with the factor. Whether a
    pivot is positive is judged beside the diagonal of its own variable, so that units may differ as they like.

    References
    ----------
    T. A. Davis, S. Rajamanickam and W. M. Sid-Lakhdar, A survey of direct methods for sparse linear systems, Acta
    Numerica 25 (2016) 383-566, https://doi.org/10.1017/S0962492916000076.

    Examples
    --------
    Correlations that end at a distance of two, on a line of 1000 points:

    >>> import numpy as np, scipy.sparse
    >>> cov = Sparse(scipy.sparse.diags_array([0.2, 0.5, 1.0, 0.5, 0.2], offsets=[-2, -1, 0, 1, 2], shape=(1000, 1000)))
    >>> cov
    Sparse(ndim=1000, entries=4994)
    >>> cov.factorize().covariance_of([500], [499, 500, 501, 502, 503]).round(6)
    array([[0.5, 1. , 0.5, 0.2, 0. ]])
    """

    kind: ClassVar[str] = "sparse"

    matrix: SymmetricColumns
    """The covariance by columns, both triangles."""
    ordering: fill_reducing.Ordering
    """Order of elimination."""
    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""

    def __init__(
        self, matrix: SparseMatrix, *, ordering: fill_reducing.Ordering = "auto", names: Texts | None = None
    ) -> None:
        self._take("matrix", matrix, fill_reducing.ordering(ordering), names)

    def _take(
        self,
        name: str,
        matrix: Any,
        ordering: fill_reducing.Ordering,
        names: Texts | None,
        *,
        semidefinite: bool = False,
    ) -> None:
        object.__setattr__(self, "ordering", ordering)
        object.__setattr__(self, "matrix", symmetric_columns(name, matrix, semidefinite=semidefinite))
        axes = tuple(labels.given_names(names, self.ndim, "the `names` of `cov`"))
        object.__setattr__(self, "names", labels.agreed_names(axes))
        object.__setattr__(self, "axes", axes)

    def _arguments(self) -> list[str]:
        return [f"ndim={self.ndim}", f"entries={len(self.matrix.numbers)}"]

    def _facts(self) -> dict[str, str]:
        entries = len(self.matrix.numbers)
        shown = f"{entries:,} that are not 0, {entries / self.ndim:.3g} a row"
        return {"entries": shown, "ordering": self.ordering}

    @property
    def ndim(self) -> int:
        return len(self.matrix.starts) - 1

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        if len(self.matrix.numbers) == self.ndim:
            return ScaleFactor(np.sqrt(self.matrix.numbers))
        advice = "A sparse covariance must be positive definite: Dense(matrix.toarray()) takes a singular one"
        return _factorize(SparseFactor, self, self.names, "matrix", advice)

    def variances(self) -> Float64Array:
        return self.matrix.diagonal

    def _entries(self, places: Indices) -> Float64Array:
        return self.matrix.part(places)

    def to_dense(self) -> Float64Array:
        dense = np.zeros((self.ndim, self.ndim))
        dense[self.matrix.rows, self.matrix.columns] = self.matrix.numbers
        return dense

    def digest(self) -> str:
        return fingerprint([digest(array) for array in self.matrix])

    def record(self) -> dict[str, object]:
        return {**super().record(), "ordering": self.ordering}


def sparse_precision(matrix: Any, *, semidefinite: bool = False) -> Sparse:
    """A sparse precision as `Sparse` keeps it, which errors call by that name; zeros on the diagonal may be allowed."""
    found = Sparse.__new__(Sparse)
    found._take("precision", matrix, "auto", None, semidefinite=semidefinite)
    return found


def factor_of_precision(precision: Sparse, names: tuple[str, ...] | None) -> Factor:
    """A factor of the covariance whose inverse is a sparse matrix.

    Raises
    ------
    FactorTooLargeError
        If the factor is too large for memory.
    NotPositiveDefiniteError
        If the precision is not positive definite, or singular to rounding.
    UnsupportedOperationError
        If it is large and numba is missing.
    """
    if len(precision.matrix.numbers) == precision.ndim:
        return ScaleFactor(1.0 / np.sqrt(precision.matrix.numbers))
    return _factorize(SparsePrecisionFactor, precision, names, "precision", SINGULAR_PRECISION)


def _factorize(kind: type[T], given: Sparse, names: tuple[str, ...] | None, name: str, advice: str) -> T:
    """The triangle of a matrix, as a factor of some kind; `name` and `advice` are for errors."""
    matrix = given.matrix
    compiled = compiled_module("compilation") is not None
    if not compiled and len(matrix.numbers) > PYTHON_ENTRIES:
        raise _without_numba(plural(len(matrix.numbers), "entry", ","))
    permutation = fill_reducing.fill_reducing(matrix.pattern, given.ordering)
    permutation, supernodes = analyse(matrix.pattern, permutation)
    count = int(supernodes.places[-1])
    _check_memory(kind, name, matrix, supernodes)
    if not compiled and count > 10 * PYTHON_ENTRIES:
        raise _without_numba(f"{plural(count, 'entry', ',')} in its factor")
    diagonal = matrix.diagonal
    limits = given.ndim * np.finfo(np.float64).eps * diagonal[permutation]
    try:
        entries, bad = factorize_panels(matrix, permutation, supernodes, limits)
    except MemoryError as error:
        raise FactorTooLargeError(
            f"the factor of `{name}` has {plural(count, 'entry', ',')}, {readable_bytes(8 * count)}, which is more "
            f"than there is memory: {_LESS_MEMORY}"
        ) from error
    if bad >= 0:
        variable, pivot = int(permutation[bad]), entries[diagonal_places(supernodes)[bad]]
        raise NotPositiveDefiniteError.of_variable(
            variable,
            f"`{name}` is not positive definite: of the {diagonal[variable]:.3g} of "
            f"{checks.variable_label(variable, names)}, {pivot:.3g} is left given other variables, which is not "
            f"positive beyond rounding. {advice}",
        )
    positions = inverse_of(permutation).astype(supernodes.rows.dtype)
    return kind(positions, supernodes.first, supernodes.starts, supernodes.rows, entries)


def _check_memory(kind: type[SparseTriangle], name: str, matrix: SymmetricColumns, supernodes: Supernodes) -> None:
    """Refuse what takes more memory than there may be: how many entries a factor has is known before any is made."""
    count = int(supernodes.places[-1])
    taken = sum(array.nbytes for array in (*matrix, *supernodes)) + 8 * count
    what = f"the factor of `{name}`, with {plural(count, 'entry', ',')},"
    if kind is SparsePrecisionFactor:
        # Its variances are found when a sample is made: as many entries of the inverse, and a square of them.
        tallest = int((np.diff(supernodes.starts) - np.diff(supernodes.first)).max())
        taken += 8 * (count + tallest**2)
        what = f"{what} and its variances"
    refuse_beyond_memory(what, taken, _LESS_MEMORY)


_LESS_MEMORY = (
    "another order of elimination may do with less (METIS: pip install 'mvn_dask[sparse]'), else take fewer variables, "
    "or fewer that go with each"
)


def _without_numba(seen: str) -> UnsupportedOperationError:
    return UnsupportedOperationError(
        f"a sparse matrix with {seen} takes hours to factorise without compiled code: install numba"
    )
