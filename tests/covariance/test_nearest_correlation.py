import numpy as np
import pytest

from mvn_dask.covariance.nearest_correlation import nearest_correlation, unit_diagonal
from mvn_dask.errors import ArgumentError
from tests.support.strategies import Floats

HIGHAM_3 = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
HIGHAM_4 = np.array([[2.0, -1.0, 0.0, 0.0], [-1.0, 2.0, -1.0, 0.0], [0.0, -1.0, 2.0, -1.0], [0.0, 0.0, -1.0, 2.0]])
"""The examples of Higham 2002, with the results that are printed there."""


def indefinite(d: int, seed: int = 0) -> Floats:
    """Correlations drawn one by one, which are no correlation matrix for any but small d."""
    upper = np.triu(np.random.default_rng([d, seed]).uniform(-1.0, 1.0, (d, d)), 1)
    return np.asarray(upper + upper.T + np.eye(d))


def alternating_projections(matrix: Floats, rounds: int) -> Floats:
    """The oracle: Dykstra's correction, as in Higham 2002."""
    y, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(rounds):
        shifted = y - correction
        eigenvalues, vectors = np.linalg.eigh(shifted)
        x = (vectors * np.maximum(eigenvalues, 0.0)) @ vectors.T
        correction = x - shifted
        y = x.copy()
        np.fill_diagonal(y, 1.0)
    return y


@pytest.mark.parametrize(
    ("matrix", "expected", "distance"),
    [
        (HIGHAM_3, [[1, 0.7607, 0.1573], [0.7607, 1, 0.7607], [0.1573, 0.7607, 1]], 0.5278),
        (
            HIGHAM_4,
            [
                [1, -0.8084, 0.1916, 0.1068],
                [-0.8084, 1, -0.6562, 0.1916],
                [0.1916, -0.6562, 1, -0.8084],
                [0.1068, 0.1916, -0.8084, 1],
            ],
            2.1337,
        ),
    ],
)
def test_published_examples(matrix: Floats, expected: Floats, distance: float) -> None:
    found = nearest_correlation(matrix)
    np.testing.assert_allclose(found, expected, atol=5e-5)
    assert np.linalg.norm(found - matrix) == pytest.approx(distance, abs=5e-5)


@pytest.mark.parametrize("d", [3, pytest.param(4, marks=pytest.mark.slow), 8, pytest.param(15, marks=pytest.mark.slow)])
@pytest.mark.parametrize("scale", [0.5, 1.0, pytest.param(4.0, marks=pytest.mark.slow)])
def test_alternating_projections_find_the_same(d: int, scale: float) -> None:
    for seed in range(5):
        matrix = scale * (indefinite(d, seed) - np.eye(d)) + np.eye(d)
        expected = alternating_projections(matrix, 2000)
        np.testing.assert_allclose(nearest_correlation(matrix), expected, atol=1e-7)


@pytest.mark.parametrize("d", [1, 2, 5, 40])
@pytest.mark.parametrize("scale", [1.0, 3.0, 1e3])
def test_it_is_a_correlation_matrix(d: int, scale: float) -> None:
    matrix = scale * (indefinite(d) - np.eye(d)) + np.eye(d)
    found = nearest_correlation(matrix)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diagonal(found), np.ones(d))
    assert np.linalg.eigvalsh(found)[0] > -1e-13
    clipped = np.linalg.eigh(matrix)
    other = unit_diagonal((clipped[1] * np.maximum(clipped[0], 0.0)) @ clipped[1].T)
    assert np.linalg.norm(found - matrix) <= np.linalg.norm(other - matrix) * (1 + 1e-10)


@pytest.mark.slow
def test_few_and_many_negative_eigenvalues() -> None:
    rng = np.random.default_rng(3)
    regular: Floats = np.asarray(np.corrcoef(rng.standard_normal((40, 80))))
    few = regular.copy()
    few[0, 1] = few[1, 0] = 0.99
    few[0, 2] = few[2, 0] = -0.99
    many = 1.2 * np.where(rng.random((40, 40)) < 0.5, 1.0, -1.0)
    many = np.triu(many, 1) + np.triu(many, 1).T + np.eye(40)
    assert np.count_nonzero(np.linalg.eigvalsh(few) < 0) < 5
    for matrix in (few, many):
        np.testing.assert_allclose(nearest_correlation(matrix), alternating_projections(matrix, 2000), atol=1e-6)
    np.testing.assert_allclose(nearest_correlation(regular), regular, atol=1e-12)


def test_where_rounding_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.covariance.nearest_correlation.MAX_STEPS", 1)
    with pytest.raises(ArgumentError, match="lost in rounding errors"):
        nearest_correlation(indefinite(30))


@pytest.mark.parametrize("scale", [1e9, 1e100])
def test_entries_far_beyond_one(scale: float) -> None:
    with pytest.raises(ArgumentError, match="the methods 'clip' and 'shrink' take them"):
        nearest_correlation(scale * (indefinite(5) - np.eye(5)) + np.eye(5))
