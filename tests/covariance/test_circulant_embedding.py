import numpy as np
import pytest

from mvn_dask._typing import Float64Array
from mvn_dask.covariance.circulant_embedding import Embedding, padding_that_does, refuse_large_factors
from mvn_dask.errors import ArgumentError


def gaussian_lags(lengths: tuple[int, ...], length: float = 6.0) -> Float64Array:
    squares = np.zeros(1)
    for each in lengths:
        squares = np.add.outer(squares, np.arange(each // 2 + 1.0) ** 2)
    return np.asarray(np.exp(-squares[0] / (2 * length**2)))


def test_an_exact_embedding() -> None:
    embedding = Embedding.of(np.array([2.0, 1.0, 0.0]), (3,), (4,), approximate=False)
    assert embedding is not None
    np.testing.assert_allclose(embedding.roots**2 * 4, [4.0, 2.0, 0.0], atol=1e-15)
    assert embedding.is_exact
    assert embedding.report.embedding == (4,)
    assert embedding.report.largest_error == 0.0
    assert not embedding.values.flags.writeable
    assert not embedding.roots.flags.writeable


def test_negative_eigenvalues() -> None:
    values = np.array([1.0, 0.9, 0.0])
    assert Embedding.of(values, (3,), (4,), approximate=False) is None
    embedding = Embedding.of(values, (2,), (4,), approximate=True)
    assert embedding is not None
    eigenvalues = np.array([2.8, 1.0, -0.8])
    assert not embedding.is_exact
    np.testing.assert_allclose(embedding.report.smallest_eigenvalue, -0.8 / 2.8)
    # Of the whole circle: 2.8, 1, -0.8, 1, which sum to 4; without the negative one to 4.8.
    drawn = np.maximum(eigenvalues, 0.0) * 4 / 4.8
    np.testing.assert_allclose(embedding.roots**2 * 4, drawn)
    covariances = np.fft.fft(drawn[[0, 1, 2, 1]]).real / 4
    np.testing.assert_allclose(covariances[0], 1.0)
    np.testing.assert_allclose(embedding.report.largest_error, abs(covariances[1] - 0.9))


def test_rounding_is_not_negative() -> None:
    values = np.array([1.0, 1.0, 1.0 - 1e-15])
    embedding = Embedding.of(values, (3,), (4,), approximate=False)
    assert embedding is not None
    assert embedding.is_exact
    assert (embedding.roots >= 0.0).all()


def test_nothing_varies() -> None:
    embedding = Embedding.of(np.zeros(3), (3,), (4,), approximate=True)
    assert embedding is not None
    assert embedding.report.smallest_eigenvalue == 0.0
    np.testing.assert_array_equal(embedding.roots, np.zeros(3))


@pytest.mark.parametrize(("lengths", "length"), [((30,), 6.0), ((30, 24), 6.0), ((16, 12, 18), 2.5)])
def test_the_padding_does_and_less_does_not(lengths: tuple[int, ...], length: float) -> None:
    padding = padding_that_does(lambda longer: gaussian_lags(longer, length), lengths, lengths)
    assert padding is not None
    kept = tuple(each // 2 for each in lengths)
    longer = tuple(each + more for each, more in zip(lengths, padding, strict=True))
    assert Embedding.of(gaussian_lags(lengths, length), kept, lengths, approximate=False) is None
    assert Embedding.of(gaussian_lags(longer, length), kept, longer, approximate=False) is not None


def test_no_padding_does() -> None:
    assert padding_that_does(lambda longer: gaussian_lags(longer, 1000.0), (30,), (30,)) is None
    assert padding_that_does(lambda _: np.ones(0), (2**30,), (2**30,)) is None, "too large to be tried"


def test_large_factors_are_refused() -> None:
    for length in (1, 2, 997, 2 * 997, 1000):
        refuse_large_factors("column", length)
    with pytest.raises(ArgumentError, match=r"`column` has 2018 entries, and the largest prime factor .* is 1009"):
        refuse_large_factors("column", 2 * 1009)
