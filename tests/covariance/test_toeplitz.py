from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import circulant, toeplitz

import mvn_dask
from mvn_dask.covariance import Circulant, Toeplitz
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from tests.support.contracts import check_covariance, check_factor

COLUMNS = [
    [2.0],
    [2.0, 1.0],
    [1.0, -0.5],
    0.9 ** np.arange(10),
    4.0 * (-0.7) ** np.arange(13),
    np.maximum(0.0, 1.0 - np.arange(24) / 7.0),
    [3.0, 1.0, 0.0, 0.0],
]


@pytest.mark.parametrize("column", COLUMNS)
def test_contract_of_toeplitz(column: Any) -> None:
    check_covariance(Toeplitz(column), toeplitz(np.asarray(column)))


@pytest.mark.parametrize("d", [1, 2, 3, 7, 12, 30, 73])
def test_contract_of_circulant(d: int) -> None:
    lags = np.minimum(np.arange(d), d - np.arange(d))
    column = 4.0 * 0.8**lags
    check_covariance(Circulant(column), circulant(column))


def test_contract_of_singular_matrices() -> None:
    for made in (Toeplitz(np.ones(6)), Circulant(np.ones(6))):
        assert made.factorize().rank == 1
        check_factor(made.factorize(), np.ones((6, 6)))
    cosine = np.cos(2 * np.pi * np.arange(8) / 8)
    wave = Circulant(cosine).factorize()
    assert wave.rank == 2
    check_factor(wave, circulant(cosine))


def test_samples_have_the_covariance() -> None:
    for made in (Toeplitz(0.8 ** np.arange(7)), Circulant([2.0, 1.0, 0.5, 0.25, 0.5, 1.0])):
        rows = mvn_dask.MultivariateNormal(0.0, made).sample(400_000, seed=1).compute()
        # Standard errors of 400,000 rows are at most 0.0045: 6 of them in the worst of 49.
        assert np.abs(np.cov(rows.T) - made.to_dense()).max() < 0.027


def test_a_large_factor_of_the_length_is_avoided_or_used() -> None:
    assert Toeplitz(0.9 ** np.arange(1010)).report.embedding == (2048,)
    # Convex to the last entry, but that stands in the middle of the fast embedding more often than once.
    ends_high = np.cos(np.pi * np.arange(8) / 7.0)
    assert Toeplitz(ends_high).report.embedding == (14,)


def test_labels_are_names() -> None:
    column = pd.Series([2.0, 1.0, 0.5], index=["a", "b", "c"])
    assert Toeplitz(column).names == ("a", "b", "c")
    assert Circulant([2.0, 1.0, 1.0], names=["x", "y", "z"]).names == ("x", "y", "z")
    assert Toeplitz([2.0, 1.0]).names is None
    assert mvn_dask.MultivariateNormal(0.0, Toeplitz(column)).names == ("a", "b", "c")
    with pytest.raises(ArgumentError, match="must agree"):
        Toeplitz(column, names=["a", "b", "d"])
    with pytest.raises(ArgumentError, match="must name every variable"):
        Circulant([2.0, 1.0, 1.0], names=["x"])


def test_input_is_copied_and_values_differ() -> None:
    column = np.array([2.0, 1.0, 1.0])
    made = [Toeplitz(column), Circulant(column), Toeplitz([2.0, 1.0, 0.5]), Toeplitz([2.0, 1.0])]
    digests = [each.digest() for each in made]
    column[1] = 0.0
    assert [each.digest() for each in made] == digests
    assert len(set(made)) == 4
    assert Toeplitz([1.0, 0.0]) == Toeplitz([1.0, -0.0])
    read_only = np.array([2.0, 1.0, 1.0])
    read_only.setflags(write=False)
    assert Toeplitz(read_only).digest() == digests[0]


@pytest.mark.parametrize("kind", [Toeplitz, Circulant])
def test_columns_that_are_none(kind: Any) -> None:
    for shape in ((2, 2), (0,), ()):
        with pytest.raises(ArgumentError, match="1 dimensional and not empty"):
            kind(np.ones(shape))
    for number in (np.nan, np.inf):
        with pytest.raises(ArgumentError, match=r"first_column\[1\] is (nan|inf)"):
            kind([1.0, number, number])
    for column in ([-1.0, 0.0], [1.0, -2.0], [0.0, 1.0]):
        with pytest.raises(ArgumentError, match="is no covariance: its first entry"):
            kind(column)
    wrongs: list[Any] = [["a", "b"], [1.0, 1j], None, "ab", [1.0, None], {1.0, 2.0}]
    for wrong in wrongs:
        with pytest.raises((ArgumentError, ArgumentTypeError), match=r"first_column|complex"):
            kind(wrong)
    with pytest.raises(ArgumentError, match="masked"):
        kind(np.ma.masked_array([1.0, 0.5], [False, True]))


def test_no_covariance() -> None:
    with pytest.raises(ArgumentError, match=r"no embedding of up to .* longer one .*toeplitz\(first_column\)"):
        Toeplitz([1.0, 0.99, 0.0, 0.0])
    with pytest.raises(ArgumentError, match="circulant matrix has negative eigenvalues"):
        Circulant([1.0, 0.9, 0.0, 0.9])
    with pytest.raises(ArgumentError, match=r"first_column\[1\] is 0.5, and first_column\[3\] is 0.25; Toeplitz"):
        Circulant([1.0, 0.5, 0.1, 0.25])
    with pytest.raises(ArgumentError, match="largest prime factor of that number is 1009"):
        Circulant(np.eye(1, 1009)[0])


def test_asymmetry_of_rounding_is_averaged() -> None:
    made = Circulant([1.0, 0.5, 0.25, 0.5 + 1e-12])
    np.testing.assert_array_equal(made.to_dense(), made.to_dense().T)
