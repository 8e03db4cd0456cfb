import numpy as np
import pytest

from mvn_dask.covariance import CirculantFactor, Factor, StationaryGrid, exponential
from mvn_dask.covariance.circulant_factor import sum_of_all, transformed
from mvn_dask.covariance.hartley_transform import HartleyTransform
from mvn_dask.errors import ArgumentError, UnsupportedOperationError
from tests.support.contracts import check_factor

GRIDS = [((1,), (1,)), ((5,), (8,)), ((9,), (9,)), ((4, 3), (6, 8)), ((2, 3, 3), (2, 4, 5)), ((3, 1, 4), (4, 1, 6))]


def factor_of(kept: tuple[int, ...], lengths: tuple[int, ...]) -> CirculantFactor:
    transform = HartleyTransform(kept, lengths)
    return CirculantFactor.of_roots(transform, 0.1 + np.random.default_rng(lengths).random(transform.half))


def dense_of(factor: CirculantFactor) -> np.ndarray:
    """A A^T by numpy, of the eigenvalues of the whole grid."""
    lengths, kept = factor.transform.lengths, factor.transform.kept
    places = np.ix_(*(np.minimum(np.arange(length), length - np.arange(length)) for length in lengths))
    covariances = np.fft.fftn(factor.roots[places].astype(np.float64) ** 2).real
    points = np.indices(kept).reshape(len(kept), -1)
    return np.asarray(covariances[tuple(np.subtract.outer(point, point) for point in points)])


@pytest.mark.parametrize(("kept", "lengths"), GRIDS)
def test_contract(kept: tuple[int, ...], lengths: tuple[int, ...]) -> None:
    factor = factor_of(kept, lengths)
    check_factor(factor, dense_of(factor))


def test_contract_of_a_singular_factor() -> None:
    for kept, lengths in GRIDS[1:4]:
        transform = HartleyTransform(kept, lengths)
        roots = np.zeros(transform.half)
        roots.flat[:2] = 1.0, 2.0
        factor = CirculantFactor.of_roots(transform, roots)
        assert factor.rank == 3, "a point and its mirror image, and the mean"
        check_factor(factor, dense_of(factor))


def test_numbers_without_a_gap_are_not_needed() -> None:
    factor = factor_of((4, 3), (6, 8))
    z = np.random.default_rng(1).standard_normal((3, 48))
    x = factor.colorize(z)
    wide = np.empty((3, 24))
    factor.colorize(np.asfortranarray(z), out=wide[:, ::2])
    np.testing.assert_array_equal(wide[:, ::2], x)
    z.setflags(write=False)
    np.testing.assert_array_equal(factor.colorize(z[::-1])[::-1], x)


def test_rows_of_another_length_are_refused() -> None:
    factor = factor_of((4, 3), (6, 8))
    for z, out in ((np.ones((2, 47)), None), (np.ones(48), None), (np.ones((2, 48)), np.ones((2, 11)))):
        with pytest.raises(ArgumentError, match="rows of 48 normals become rows of 12"):
            factor.colorize(z, out=out)


def test_what_is_not_offered() -> None:
    factor = factor_of((5,), (8,))
    with pytest.raises(UnsupportedOperationError, match="kind 'circulant' cannot be inverted cheaply"):
        factor.whiten(np.ones((1, 5)))
    with pytest.raises(UnsupportedOperationError, match="kind 'circulant' has no cheap determinant"):
        _ = factor.log_det


def test_tables_are_the_same_on_every_machine() -> None:
    factor = factor_of((4, 3), (6, 8))
    again = Factor.of_kind("circulant").from_arrays(factor.arrays())
    np.testing.assert_array_equal(again.arrays()["tables"], factor.transform.tables())


@pytest.mark.parametrize(
    "points",
    [
        np.array([[4, 3], [6, 9]]),
        np.array([[4, 3], [6, 2**62]]),
        np.array([[4, -3], [6, 8]]),
        np.array([[0, 3], [6, 8]]),
        np.array([[7, 3], [6, 8]]),
        np.array([[4, 3], [-6, 8]]),
        np.array([[4, 3], [6, 8]], np.int32),
        np.array([[4, 3], [6, 8]], np.float64),
        np.array([4, 3, 6, 8]),
        np.array([[4, 3, 1, 1], [6, 8, 1, 1]]),
        np.empty((2, 0), np.int64),
        np.array([[4, 3]]),
    ],
)
def test_hostile_points_are_refused(points: np.ndarray) -> None:
    with pytest.raises(ArgumentError, match=r"points|tables"):
        CirculantFactor.from_arrays({**factor_of((4, 3), (6, 8)).arrays(), "points": points})


def test_other_arrays_are_refused() -> None:
    arrays = factor_of((4, 3), (6, 8)).arrays()
    for name, wrong in (
        ("roots", arrays["roots"][:-1]),
        ("roots", arrays["roots"].astype(np.int64)),
        ("tables", arrays["tables"][:, :-1]),
        ("tables", arrays["tables"].astype(np.float32)),
        ("tables", arrays["tables"].T),
    ):
        with pytest.raises(ArgumentError, match=f"'{name}' has the shape"):
            CirculantFactor.from_arrays({**arrays, name: wrong})


def test_sums_and_transforms_of_mirrored_numbers() -> None:
    for lengths in ((1,), (2,), (7,), (4, 5), (3, 4, 6)):
        transform = HartleyTransform(lengths, lengths)
        half = np.random.default_rng(1).random(transform.half)
        places = np.ix_(*(np.minimum(np.arange(length), length - np.arange(length)) for length in lengths))
        np.testing.assert_allclose(sum_of_all(half, lengths), half[places].sum(), rtol=1e-14)
        expected = np.fft.fftn(half[places])
        np.testing.assert_allclose(
            transformed(transform, half), expected[tuple(map(slice, transform.half))], atol=1e-13
        )


def test_covariances_of_indices_with_a_point() -> None:
    factor = StationaryGrid(exponential(2.0), (4, 5)).factorize()
    assert isinstance(factor, CirculantFactor)
    found = factor.covariances_between([np.array([1, 3]), np.array([4, 0, 2])], 13)
    numbers = np.add.outer(5 * np.array([1, 3]), np.array([4, 0, 2])).ravel().tolist()
    np.testing.assert_array_equal(found.ravel(), factor.covariance_of(numbers, [13])[:, 0])
