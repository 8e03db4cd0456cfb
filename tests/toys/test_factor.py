"""Rectangular factors: those of the toy, and matrices that compiled code multiplies with."""

from typing import ClassVar
from unittest.mock import patch

import numpy as np
import pytest

import mvn_dask
from mvn_dask.covariance import Factor, MatrixFactor, row_product
from mvn_dask.errors import ArgumentError, UnsupportedOperationError
from mvn_dask.random.streams import as_root
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import NOISE_BYTES, STRIPES_TOGETHER, Plan
from tests.support.contracts import check_covariance, check_factor
from tests.toys.selection import Selection, SelectionFactor, selection

SHAPES = [(20, 3), (3, 20), (5, 2), (330, 300), (300, 330), (400, 10), (10, 400), (1, 7), (7, 1), (6, 6), (330, 330)]


class RectangularFactor(MatrixFactor):
    """A factor of any shape, applied by compiled products."""

    kind: ClassVar[str] = "rectangular"

    @property
    def rank(self) -> int:
        return int(np.linalg.matrix_rank(self.matrix))


def rectangular(d: int, k: int) -> RectangularFactor:
    return RectangularFactor(np.random.default_rng([d, k]).standard_normal((d, k)))


def expected_rows(factor: Factor, mean: np.ndarray, plan: Plan, stop: int) -> np.ndarray:
    """The first rows as numpy's streams and the factor make them, stripe by stripe, without compiled code."""
    rows = []
    for stripe in range(-(-stop // plan.stripe)):
        z = plan.root.child(stripe).generator().standard_normal((plan.stripe, plan.noise_ndim), dtype=mean.dtype.type)
        with patch.object(row_product, "compiled_module", lambda _: None):
            rows.append(factor.colorize(z) + mean)
    return np.concatenate(rows)[:stop]


@pytest.mark.parametrize("shape", SHAPES)
def test_contract(shape: tuple[int, int]) -> None:
    factor = rectangular(*shape)
    check_factor(factor, factor.matrix @ factor.matrix.T)
    toy = selection(*shape)
    check_factor(toy.factorize(), toy.to_dense())


def test_contract_of_a_regular_toy() -> None:
    indices = np.array([[0, 1], [1, 2], [2, 2], [3, 0]])
    toy = Selection(indices, np.array([[1.0, 0.5], [2.0, 0.25], [1.0, 1.0], [0.5, 0.5]]), 4)
    check_covariance(toy, toy.to_dense())


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("toy", [False, True])
def test_rows_are_the_factors_own_on_both_paths(toy: bool, shape: tuple[int, int], dtype: str) -> None:
    """Whole stripes together, a stripe cut at both ends, and a few rows: bit by bit."""
    d, k = shape
    factor = (selection(d, k).factorize() if toy else rectangular(d, k)).astype(dtype)
    mean = np.arange(d, dtype=dtype)
    for bit_generator in (7, np.random.PCG64(7)):
        root = as_root(bit_generator).child(0)
        plan = Plan((10**6,), d, k, dtype, root, (10**6,))
        total = min(2 * plan.stripe + 5, 3000)
        expected = expected_rows(factor, mean, plan, total)
        for start, stop in ((0, total), (3, total - 2), (0, 1), (total - 1, total)):
            rows = kernel.draw_rows(factor, mean, plan, start, stop)
            np.testing.assert_array_equal(rows, expected[start:stop])


@pytest.mark.usefixtures("path")
def test_many_stripes_together() -> None:
    factor, mean = rectangular(40, 600), np.arange(40.0)
    plan = Plan((10**6,), 40, 600, "float64", as_root(3).child(0), (10**6,))
    stop = 9 * plan.stripe + 1
    np.testing.assert_array_equal(
        kernel.draw_rows(factor, mean, plan, 0, stop), expected_rows(factor, mean, plan, stop)
    )


def test_noise_that_lies_apart_is_counted_and_small() -> None:
    for d, k in ((2, 2), (1000, 3), (3, 1000), (10**6, 100), (2, 10**6)):
        plan = Plan((10**9,), d, k, "float64", as_root(1), (10**6,))
        noise = plan.noise_stripes * plan.stripe * k * 8
        assert 1 <= plan.noise_stripes <= STRIPES_TOGETHER
        assert plan.noise_stripes == 1 or noise <= NOISE_BYTES
        assert plan.work_bytes >= noise + 2 * plan.stripe * max(d, k) * 8
        assert plan.task_bytes(100) == 10**6 * d * 8 + 100 + plan.work_bytes


def test_what_a_factor_does_not_offer_is_a_named_error() -> None:
    factor = selection(5, 4).factorize()
    with pytest.raises(UnsupportedOperationError, match="kind 'selection' cannot be inverted cheaply"):
        factor.whiten(np.ones((1, 5)))
    with pytest.raises(UnsupportedOperationError, match="kind 'selection' has no cheap determinant"):
        _ = factor.log_det
    with pytest.raises(NotImplementedError, match="is no operand"):
        _ = factor.operand


def test_hostile_indices_are_refused() -> None:
    arrays = selection(5, 4).factorize().arrays()
    for wrong in (-1, 4, 2**62):
        indices = arrays["indices"].copy()
        indices[2, 1] = wrong
        with pytest.raises(ArgumentError, match="indices"):
            SelectionFactor.from_arrays({**arrays, "indices": indices})


def test_samples_have_the_covariance() -> None:
    toy = selection(6, 4)
    rows = mvn_dask.MultivariateNormal(np.zeros(6), toy).sample(400_000, seed=1).compute()
    # Standard errors of 400,000 rows are 0.0016 of the product of deviations: 6 of them in the worst of 36.
    limit = 0.01 * np.sqrt(np.multiply.outer(toy.variances(), toy.variances()))
    assert (np.abs(np.cov(rows.T) - toy.to_dense()) < limit).all()
