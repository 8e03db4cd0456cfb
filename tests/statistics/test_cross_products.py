"""Nodes of cross products: the same bits compiled and in numpy, for any columns and leaves."""

import numpy as np
import pytest

from mvn_dask._typing import Float64Array
from mvn_dask.compiled import compiled_module
from mvn_dask.errors import FactorTooLargeError
from mvn_dask.statistics import cross_products
from mvn_dask.statistics.cross_products import (
    column_count,
    merged_products,
    node_size,
    products_of_leaves,
    refuse_too_many_columns,
    square_of,
)

LEAVES = [(1, 7), (2, 7), (65, 70), (130, 200), (8 * 13, 13)]
"""Rows, and rows of a leaf."""


def in_numpy(rows: Float64Array, leaf_rows: int, monkeypatch: pytest.MonkeyPatch) -> Float64Array:
    with monkeypatch.context() as patched:
        patched.setattr(cross_products, "compiled_module", lambda _: None)
        return products_of_leaves(rows, leaf_rows)


@pytest.mark.parametrize("columns", [1, 2, 3, 5, 8, 23, 24, 25, 30, 49])
def test_bits_of_numpy(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(columns)
    for n, leaf_rows in LEAVES:
        rows = rng.standard_normal((n, columns)) * rng.random(columns) + 1e3 * rng.standard_normal(columns)
        node = products_of_leaves(rows, leaf_rows)
        assert (column_count(node), node.size) == (columns, node_size(columns))
        assert node.tobytes() == in_numpy(rows, leaf_rows, monkeypatch).tobytes()
        centred = rows - rows.mean(axis=0)
        np.testing.assert_allclose(square_of(node), centred.T @ centred, rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_bits_of_numpy_for_many_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).standard_normal((256, 1001))
    node = products_of_leaves(rows, 128)
    assert node.tobytes() == in_numpy(rows, 128, monkeypatch).tobytes()


@pytest.mark.parametrize("compiled", [True, False])
def test_nodes_of_nothing_are_neutral(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not compiled:
        monkeypatch.setattr(cross_products, "compiled_module", lambda _: None)
    rows = np.random.default_rng(0).standard_normal((5, 3))
    node, nothing = products_of_leaves(rows, 5), products_of_leaves(rows[:0], 5)
    for merged in (merged_products(node, nothing), merged_products(nothing, node)):
        assert merged.tobytes() == node.tobytes()
    assert merged_products(nothing, nothing).tobytes() == nothing.tobytes()


def test_no_columns() -> None:
    node = products_of_leaves(np.empty((5, 0)), 5)
    assert merged_products(node, node).tolist() == [10.0]


def test_a_shift_that_is_far_from_the_mean() -> None:
    # The first rows are what they are least like: as far from the mean as their own squares allow.
    rows = np.random.default_rng(0).standard_normal((2048, 2))
    rows[:64] += 1e6
    node = products_of_leaves(rows, 2048)
    exact = rows.astype(np.longdouble)
    centred = exact - exact.mean(axis=0)
    np.testing.assert_allclose(square_of(node), (centred.T @ centred).astype(np.float64), rtol=1e-13)


def test_too_many_columns_are_refused() -> None:
    refuse_too_many_columns(1000)
    with pytest.raises(FactorTooLargeError, match=r"products of 10000000 columns would take .* name fewer"):
        refuse_too_many_columns(10**7)


def test_what_does_not_fit_is_refused() -> None:
    code = compiled_module("pair_products")
    if code is None:
        pytest.skip("there is no compiled code")
    rows, work, nodes = np.zeros((4, 3)), np.empty(code.work_numbers(3)), np.empty((3, node_size(3)))
    code.node_of_leaves(rows, 1, work, nodes)
    for wrong in (
        (rows, 2, work[1:], nodes), (rows, 1, work, nodes[1:]), (rows[:3], 1, work, nodes), (rows[:0], 1, work, nodes),
        (rows, 2, work, nodes[:, 1:].copy()), (rows.T.copy().T, 2, work, nodes),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"must be|do not fit"):
            code.node_of_leaves(*wrong)
    with pytest.raises(ValueError, match="do not fit d=4"):
        code.merge_nodes(nodes[0], nodes[1], 4)
