from typing import Any

import numpy as np
import pytest

from mvn_dask._typing import Float64Array
from mvn_dask.covariance import panels
from mvn_dask.covariance.panels import Applied, apply_panels, columns_of, factorize_panels, panels_of
from mvn_dask.covariance.sparse_matrix import symmetric_columns
from mvn_dask.covariance.symbolic import Indices, Supernodes, analyse, inverse_of
from tests.support.sparse_matrices import CASES, random_graph

OPERATIONS: list[Applied] = ["solve_transposed", "multiply_transposed", "solve", "multiply"]


def factorized(matrix: Any) -> tuple[Indices, Supernodes, Float64Array, int]:
    columns = symmetric_columns("matrix", matrix)
    permutation = np.random.default_rng(0).permutation(matrix.shape[0])
    permutation, supernodes = analyse(columns.pattern, permutation)
    entries, bad = factorize_panels(columns, permutation, supernodes, np.zeros(matrix.shape[0]))
    return permutation, supernodes, entries, bad


def dense_factor(supernodes: Supernodes, entries: Any) -> Any:
    dense = np.zeros((len(supernodes.owner), len(supernodes.owner)), entries.dtype)
    for _, own, below, panel in panels_of(supernodes, entries, backward=False):
        dense[np.ix_(np.concatenate([own, below]), own)] = panel
    return dense


@pytest.fixture(params=["compiled", "numpy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Compiled code for matrices of any size, or none."""
    if request.param == "compiled":
        monkeypatch.setattr(panels, "COMPILED_ENTRIES", 0)
    else:
        monkeypatch.setattr(panels, "compiled_module", lambda _: None)
    return str(request.param)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", CASES)
def test_the_factor_is_choleskys(name: str) -> None:
    matrix = CASES[name]
    permutation, supernodes, entries, bad = factorized(matrix)
    assert bad == -1
    dense = dense_factor(supernodes, entries)
    expected = np.linalg.cholesky(matrix.toarray()[np.ix_(permutation, permutation)])
    np.testing.assert_allclose(dense, expected, atol=1e-13, rtol=1e-12)
    assert sum(map(len, columns_of(supernodes, entries, 0))) == supernodes.places[1]


@pytest.mark.parametrize("name", CASES)
def test_both_ways_give_the_same_bits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, found = CASES[name], []
    for size in (0, 2**62):
        monkeypatch.setattr(panels, "COMPILED_ENTRIES", size)
        found.append(factorized(matrix)[2].view(np.int64))
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("pivot", [0.0, -1.0, np.nan])
def test_a_pivot_that_is_not_above_its_limit(pivot: float) -> None:
    columns = symmetric_columns("matrix", random_graph(60, 4.0, 7))
    permutation, supernodes = analyse(columns.pattern, np.arange(60))
    numbers = columns.numbers.copy()
    numbers[(columns.rows == columns.columns) & (columns.rows == permutation[17])] = pivot
    _, bad = factorize_panels(columns._replace(numbers=numbers), permutation, supernodes, np.zeros(60))
    assert bad == 17
    limits = np.zeros(60)
    limits[11] = 100.0
    assert factorize_panels(columns, permutation, supernodes, limits)[1] == 11


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", CASES)
def test_applied_to_rows(name: str, operation: Applied) -> None:
    permutation, supernodes, entries, _ = factorized(CASES[name])
    d = len(permutation)
    dense, positions = dense_factor(supernodes, entries), inverse_of(permutation)
    matrix = dense.T if operation.endswith("transposed") else dense
    matrix = np.linalg.inv(matrix) if operation.startswith("solve") else matrix
    rows = np.random.default_rng(1).standard_normal((19, d))
    expected = rows @ matrix.T
    out = np.full((19, d), np.nan)
    apply_panels(operation, supernodes, entries, rows, out)
    np.testing.assert_allclose(out, expected, atol=1e-12 * np.abs(expected).max())
    # In the order of the variables, on either side; memory of another layout.
    apart = np.full((d, 19), np.nan).T
    apply_panels(operation, supernodes, entries, rows[:, positions], apart, source=positions)
    np.testing.assert_array_equal(apart, out)
    apply_panels(operation, supernodes, entries, np.asfortranarray(rows), apart, target=positions)
    np.testing.assert_array_equal(apart, out[:, positions])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", CASES)
def test_a_row_has_the_same_bits_both_ways_and_beside_any_others(
    name: str, operation: Applied, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, supernodes, entries, _ = factorized(CASES[name])
    entries = entries.astype(dtype)
    rows = np.random.default_rng(1).standard_normal((37, len(supernodes.owner))).astype(dtype)
    whole, single, numpy = (np.empty_like(rows) for _ in range(3))
    apply_panels(operation, supernodes, entries, rows, whole)
    for row in range(37):
        apply_panels(operation, supernodes, entries, rows[row : row + 1], single[row : row + 1])
    monkeypatch.setattr(panels, "compiled_module", lambda _: None)
    apply_panels(operation, supernodes, entries, rows, numpy)
    for other in (single, numpy):
        np.testing.assert_array_equal(whole.view(np.uint32), other.view(np.uint32))
