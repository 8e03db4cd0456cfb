"""Sparse symmetric matrices as users give them: checked, in one form, in arrays of our own.

Input: a matrix or an array of `scipy.sparse`, of any format. Output: its columns, both triangles with rising rows and a
positive diagonal. Cost: some passes over the entries, and two copies of them.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.array_likes import is_instance
from mvn_dask.covariance.symbolic import Indices, Pattern
from mvn_dask.covariance.validity import SYMMETRY
from mvn_dask.errors import ArgumentError, ArgumentTypeError, NotPositiveDefiniteError
from mvn_dask.memory_limit import refuse_beyond_memory
from mvn_dask.readable import plural, short_repr

BYTES_OF_COLUMN = 48
"""Memory that a column of a sparse matrix takes by itself, at least: where it begins, its diagonal, its order."""


class SparseMatrix(Protocol):
    """A matrix or an array of `scipy.sparse`."""

    def tocsc(self) -> Any:
        """The same by columns."""


class SymmetricColumns(NamedTuple):
    """A sparse symmetric matrix by columns."""

    starts: Indices
    """Where each column begins, and the end of the last; shape (d + 1,)."""
    rows: Indices
    """Rows of the entries, rising in each column."""
    numbers: Float64Array
    """The entries, none of them 0."""

    @property
    def pattern(self) -> Pattern:
        """Where there are entries."""
        return Pattern(self.starts, self.rows)

    @property
    def columns(self) -> Indices:
        """Columns of the entries."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def part(self, places: npt.NDArray[np.integer[Any]]) -> Float64Array:
        """Rows and columns of some variables, shape (m, m)."""
        found = np.zeros((len(places), len(places)))
        for column, place in enumerate(places):
            entries = slice(self.starts[place], self.starts[place + 1])
            known = dict(zip(self.rows[entries].tolist(), self.numbers[entries].tolist(), strict=True))
            found[:, column] = [known.get(row, 0.0) for row in places.tolist()]
        return found

    @property
    def diagonal(self) -> Float64Array:
        """The diagonal, shape (d,)."""
        found, there = np.zeros(len(self.starts) - 1), self.columns == self.rows
        found[self.rows[there]] = self.numbers[there]
        return found


def is_sparse(value: object) -> bool:
    """Whether a value is a matrix or an array of `scipy.sparse`."""
    return is_instance(value, "scipy.sparse", "sparray", "spmatrix")


def symmetric_columns(name: str, value: Any, *, semidefinite: bool = False) -> SymmetricColumns:
    """The columns of a sparse symmetric matrix; `name` is the argument's in errors.

    If `semidefinite`, a number on the diagonal may be 0.

    Raises
    ------
    ArgumentError
        If it is not square, empty, not finite, or not symmetric, or if its indices are damaged.
    ArgumentTypeError
        If it is not sparse, or holds anything but real numbers.
    NotPositiveDefiniteError
        If a number on the diagonal is not positive.
    """
    from scipy.sparse import csc_array

    _check_type(name, value, semidefinite=semidefinite)
    matrix = summed_columns(name, value, np.float64)
    found = _columns_of(matrix)
    _check_finite(name, found)
    matrix.eliminate_zeros()
    diagonal = matrix.diagonal()
    lowest = int(diagonal.argmin())
    if diagonal[lowest] < 0.0 or (diagonal[lowest] == 0.0 and not semidefinite):
        raise NotPositiveDefiniteError(
            f"`{name}` is not positive definite: {name}[{lowest}, {lowest}] is {diagonal[lowest]:.3g}, and each on the "
            "diagonal must be positive"
        )
    transposed = csc_array(matrix.T)
    transposed.sort_indices()
    if not all(map(np.array_equal, _columns_of(matrix), _columns_of(transposed))):
        _check_symmetric(name, matrix, transposed, np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0)))
        matrix = csc_array(0.5 * matrix + 0.5 * transposed)
        matrix.sort_indices()
    found = _columns_of(matrix)
    for array in found:
        array.setflags(write=False)
    return found


def summed_columns(name: str, value: Any, dtype: Any = None) -> Any:
    """A sparse matrix of scipy by columns, with duplicates added, in its own dtype or another; not checked otherwise.

    Raises
    ------
    ArgumentError
        If its indices are damaged.
    FactorTooLargeError
        If its shape alone takes more memory than there may be.
    """
    from scipy.sparse import csc_array

    # Before memory is taken for each column: a shape may be anything.
    refuse_beyond_memory(
        f"`{name}`, a sparse matrix of {plural(value.shape[1], 'variable', ',')},",
        BYTES_OF_COLUMN * value.shape[1],
        "leave out the variables that have no entries",
    )
    try:
        # What conversion follows without looking.
        if hasattr(value, "check_format"):
            value.check_format(full_check=True)
        with np.errstate(over="ignore"):  # what is too large is infinite, and refused by its place
            matrix = csc_array(value.tocoo(copy=True), dtype=dtype)
            matrix.sum_duplicates()
    except (ValueError, IndexError, OverflowError) as error:
        raise ArgumentError(f"the indices of `{name}` are damaged: {error}") from error
    return matrix


def _columns_of(matrix: Any) -> SymmetricColumns:
    kind = np.int32 if matrix.shape[0] < 2**31 else np.int64
    return SymmetricColumns(matrix.indptr.astype(np.int64), matrix.indices.astype(kind), matrix.data + 0.0)


def _check_type(name: str, value: Any, *, semidefinite: bool) -> None:
    if not is_sparse(value):
        cure = "give scipy.sparse.csc_array(matrix), or Dense(matrix)"
        raise ArgumentTypeError(f"`{name}` must be a matrix of scipy.sparse, not {short_repr(value)}: {cure}")
    if value.dtype.kind == "c":
        raise ArgumentTypeError(f"`{name}` must not be complex: its dtype is {value.dtype}")
    if len(value.shape) != 2 or value.shape[0] != value.shape[1] or not value.shape[0]:
        raise ArgumentError(f"`{name}` must be 2 dimensional, square and not empty: its shape is {value.shape}")
    if value.nnz < value.shape[0] and not semidefinite:
        raise NotPositiveDefiniteError(
            f"`{name}` is not positive definite: it has {plural(value.nnz, 'entry', ',')}, and each of its "
            f"{plural(value.shape[0], 'variable', ',')} must have one on the diagonal, which is positive"
        )


def _check_finite(name: str, found: SymmetricColumns) -> None:
    if not np.isfinite(found.numbers).all():
        k = int(np.argmin(np.isfinite(found.numbers)))
        raise ArgumentError(
            f"`{name}` must be finite: {name}[{found.rows[k]}, {found.columns[k]}] is {found.numbers[k]}"
        )


def _check_symmetric(name: str, matrix: Any, transposed: Any, deviations: Float64Array) -> None:
    """Find the largest difference of two entries across the diagonal, in products of roots of the diagonal."""
    difference = _columns_of((matrix - transposed).tocsc())
    sizes = np.abs(difference.numbers) / deviations[difference.rows] / deviations[difference.columns]
    k = int(sizes.argmax())
    if sizes[k] <= SYMMETRY:
        return
    i, j = int(difference.rows[k]), int(difference.columns[k])
    one, other = _columns_of(matrix), "If it is rounding, use (matrix + matrix.T) / 2"
    if (one.rows >= one.columns).all() or (one.rows <= one.columns).all():
        other = "It has one triangle alone: give matrix + matrix.T - scipy.sparse.diags_array(matrix.diagonal())"
    raise ArgumentError(
        f"`{name}` must be symmetric: {name}[{i}, {j}] is {matrix[i, j]:.6g}, and {name}[{j}, {i}] is "
        f"{matrix[j, i]:.6g}. {other}"
    )
