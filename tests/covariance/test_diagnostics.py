import numpy as np
import pytest

from mvn_dask.checks import Method
from mvn_dask.covariance import Covariance, Dense, Diagonal
from mvn_dask.covariance.diagnostics import Diagnostics, diagnose
from tests.toys.selection import selection


def diagnosis(covariance: Covariance) -> Diagnostics:
    factor = covariance.factorize()
    return diagnose(factor, factor.variances(), covariance.variances())


UNITS = np.array([1e-9, 1.0, 1e6])
CORRELATION = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, 0.5], [0.2, 0.5, 1.0]])


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_eigenvalues_are_those_of_the_correlations(dtype: str) -> None:
    covariance = Dense(CORRELATION * np.outer(UNITS, UNITS))
    factor = covariance.factorize().astype(dtype)
    found = diagnose(factor, factor.variances(), covariance.variances())
    eigenvalues = np.linalg.eigvalsh(CORRELATION)
    assert found.smallest_eigenvalue == pytest.approx(eigenvalues[0], rel=1e-5)
    assert found.condition_number == pytest.approx(eigenvalues[-1] / eigenvalues[0], rel=1e-5)
    assert found.largest_variance_miss < 1e-6
    assert found.grade(10**9) == "ok"
    assert str(found).startswith("every variance is the one asked for, to ")


@pytest.mark.parametrize(
    ("cov", "method", "drawn"),
    [
        ([[1.0, 2.0], [2.0, 1.0]], "svd", [[2.0, 1.0], [1.0, 2.0]]),
        ([[1.0, 2.0], [2.0, 1.0]], "eigh", [[2.0, 1.0], [1.0, 2.0]]),
        ([[2.0, 3.0], [3.0, 2.0]], "auto", [[2.5, 2.5], [2.5, 2.5]]),
        ([[0.0, 1.0], [1.0, 1.0]], "eigh", np.array([[2.0, 1.0], [1.0, 3.0]]) / np.sqrt(5.0)),
    ],
)
def test_eigenvalues_are_those_of_what_is_drawn(
    cov: list[list[float]], method: Method, drawn: list[list[float]]
) -> None:
    """Of a matrix with negative ones, not its own."""
    covariance = Dense(cov, method=method, check_valid="ignore")
    factor, found = covariance.factorize(), diagnosis(covariance)
    np.testing.assert_allclose(factor.covariance_of([0, 1], [0, 1]), drawn, atol=1e-14)
    scale = np.sqrt(np.diagonal(drawn))
    smallest, largest = np.linalg.eigvalsh(drawn / np.outer(scale, scale))
    assert found.smallest_eigenvalue == pytest.approx(smallest, abs=1e-14)
    assert found.smallest_eigenvalue is not None
    assert found.smallest_eigenvalue >= 0
    assert found.condition_number == (pytest.approx(largest / smallest) if smallest > 1e-14 else np.inf)
    infinite = np.diagonal(cov)[0] == 0
    assert (found.largest_variance_miss == np.inf, found.as_dict()["largest_variance_miss"] is None) == (infinite,) * 2


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_singular(dtype: str) -> None:
    covariance = Dense(np.outer(UNITS, UNITS))
    factor = covariance.factorize().astype(dtype)
    found = diagnose(factor, factor.variances(), covariance.variances())
    assert (found.condition_number, found.smallest_eigenvalue) == (np.inf, 0.0)
    assert found.grade(10**9) == "ok"


def test_what_is_constant_has_no_part_in_it() -> None:
    assert diagnosis(Diagonal([0.0, 1e-20, 1e20])).condition_number == 1.0
    cov = np.zeros((4, 4))
    cov[1:, 1:] = CORRELATION
    assert diagnosis(Dense(cov)).smallest_eigenvalue == pytest.approx(np.linalg.eigvalsh(CORRELATION)[0])
    assert diagnosis(Diagonal([0.0, 0.0])).condition_number is None


def test_of_very_many_variables_they_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.covariance.diagnostics.MAX_NDIM", 2)
    found = diagnosis(Dense(CORRELATION))
    assert (found.condition_number, found.smallest_eigenvalue) == (None, None)
    assert diagnosis(Diagonal(np.ones(5))).smallest_eigenvalue == 1.0


def test_any_factor_can_be_asked() -> None:
    toy = selection(4, 6)
    found = diagnosis(toy)
    dense = toy.to_dense()
    scale = np.sqrt(np.diagonal(dense))
    assert found.smallest_eigenvalue == pytest.approx(np.linalg.eigvalsh(dense / np.outer(scale, scale))[0])


@pytest.mark.parametrize(
    ("miss", "rows", "grade"),
    [
        (1e-7, 10**9, "ok"),
        (1e-5, 1000, "warning"),  # a standard error of the variance is 0.045
        (1e-5, 10**12, "NOT ok"),  # and here 1.4e-6
        (0.009, 10**4, "warning"),
        (0.011, 10, "NOT ok"),
        (0.009, 1, "warning"),
        (0.011, 0, "NOT ok"),
        (np.inf, 10, "NOT ok"),
    ],
)
def test_grades(miss: float, rows: int, grade: str) -> None:
    assert Diagnostics(miss, 0, 1.0, 1.0 + miss, 1.0, 1.0).grade(rows) == grade


@pytest.mark.filterwarnings("ignore:covariance is not symmetric:RuntimeWarning")
def test_another_variance_is_named() -> None:
    found = diagnosis(Dense([[2.0, 3.0], [3.0, 2.0]], method="svd"))
    assert found.largest_variance_miss == pytest.approx(0.5)
    assert str(found) == f"the variance of variable {found.variable} is 3, and 2 was asked for"
    assert found.grade(5) == "NOT ok"
