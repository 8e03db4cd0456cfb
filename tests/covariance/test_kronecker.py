from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.covariance import Covariance, Dense, Diagonal, Factored, Kronecker, LowRank
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.kronecker import KroneckerFactor
from mvn_dask.covariance.low_rank import LowRankFactor
from mvn_dask.errors import ArgumentError, UnsupportedOperationError
from tests.support.contracts import check_covariance, check_factor
from tests.toys.selection import selection

# Products of these have no rounding.
A, B = np.array([[4.0, 2.0], [2.0, 5.0]]), np.array([[1.0, 0.5, 0.0], [0.5, 2.0, 0.25], [0.0, 0.25, 4.0]])
WIDE, TALL = np.array([[1.0, 2.0, 0.5, 0.0], [0.0, 1.0, 4.0, 1.0]]), np.array([[1.0], [2.0], [0.0]])


@pytest.mark.parametrize(
    ("members", "rank"),
    [
        ([A, B], 6),
        ([Dense(A), Diagonal([1.0, 2.0, 4.0])], 6),
        ([A], 2),
        ([2.0, A, B, [0.5]], 6),
        ([Diagonal([1.0, 0.0]), B], 3),
        ([Factored(WIDE), B], 6),
        ([Factored(TALL), Factored(WIDE)], 2),
        ([Factored(WIDE), Factored(TALL), A], 4),
        ([LowRank(TALL, [0.0, 1.0, 4.0]), A], 6),
        ([Kronecker(A, [1.0, 2.0]), B], 12),
        ([A, Kronecker(B, Factored(WIDE))], 12),
    ],
)
def test_contract(members: Any, rank: int) -> None:
    covariance = Kronecker(*members)
    dense: Any = np.ones((1, 1))
    for member in covariance.members:
        dense = np.kron(dense, member.to_dense())
    check_covariance(covariance, dense, rank)


def test_the_order_is_that_of_numpy() -> None:
    rng = np.random.default_rng(1)
    f, g, h = rng.standard_normal((3, 2)), rng.standard_normal((2, 4)), rng.standard_normal((5, 5))
    factor = Kronecker(Factored(f), Factored(g), Factored(h)).factorize()
    z = rng.standard_normal((7, 2, 4, 5))
    expected = np.einsum("ai,bj,ck,nijk->nabc", f, g, h, z)
    np.testing.assert_allclose(factor.colorize(z.reshape(7, -1)), expected.reshape(7, -1), rtol=1e-10, atol=1e-12)
    assert Kronecker(Factored(f), g @ g.T).event_shape == (3, 2)
    assert Kronecker(Kronecker(A, B), A).event_shape == (2, 3, 2)


def test_no_row_has_more_numbers_than_at_an_end() -> None:
    """Memory and cost: 10⁴ normals become one number before the other member makes 10⁴ of it."""
    wide, tall = Factored(np.ones((1, 10**4))), Factored(np.ones((10**4, 1)))
    for covariance in (Kronecker(wide, tall), Kronecker(tall, wide)):
        factor = covariance.factorize()
        assert (factor.ndim, factor.noise_ndim, factor.flops) == (10**4, 10**4, 4 * 10**4)
        np.testing.assert_array_equal(factor.colorize(np.ones((1, 10**4))), np.full((1, 10**4), 1e4))


def test_a_field_costs_what_its_axes_do() -> None:
    factor = Kronecker(np.eye(50) + 0.5, np.eye(40) + 0.5).factorize()
    assert factor.flops == 50 * 40 * 41 + 40 * 50 * 51
    assert factor.nbytes == 8 * (50**2 + 40**2)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("members", [[A, B], [Factored(TALL), Factored(WIDE)], [LowRank(TALL, 1.0), A]])
def test_rows_have_the_covariance(members: Any, dtype: Any) -> None:
    covariance = Kronecker(*members)
    d, dense = covariance.ndim, covariance.to_dense()
    rows = (
        mvn_dask.MultivariateNormal(np.ones(d), covariance)
        .sample(200_000, seed=3, dtype=dtype)
        .compute()
        .reshape(-1, d)
    )
    # 6 standard errors of the worst of 36 entries.
    limit = 6 * np.sqrt(2 * np.multiply.outer(np.diagonal(dense), np.diagonal(dense)) / len(rows)) + 1e-6
    assert (np.abs(np.cov(rows.T) - dense) < limit).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_both_paths_and_all_cuts_give_the_same_bits(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from mvn_dask.covariance import row_product
    from mvn_dask.sampling import kernel

    rng = np.random.default_rng(2)
    covariance = Kronecker(
        Factored(rng.standard_normal((13, 9))), LowRank(rng.standard_normal((11, 2)), 1.0), [1.0, 2.0]
    )
    normal = mvn_dask.MultivariateNormal(rng.standard_normal(covariance.ndim), covariance)
    rows = normal.sample(700, seed=4, dtype=dtype, chunks=-1).compute()
    np.testing.assert_array_equal(normal.sample(700, seed=4, dtype=dtype, chunks=101).compute(), rows)
    for module in (kernel, row_product):
        monkeypatch.setattr(module, "compiled_module", lambda _: None)
    assert normal.sample(700, seed=4, dtype=dtype, chunks=300).compute().tobytes() == rows.tobytes()


def test_both_interfaces_take_it() -> None:
    covariance = Kronecker(A, B)
    rows = mvn_dask.default_rng(5).multivariate_normal(np.zeros(6), covariance, 7)
    np.testing.assert_array_equal(rows, mvn_dask.MultivariateNormal(np.zeros(6), covariance).sample(7, seed=5))
    assert repr(covariance) == "Kronecker(Dense(ndim=2, method='auto'), Dense(ndim=3, method='auto'))"
    assert repr(Kronecker(covariance, 2.0)) == "Kronecker(ndim=6, members=2)"


def test_names() -> None:
    named = Dense(A, names=["a", "b"])
    assert Kronecker(named, B).names is None
    assert Kronecker(named, [1.0], names=["x", "y"]).names == ("x", "y")


def test_what_a_member_does_not_offer_is_named() -> None:
    factor = Kronecker(A, selection(5, 4)).factorize()
    with pytest.raises(UnsupportedOperationError, match="kind 'selection' cannot be inverted"):
        factor.whiten(np.ones((1, 10)))
    with pytest.raises(UnsupportedOperationError, match="kind 'selection' has no cheap determinant"):
        _ = factor.log_det


def test_a_large_field_is_never_dense() -> None:
    members: list[Covariance] = [Diagonal(np.ones(500)), Dense(np.eye(400) + 0.5)]
    covariance = Kronecker(*members)
    rows = mvn_dask.MultivariateNormal(np.zeros(200_000), covariance).sample(3, seed=1, chunks=1).compute()
    assert rows.var() == pytest.approx(1.5, rel=0.2)
    small = Kronecker(np.eye(20) + 0.5, np.eye(15) + 0.5)
    check_factor(small.factorize(), small.to_dense())


def test_products_of_variances_that_float64_cannot_hold() -> None:
    with pytest.raises(ArgumentError, match="products of the variances of the members are too large for float64"):
        Kronecker([1e200, 0.0], [1e200])
    with pytest.raises(ArgumentError, match="products of the variances of the members are too small for float64"):
        Kronecker([1e-200, 0.0, 1.0], [1e-200])
    assert Kronecker([0.0], [1e-200], [1e-200, 1.0]).factorize().rank == 0


def test_large_members_are_applied_to_several_rows_at_once() -> None:
    """Loadings of a million variables are read once for some rows, and memory stays that of a few."""
    heights = []

    class Counted(LowRankFactor):
        def colorize(self, z: Any, out: Any = None) -> Any:
            heights.append(len(z))
            return super().colorize(z, out)

    big = Counted(np.ones((2**17, 1)), np.ones(2**17))
    factor = KroneckerFactor((big, ScaleFactor(np.ones(1))))
    factor.colorize(np.zeros((16, factor.noise_ndim)))
    assert heights == [8, 8]
    heights.clear()
    KroneckerFactor((big, ScaleFactor(np.ones(20)))).colorize(np.zeros((2, 20 * (2**17 + 1))))
    assert heights == [20, 20]
