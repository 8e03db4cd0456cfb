from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import block_diag

import mvn_dask
from mvn_dask.covariance import BlockDiagonal, Dense, Diagonal, Factored, Kronecker, LowRank
from mvn_dask.errors import ArgumentError, UnsupportedOperationError
from tests.support.contracts import check_covariance
from tests.toys.selection import selection

A, B = np.array([[4.0, 2.0], [2.0, 5.0]]), np.array([[1.0, 0.5, 0.0], [0.5, 2.0, 0.25], [0.0, 0.25, 4.0]])


@pytest.mark.parametrize(
    ("members", "rank"),
    [
        ([A, B], 5),
        ([A], 2),
        ([2.0, B, [4.0, 1.0]], 6),
        ([Diagonal([0.0, 1.0]), B], 4),
        ([Factored([[1.0, 2.0, 0.5]]), A, Factored([[1.0], [2.0]])], 4),
        ([LowRank([[1.0], [2.0]], [0.0, 1.0]), Kronecker(A, [1.0, 2.0])], 6),
        ([BlockDiagonal(A, 1.0), BlockDiagonal(B)], 6),
    ],
)
def test_contract(members: Any, rank: int) -> None:
    covariance = BlockDiagonal(*members)
    dense = block_diag(*(member.to_dense() for member in covariance.members))
    check_covariance(covariance, dense, rank)
    everything = range(len(dense))
    np.testing.assert_allclose(covariance.factorize().covariance_of(everything, everything), dense, atol=1e-12)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_have_the_covariance(dtype: Any) -> None:
    covariance = BlockDiagonal(A, Factored([[1.0, 2.0], [0.0, 0.0]]), LowRank([[1.0], [2.0]], 1.0))
    dense = covariance.to_dense()
    rows = mvn_dask.MultivariateNormal(np.ones(6), covariance).sample(200_000, seed=3, dtype=dtype).compute()
    # 6 standard errors of the worst of 36 entries.
    limit = 6 * np.sqrt(2 * np.multiply.outer(np.diagonal(dense), np.diagonal(dense)) / len(rows)) + 1e-6
    assert (np.abs(np.cov(rows.T) - dense) < limit).all()


def test_rows_of_a_block_are_those_of_its_own_normals() -> None:
    factor = BlockDiagonal(A, Factored(np.ones((3, 2)))).factorize()
    z = np.random.default_rng(1).standard_normal((9, 4))
    rows = factor.colorize(z)
    np.testing.assert_array_equal(rows[:, :2], Dense(A).factorize().colorize(z[:, :2]))
    np.testing.assert_array_equal(rows[:, 2:], Factored(np.ones((3, 2))).factorize().colorize(z[:, 2:]))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_both_paths_and_all_cuts_give_the_same_bits(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from mvn_dask.covariance import row_product
    from mvn_dask.sampling import kernel

    rng = np.random.default_rng(2)
    blocks = [Factored(rng.standard_normal((size, size + 1))) for size in (40, 1, 17, 9)]
    covariance = BlockDiagonal(*blocks, rng.random(60))
    normal = mvn_dask.MultivariateNormal(rng.standard_normal(covariance.ndim), covariance)
    rows = normal.sample(1500, seed=4, dtype=dtype, chunks=-1).compute()
    np.testing.assert_array_equal(normal.sample(1500, seed=4, dtype=dtype, chunks=401).compute(), rows)
    for module in (kernel, row_product):
        monkeypatch.setattr(module, "compiled_module", lambda _: None)
    assert normal.sample(1500, seed=4, dtype=dtype, chunks=500).compute().tobytes() == rows.tobytes()


def test_both_interfaces_take_it() -> None:
    covariance = BlockDiagonal(A, B)
    rows = mvn_dask.default_rng(5).multivariate_normal(np.zeros(5), covariance, 7)
    np.testing.assert_array_equal(rows, mvn_dask.MultivariateNormal(np.zeros(5), covariance).sample(7, seed=5))
    assert repr(BlockDiagonal(*[A] * 1000)) == "BlockDiagonal(ndim=2000, members=1000)"


def test_names_of_all_blocks_are_names() -> None:
    frame = pd.DataFrame(A, index=["a", "b"], columns=["a", "b"])
    covariance = BlockDiagonal(frame, Diagonal([1.0], names=["c"]))
    assert covariance.names == ("a", "b", "c")
    assert mvn_dask.MultivariateNormal(np.zeros(3), covariance).names == ("a", "b", "c")
    with pytest.raises(ArgumentError, match="must agree"):
        mvn_dask.MultivariateNormal(np.zeros(3), covariance, names=["a", "c", "b"])
    assert BlockDiagonal(frame, [1.0]).names is None
    assert BlockDiagonal(frame, frame, names=list("abcd")).names == tuple("abcd")
    with pytest.raises(ArgumentError, match="names of variables must differ"):
        BlockDiagonal(frame, frame)


def test_what_a_member_does_not_offer_is_named() -> None:
    factor = BlockDiagonal(A, selection(5, 4)).factorize()
    with pytest.raises(UnsupportedOperationError, match="kind 'selection' cannot be inverted"):
        factor.whiten(np.ones((1, 7)))
