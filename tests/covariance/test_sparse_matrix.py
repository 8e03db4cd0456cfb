import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import mvn_dask
from mvn_dask import memory_limit
from mvn_dask.covariance import Precision, Sparse
from mvn_dask.covariance.sparse_matrix import is_sparse, symmetric_columns
from mvn_dask.errors import ArgumentError, ArgumentTypeError, FactorTooLargeError, NotPositiveDefiniteError
from tests.support.sparse_matrices import grid

DENSE = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, -0.25], [0.0, -0.25, 4.0]])
FORMATS = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]


@pytest.mark.parametrize("kind", [sp.coo_array, sp.coo_matrix])
@pytest.mark.parametrize("form", FORMATS)
def test_any_format(form: str, kind: Any) -> None:
    matrix = kind(DENSE).asformat(form)
    before = matrix.toarray()
    found = symmetric_columns("cov", matrix)
    assert found.starts.tolist() == [0, 2, 5, 7]
    assert found.rows.tolist() == [0, 1, 0, 1, 2, 1, 2]
    assert found.columns.tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert found.numbers.tolist() == [2.0, 0.5, 0.5, 1.0, -0.25, -0.25, 4.0]
    np.testing.assert_array_equal(found.diagonal, [2.0, 1.0, 4.0])
    assert [array.dtype.name for array in found] == ["int64", "int32", "float64"]
    assert not any(array.flags.writeable for array in found)
    np.testing.assert_array_equal(matrix.toarray(), before)


def test_the_input_is_copied() -> None:
    matrix = sp.csc_array(DENSE)
    found = symmetric_columns("cov", matrix)
    matrix.data[:] = 7.0
    assert found.numbers[0] == 2.0


@pytest.mark.parametrize("dtype", ["int64", "int8", "bool", "float32", "uint16", "longdouble"])
def test_any_real_dtype(dtype: str) -> None:
    assert symmetric_columns("cov", sp.csr_array(np.eye(3, dtype=dtype))).numbers.tolist() == [1.0, 1.0, 1.0]


def test_duplicates_are_added_and_zeros_left_out() -> None:
    data, rows, columns = [1.0, 2.0, 3.0, 0.5, -0.5, 0.0, -0.0], [0, 1, 1, 0, 0, 1, 0], [0, 1, 1, 1, 1, 0, 0]
    found = symmetric_columns("cov", sp.coo_array((data, (rows, columns)), shape=(2, 2)))
    assert (found.rows.tolist(), found.numbers.tolist()) == ([0, 1], [1.0, 5.0])
    unsorted = sp.csc_array((np.array([0.5, 2.0, 1.0, 0.5]), np.array([1, 0, 1, 0]), np.array([0, 2, 4])), shape=(2, 2))
    assert symmetric_columns("cov", unsorted).numbers.tolist() == [2.0, 0.5, 0.5, 1.0]
    assert unsorted.indices.tolist() == [1, 0, 1, 0]


def test_rounding_across_the_diagonal_is_evened() -> None:
    matrix = sp.lil_array(DENSE * 1e200)
    matrix[0, 1] *= 1.0 + 1e-9
    found = symmetric_columns("cov", matrix)
    assert found.numbers[1] == found.numbers[2] == 0.5 * matrix[0, 1] + 0.5 * matrix[1, 0]
    # An entry on one side that is nothing in these units.
    lone = sp.lil_array(np.diag([1e-12, 1e12]))
    lone[1, 0] = 1e-9
    assert symmetric_columns("cov", lone).numbers.tolist() == [1e-12, 5e-10, 5e-10, 1e12]


@pytest.mark.parametrize("units", [1e-9, 1.0, 1e9])
def test_asymmetry_is_named_in_any_units(units: float) -> None:
    scale = np.array([1.0, units, 1.0])
    matrix = sp.lil_array(DENSE * scale[:, None] * scale)
    matrix[1, 2] *= 1.001
    with pytest.raises(ArgumentError, match=r"`cov` must be symmetric: cov\[[12], [12]\] is .*If it is rounding, use"):
        symmetric_columns("cov", matrix)
    matrix[1, 2] = 0.0
    with pytest.raises(ArgumentError, match=r"cov\[1, 2\] is 0, and cov\[2, 1\] is -|cov\[2, 1\] is -.* is 0"):
        symmetric_columns("cov", matrix)


@pytest.mark.parametrize("triangle", [sp.tril, sp.triu])
def test_one_triangle_alone(triangle: Any) -> None:
    half = sp.csc_array(triangle(grid(4)))
    with pytest.raises(ArgumentError, match=r"one triangle alone: give matrix \+ matrix.T - scipy.sparse.diags_array"):
        symmetric_columns("cov", half)
    whole = half + half.T - sp.diags_array(half.diagonal())
    np.testing.assert_array_equal(symmetric_columns("cov", whole).numbers, grid(4).data)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(number: float) -> None:
    for i, j in ((0, 1), (2, 2)):
        dense = DENSE.copy()
        dense[i, j] = number
        with pytest.raises(ArgumentError, match=rf"`cov` must be finite: cov\[{i}, {j}\] is {number}"):
            symmetric_columns("cov", sp.csr_array(dense))
    with pytest.raises(ArgumentError, match=r"cov\[0, 0\] is inf"):
        symmetric_columns("cov", sp.coo_array(([1e308, 1e308], ([0, 0], [0, 0])), shape=(1, 1)))
    with pytest.raises(ArgumentError, match=r"cov\[0, 0\] is inf"):
        symmetric_columns("cov", sp.coo_array(np.array([[np.longdouble("1e400")]])))


@pytest.mark.parametrize("number", [0.0, -2.0])
def test_a_diagonal_that_is_not_positive(number: float) -> None:
    dense = DENSE.copy()
    dense[1, 1] = number
    with pytest.raises(NotPositiveDefiniteError, match=rf"`cov` is not positive .*: cov\[1, 1\] is {number:.3g}, and"):
        symmetric_columns("cov", sp.csc_array(dense))


def test_empty_rows() -> None:
    with pytest.raises(NotPositiveDefiniteError, match=r"cov\[2, 2\] is 0"):
        symmetric_columns("cov", sp.csc_array(([1.0, 1.0, 0.0], ([0, 1, 0], [0, 1, 1])), shape=(3, 3)))
    with pytest.raises(NotPositiveDefiniteError, match=r"it has 0 entries, and each of its 5 variables must"):
        symmetric_columns("cov", sp.coo_array((5, 5)))
    assert symmetric_columns("cov", sp.coo_array((5, 5)), semidefinite=True).diagonal.tolist() == [0.0] * 5


HUGE: dict[str, Callable[[int], Any]] = {
    "empty": lambda d: sp.coo_array((d, d)),
    "few": lambda d: sp.coo_array(([1.0, 1.0], ([0, d - 1], [0, d - 1])), shape=(d, d)),
    "duplicates": lambda d: sp.coo_array((np.ones(999), (np.full(999, d - 1), np.full(999, d - 1))), shape=(d, d)),
    "dok": lambda d: sp.dok_array((d, d)),
    "dia": lambda d: sp.dia_matrix((np.ones((1, 4)), [0]), shape=(d, d)),
}


@pytest.mark.parametrize("d", [2**31 - 1, 2**40, 2**62])
@pytest.mark.parametrize("name", HUGE)
def test_huge_shapes_take_no_memory(name: str, d: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_limit, "memory_limit", lambda: 2**33)
    matrix = HUGE[name](d)
    tracemalloc.start()
    with pytest.raises(FactorTooLargeError, match=rf"a sparse matrix of {d:,} variables, would take .* may have 8 GiB"):
        symmetric_columns("precision", matrix, semidefinite=True)
    # Some versions of scipy count the numbers that a diagonal has room for as its entries.
    expected = NotPositiveDefiniteError if matrix.nnz < d else FactorTooLargeError
    with pytest.raises(expected, match=rf"{d:,} variables(,| must have one on the diagonal)"):
        symmetric_columns("precision", matrix)
    makes: list[Any] = [Sparse, Precision, lambda cov: mvn_dask.MultivariateNormal(np.zeros(3), cov)]
    for make in makes:
        with pytest.raises((FactorTooLargeError, NotPositiveDefiniteError), match="variables"):
            make(matrix)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**24


@pytest.mark.parametrize("form", ["csc", "csr", "bsr"])
def test_counts_that_are_not_those_of_the_entries(form: str) -> None:
    for end in (2**40, 10**4, 3, -1):
        matrix: Any = getattr(sp.coo_array(DENSE), f"to{form}")()
        matrix.indptr = matrix.indptr.astype(np.int64)
        matrix.indptr[-1] = end
        with pytest.raises((ArgumentError, NotPositiveDefiniteError), match=r"damaged|it has .* entr"):
            symmetric_columns("cov", matrix)
    matrix = getattr(sp.coo_array(DENSE), f"to{form}")()
    matrix.data = matrix.data[: len(matrix.data) // 2]
    with pytest.raises((ArgumentError, NotPositiveDefiniteError), match=r"damaged|it has .* entr"):
        symmetric_columns("cov", matrix)
    # A shape that its arrays do not have.
    matrix = getattr(sp.coo_array(DENSE), f"to{form}")()
    matrix._shape = (2**40, 2**40)
    with pytest.raises((ArgumentError, FactorTooLargeError)):
        symmetric_columns("cov", matrix)


def test_entries_in_any_order() -> None:
    """Unsorted, with duplicates and zeros that are kept: the same as the matrix that they make."""
    rows, columns = np.array([2, 0, 1, 1, 0, 2, 1, 2, 0, 0]), np.array([2, 0, 1, 0, 1, 1, 2, 2, 2, 0])
    data = np.array([3.0, 1.5, 1.0, 0.5, 0.5, -0.25, -0.25, 1.0, 0.0, 0.5])
    coordinates = sp.coo_array((data, (rows, columns)), shape=(3, 3))
    by_columns = sp.csc_array(
        (data[np.argsort(columns, kind="stable")], rows[np.argsort(columns, kind="stable")], np.array([0, 3, 6, 10])),
        shape=(3, 3),
    )
    for matrix in (coordinates, by_columns):
        found = symmetric_columns("cov", matrix)
        assert found.numbers.tolist() == [2.0, 0.5, 0.5, 1.0, -0.25, -0.25, 4.0]


@pytest.mark.parametrize("shape", [(2, 3), (0, 0), (1, 0)])
def test_shapes(shape: tuple[int, int]) -> None:
    with pytest.raises(ArgumentError, match=r"must be 2 dimensional, square and not empty: its shape is \(") as caught:
        symmetric_columns("cov", sp.coo_array(shape))
    assert str(shape) in str(caught.value)
    with pytest.raises(ArgumentError, match=r"its shape is \(3,\)"):
        symmetric_columns("cov", sp.coo_array(np.ones(3)))


def test_what_holds_no_real_numbers() -> None:
    with pytest.raises(ArgumentTypeError, match="must not be complex"):
        symmetric_columns("cov", sp.csc_array(np.eye(2) * 1j))


@pytest.mark.parametrize("value", [DENSE, DENSE.tolist(), None, "eye", 3.0, pd.DataFrame(DENSE), object()])
def test_what_is_not_sparse(value: Any) -> None:
    assert not is_sparse(value)
    with pytest.raises(ArgumentTypeError, match=r"`cov` must be a matrix of scipy.sparse, not .*: give scipy.sparse.c"):
        symmetric_columns("cov", value)


@pytest.mark.parametrize("form", ["csc", "csr", "coo", "bsr"])
@pytest.mark.parametrize("index", [-1, 3, 2**31 - 1, 2**40])
def test_damaged_indices(form: str, index: int) -> None:
    """Conversions of scipy's read and write where they say."""
    matrix: Any = getattr(sp.coo_array(DENSE), f"to{form}")()
    if form == "coo":
        matrix.coords[0].setflags(write=True)
        matrix.coords = matrix.coords[0].astype(np.int64), matrix.coords[1]
        matrix.coords[0][3] = index
    else:
        matrix.indices = matrix.indices.astype(np.int64)
        matrix.indices[-1] = index
    with pytest.raises(ArgumentError, match="the indices of `cov` are damaged"):
        symmetric_columns("cov", matrix)
    if form != "coo":
        matrix = getattr(sp.coo_array(DENSE), f"to{form}")()
        matrix.indptr = np.array([0, 5, 2, matrix.indptr[-1]])
        with pytest.raises(ArgumentError, match="the indices of `cov` are damaged"):
            symmetric_columns("cov", matrix)
