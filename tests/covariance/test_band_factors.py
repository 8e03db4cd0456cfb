import pickle

import numpy as np
import pytest

from mvn_dask._typing import Float64Array
from mvn_dask.covariance import Factor, band_factors
from mvn_dask.covariance.band_factors import BandFactor, BandPrecisionFactor
from mvn_dask.errors import ArgumentError
from tests.covariance.test_band_triangle import dense, triangle
from tests.support.contracts import check_factor

SHAPES = [(1, 0), (2, 1), (7, 2), (40, 39), (150, 12)]


def product(bands: Float64Array) -> Float64Array:
    return np.asarray(dense(bands) @ dense(bands).T)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(("d", "u"), SHAPES)
def test_contract(d: int, u: int) -> None:
    bands = triangle(d, u)
    check_factor(BandFactor(bands), product(bands))
    inverse = np.linalg.inv(dense(bands))
    check_factor(BandPrecisionFactor(bands), inverse @ inverse.T)


@pytest.mark.parametrize(("d", "u"), SHAPES)
def test_one_is_the_inverse_of_the_other(d: int, u: int) -> None:
    bands, z = triangle(d, u), np.random.default_rng(0).standard_normal((5, d))
    one, other = BandFactor(bands), BandPrecisionFactor(bands)
    np.testing.assert_array_equal(one.colorize(z), other.whiten(z))
    np.testing.assert_array_equal(one.whiten(z), other.colorize(z))
    assert one.log_det == -other.log_det
    assert one.rank == other.rank == d
    assert one.flops == other.flops == 2 * np.count_nonzero(np.tri(d) - np.tri(d, k=-u - 1))


@pytest.mark.parametrize("kind", [BandFactor, BandPrecisionFactor])
def test_covariances_of_any_variables_in_any_order(
    kind: type[BandFactor] | type[BandPrecisionFactor], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Some columns at a time, the last fewer.
    monkeypatch.setattr(band_factors, "SOLVED_NUMBERS", 1)
    factor = kind(triangle(60, 7))
    basis = factor.colorize(np.eye(60)).T
    whole, rng = basis @ basis.T, np.random.default_rng(1)
    for rows, columns in ((60, 60), (25, 60), (60, 25), (1, 3), (3, 1), (0, 2), (2, 0), (0, 0)):
        i, j = rng.integers(0, 60, rows), rng.integers(0, 60, columns)
        found = factor.covariance_of(i.tolist(), j.tolist())
        np.testing.assert_allclose(found, whole[np.ix_(i, j)], atol=1e-12)
        assert found.shape == (rows, columns)
    np.testing.assert_array_equal(factor.covariance_of(range(2), range(3)), factor.covariance_of([0, 1], [0, 1, 2]))


@pytest.mark.parametrize("kind", [BandFactor, BandPrecisionFactor])
def test_arrays_that_make_no_factor(kind: type[Factor]) -> None:
    for wrong in (
        np.ones((3, 2)), np.ones(3), np.ones((1, 1, 1)), np.ones((0, 3)), np.ones((2, 3), complex),
        np.ones((2, 3), int), np.ones((2, 3), np.float16),
    ):  # fmt: skip
        with pytest.raises(ArgumentError):
            kind.from_arrays({"bands": wrong})


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("kind", [BandFactor, BandPrecisionFactor])
def test_hostile_numbers_make_no_more_than_wrong_rows(kind: type[Factor]) -> None:
    for number in (0.0, -0.0, np.nan, np.inf, 5e-324):
        factor = kind.from_arrays({"bands": np.full((3, 5), number)})
        with np.errstate(all="ignore"):
            assert factor.colorize(np.ones((2, 5))).shape == (2, 5)
            assert factor.variances().shape == (5,)
    assert kind.from_arrays({"bands": np.zeros((1, 2))}).rank == 0


def test_what_travels_is_the_bands_alone() -> None:
    for factor in (BandFactor(triangle(1000, 3)), BandPrecisionFactor(triangle(1000, 3))):
        assert factor.nbytes == 4 * 1000 * 8
        assert len(pickle.dumps(factor)) < factor.nbytes + 500
