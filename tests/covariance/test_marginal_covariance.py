"""Covariances of some of the variables, beside rows and columns of the whole matrix."""

import numpy as np
import pytest
import scipy.sparse

from mvn_dask.covariance import (
    Banded,
    BlockDiagonal,
    Covariance,
    Dense,
    Diagonal,
    Factored,
    LowRank,
    Precision,
    Scaled,
    Sparse,
    StationaryGrid,
    Toeplitz,
    exponential,
)
from mvn_dask.covariance.marginal_covariance import MARGINAL_NDIM, bands_between, marginal
from mvn_dask.errors import UnsupportedOperationError
from tests.toys.selection import selection

RISING, MIXED = np.array([0, 2, 3, 6]), np.array([5, 0, 6, 2])


def band_matrix(d: int = 8) -> Banded:
    return Banded([np.linspace(2.0, 4.0, d), np.full(d, -0.7), np.full(d, 0.3)], lower=True)


def members() -> list[tuple[Covariance, type[Covariance], type[Covariance]]]:
    """Covariances of 8 variables, and what they become in rising order and in another."""
    rng = np.random.default_rng(1)
    loadings, square = rng.standard_normal((8, 2)), rng.standard_normal((8, 8))
    sparse = scipy.sparse.csc_array(band_matrix().to_dense())
    return [
        (Dense(square @ square.T), Dense, Dense),
        (Diagonal(np.arange(1.0, 9.0)), Diagonal, Diagonal),
        (LowRank(loadings, np.arange(8.0)), LowRank, LowRank),
        (Factored(loadings), Factored, Factored),
        (Scaled(LowRank(loadings, 1.0), np.arange(1.0, 9.0)), Scaled, Scaled),
        (band_matrix(), Banded, Dense),
        (Sparse(sparse, ordering="natural"), Sparse, Sparse),
        (Precision(band_matrix()), Dense, Dense),
        (Precision(sparse), Dense, Dense),
        (Precision(band_matrix().to_dense()), Dense, Dense),
        (Toeplitz(0.5 ** np.arange(8.0)), Dense, Dense),
        (StationaryGrid(exponential(2.0), (2, 4)), Dense, Dense),
        (BlockDiagonal(np.eye(3), square[:5, :5] @ square[:5, :5].T), Dense, Dense),
        (selection(8, 9), Dense, Dense),
    ]


@pytest.mark.parametrize(("covariance", "rising", "mixed"), members(), ids=lambda value: repr(value)[:30])
def test_they_are_rows_and_columns_of_the_whole(
    covariance: Covariance, rising: type[Covariance], mixed: type[Covariance]
) -> None:
    whole = covariance.to_dense()
    for places, kind in ((RISING, rising), (MIXED, mixed), (np.array([7]), rising)):
        part = marginal(covariance, places)
        assert type(part) is kind
        np.testing.assert_allclose(part.to_dense(), whole[np.ix_(places, places)], rtol=1e-10, atol=1e-12)
        factor = part.factorize()
        np.testing.assert_allclose(factor.variances(), whole[places, places], rtol=1e-10)


def test_all_in_their_order_are_the_covariance_itself() -> None:
    covariance = Precision(Banded([np.full(10**5, 2.0), np.full(10**5, -0.5)], lower=True))
    assert marginal(covariance, np.arange(10**5)) is covariance


def test_how_a_matrix_is_factorised_is_kept() -> None:
    covariance = Dense(np.eye(3), method="eigh", check_valid="raise", tol=0.5)
    part = marginal(covariance, np.array([2, 1]))
    assert isinstance(part, Dense)
    assert (part.method, part.check_valid, part.tol) == ("eigh", "raise", 0.5)
    sparse = marginal(Sparse(scipy.sparse.eye_array(3), ordering="natural"), np.array([2, 1]))
    assert isinstance(sparse, Sparse)
    assert sparse.ordering == "natural"


def test_a_matrix_that_would_be_large_is_refused() -> None:
    d = MARGINAL_NDIM + 2
    covariance = Precision(Banded([np.full(d, 2.0), np.full(d, -0.5)], lower=True))
    with pytest.raises(UnsupportedOperationError, match="found for 5,000 at most"):
        marginal(covariance, np.arange(d - 1))


def test_bands_of_variables_far_apart_are_zeros() -> None:
    bands = band_matrix().bands
    np.testing.assert_array_equal(bands_between(bands, np.array([1, 7])), [bands[0, [1, 7]], [0.0, 0.0]])
    whole = band_matrix().to_dense()
    places = np.array([0, 1, 3, 4, 7])
    part = Banded(bands_between(bands, places), lower=True)
    np.testing.assert_array_equal(part.to_dense(), whole[np.ix_(places, places)])


def test_a_large_precision_gives_a_small_marginal() -> None:
    d = 10**5
    covariance = Precision(Banded([np.full(d, 2.0), np.full(d, -0.5)], lower=True))
    part = marginal(covariance, np.array([50_000, 50_001])).to_dense()
    # The process is stationary in the middle: the covariance of neighbours is that of an infinite one.
    rho = 2.0 - np.sqrt(3.0)
    variance = 1.0 / np.sqrt(3.0)
    np.testing.assert_allclose(part, variance * np.array([[1.0, rho], [rho, 1.0]]), rtol=1e-12)
