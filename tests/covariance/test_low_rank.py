from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest

import mvn_dask
from mvn_dask.covariance import LowRank
from mvn_dask.covariance.base import factor_of_record
from mvn_dask.covariance.low_rank import LowRankFactor
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from tests.support.contracts import check_covariance, check_factor

# Sums of products of these have no rounding, in any order.
LOADINGS = np.array([[1.0, 0.5], [2.0, -1.0], [0.0, 4.0], [0.5, 0.0], [0.0, 0.0]])


@pytest.mark.parametrize(
    ("loadings", "variances", "rank"),
    [
        (LOADINGS, [1.0, 0.25, 4.0, 16.0, 1.0], 5),
        (LOADINGS, 4.0, 5),
        (LOADINGS, [0.0, 0.25, 0.0, 16.0, 1.0], 5),
        (LOADINGS, [0.0, 0.0, 0.0, 16.0, 1.0], 4),
        (LOADINGS, [1.0, 0.25, 4.0, 16.0, 0.0], 4),
        (LOADINGS, 0.0, 2),
        (LOADINGS.T, [1.0, 4.0], 2),
        (LOADINGS.T, [0.0, 4.0], 2),
        (LOADINGS[:1], 0.0, 1),
        (np.zeros((2, 1)), [0.0, 1.0], 1),
    ],
)
def test_contract(loadings: np.ndarray, variances: Any, rank: int) -> None:
    own = np.broadcast_to(np.asarray(variances, float), len(loadings))
    check_covariance(LowRank(loadings, variances), loadings @ loadings.T + np.diag(own), rank)


@pytest.mark.parametrize("shape", [(60, 3), (3, 60), (300, 20)])
def test_contract_of_random_loadings(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(shape)
    covariance = LowRank(rng.standard_normal(shape), rng.uniform(0.5, 2.0, shape[0]))
    check_factor(covariance.factorize(), covariance.to_dense())


def test_whitened_rows_are_the_shortest() -> None:
    rng = np.random.default_rng(4)
    for own in (rng.random(6), [0.0, 1.0, 0.0, 2.0, 3.0, 0.0], np.zeros(6)):
        covariance = LowRank(rng.standard_normal((6, 2)), own)
        factor = covariance.factorize()
        basis = factor.colorize(np.eye(8)).T
        x = factor.colorize(rng.standard_normal((5, 8)))
        np.testing.assert_allclose(factor.whiten(x), x @ np.linalg.pinv(basis).T, atol=1e-10)


def test_normals_of_the_common_factors_come_first() -> None:
    covariance = LowRank([[1.0], [2.0]], [9.0, 16.0])
    np.testing.assert_array_equal(covariance.factorize().colorize(np.eye(3)), [[1.0, 2.0], [3.0, 0.0], [0.0, 4.0]])


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("own", [1.0, [0.0, 1.0, 0.0, 2.0, 3.0], 0.0])
def test_rows_have_the_covariance(own: Any, dtype: Any) -> None:
    covariance = LowRank(LOADINGS, own)
    rows = mvn_dask.MultivariateNormal(np.ones(5), covariance).sample(200_000, seed=3, dtype=dtype).compute()
    dense = covariance.to_dense()
    # 6 standard errors of the worst of 25 entries.
    limit = 6 * np.sqrt(2 * np.multiply.outer(np.diagonal(dense), np.diagonal(dense)) / len(rows)) + 1e-6
    assert (np.abs(np.cov(rows.T) - dense) < limit).all()


def test_both_interfaces_take_it() -> None:
    covariance = LowRank(LOADINGS, 1.0)
    rows = mvn_dask.default_rng(5).multivariate_normal(np.zeros(5), covariance, 7)
    np.testing.assert_array_equal(rows, mvn_dask.MultivariateNormal(np.zeros(5), covariance).sample(7, seed=5))
    assert repr(covariance) == "LowRank(ndim=5, factors=2)"


def test_many_variables() -> None:
    """Stripes of a few rows of many numbers, cut at will: loadings are read where they lie."""
    d, k = 50_000, 30
    rng = np.random.default_rng(1)
    covariance = LowRank(rng.standard_normal((d, k)), rng.random(d))
    normal = mvn_dask.MultivariateNormal(np.zeros(d), covariance)
    assert normal.sampler(np.dtype("f8")).drawing_bytes == 8 * (d * k + 3 * d)
    whole = normal.sample(200, seed=2, chunks=-1)[120:140].compute()
    np.testing.assert_array_equal(normal.sample(200, seed=2, chunks=7)[120:140].compute(), whole)
    np.testing.assert_allclose(whole.var(axis=0).sum(), covariance.variances().sum(), rtol=0.2)


def test_labels_are_names() -> None:
    frame = pd.DataFrame(LOADINGS, index=list("abcde"), columns=["f", "g"])
    own = pd.Series(np.ones(5), index=list("abcde"))
    assert LowRank(frame, 1.0).names == LowRank(LOADINGS, own).names == LowRank(frame, own).names == tuple("abcde")
    assert LowRank(LOADINGS, 1.0).names is None
    assert LowRank(LOADINGS, 1.0, names=list("vwxyz")).names == tuple("vwxyz")
    with pytest.raises(ArgumentError, match="must agree"):
        LowRank(frame, own[::-1])
    with pytest.raises(ArgumentError, match=r"that of variable 1 \(b\) is -1"):
        LowRank(frame, [1.0, -1.0, 1.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("loadings", "variances", "message"),
    [
        (LOADINGS[:, 0], 1.0, "`loadings` must be 2 dimensional and not empty"),
        (LOADINGS, np.ones((5, 1)), "`variances` must be 1 dimensional"),
        (LOADINGS, np.ones(4), "must have same length: 5 and 4 variables"),
        (LOADINGS, [], "`variances` must be 1 dimensional and not empty"),
        (np.ones((0, 2)), 1.0, "not empty"),
        (np.ones((2, 0)), 1.0, "not empty"),
        (LOADINGS, -1.0, "`variances` must not be negative: that of variable 0 is -1"),
        (LOADINGS, np.nan, r"variances\[0\] is nan"),
        (LOADINGS, [1.0, np.inf, 1.0, 1.0, 1.0], r"variances\[1\] is inf"),
        (np.full((5, 2), np.inf), 1.0, r"loadings\[0, 0\] is inf"),
        (LOADINGS * 1e200, 1.0, "`loadings` is too large for float64: the variance of variable 0 is inf"),
        (LOADINGS * 1e-200, 0.0, "`loadings` is too small for float64: the variance of variable 0 is 0"),
    ],
)
def test_bad_numbers(loadings: Any, variances: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        LowRank(loadings, variances)


@pytest.mark.parametrize(
    "wrong", ["text", [["a"]], [[1j]], None, {"a": 1}, object(), np.array([["2020-01-01"]], "M8[D]")]
)
def test_bad_types(wrong: Any) -> None:
    with pytest.raises(ArgumentTypeError):
        LowRank(wrong, 1.0)
    with pytest.raises(ArgumentTypeError):
        LowRank(LOADINGS, wrong)


def test_values() -> None:
    lazy = LowRank(da.from_array(LOADINGS, chunks=2), da.ones(5, chunks=2))
    assert lazy == LowRank(LOADINGS.tolist(), 1.0)
    assert lazy != LowRank(LOADINGS, 2.0)
    assert lazy != LowRank(2 * LOADINGS, 1.0)
    signed = np.where(LOADINGS == 0, -0.0, LOADINGS)
    assert LowRank(signed, [-0.0, 1, 1, 1, 1]).digest() == LowRank(LOADINGS, [0.0, 1, 1, 1, 1]).digest()
    loadings = np.ones((10, 3))
    loadings.setflags(write=False)
    assert LowRank(loadings, 1.0).factorize().arrays()["loadings"] is loadings


@pytest.mark.parametrize(
    "arrays",
    [
        {"loadings": LOADINGS, "scale": np.ones(4)},
        {"loadings": LOADINGS, "scale": np.ones(5, np.float32)},
        {"loadings": LOADINGS[:, 0], "scale": np.ones(5)},
        {"loadings": LOADINGS.astype(int), "scale": np.ones(5)},
        {"loadings": LOADINGS, "scale": np.ones((5, 1))},
    ],
)
def test_damaged_arrays(arrays: Any) -> None:
    with pytest.raises(ArgumentError, match=r"loadings|scale"):
        LowRankFactor.from_arrays(arrays)
    with pytest.raises(ArgumentError, match=r"loadings|scale"):
        factor_of_record({"kind": "low_rank"}, arrays)
