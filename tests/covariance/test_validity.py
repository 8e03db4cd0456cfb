"""Validity and accuracy, judged in the units of each variable: every row is a fault that was found in the field."""

import warnings
from collections import Counter

import numpy as np
import pytest

from mvn_dask.checks import CheckValid, Method
from mvn_dask.covariance import Covariance, Dense, Diagonal
from mvn_dask.covariance.matrix_factors import OrthogonalFactor
from mvn_dask.covariance.validity import SQUARE, Validity, check_factor, check_symmetry, is_symmetric
from mvn_dask.errors import ArgumentError
from tests.support.strategies import Floats

METHODS: tuple[Method, ...] = ("auto", "svd", "eigh", "cholesky")
NUMPYS: tuple[Method, ...] = ("svd", "eigh")
NEIGHBOURS = np.eye(20) + 0.3 * (np.eye(20, k=1) + np.eye(20, k=-1))
UNITS = np.array([1e-12, 1e-9, 1.0, 1e3, 100.0])
MIXED = np.outer(UNITS, UNITS) * (0.5 + 0.5 * np.eye(5))


def basis_of(covariance: Covariance) -> Floats:
    factor = covariance.factorize()
    return np.asarray(factor.colorize(np.eye(factor.noise_ndim)).T)


def error_of(basis: Floats, cov: Floats) -> float:
    """Largest error of A Aᵀ in products of standard deviations."""
    deviations = np.sqrt(np.diagonal(cov))
    return float(np.abs((basis @ basis.T - cov) / np.outer(deviations, deviations)).max())


def with_rounding(cov: Floats, size: float) -> Floats:
    """Asymmetry of so many products of standard deviations, in one entry."""
    rough = np.array(cov, np.float64)
    rough[0, 1] += size * np.sqrt(rough[0, 0] * rough[1, 1])
    return rough


INVALID = {
    "indefinite": ([[1, 2], [2, 1]], "scaled to a unit diagonal, is -1 "),
    "a covariance above the variances": ([[2, 3], [3, 2]], r"scaled to a unit diagonal, is -0\.5 "),
    "asymmetric": ([[1, 0.9], [0, 1]], r"cov\[0, 1\] and cov\[1, 0\] differ by .*, which is 0\.9 of the product"),
    "asymmetric, the cure": ([[1, 0.9], [0, 1]], r"use \(cov \+ cov\.T\) / 2"),
    "more than rounding": (with_rounding(NEIGHBOURS, 2e-7), r"differ by .*, which is 2e-07 of .*, and 1e-07 is taken"),
    "a covariance beside no variance": ([[0, 1], [1, 1]], r"cov\[0, 0\] is 0, and cov\[0, 1\] is"),
    "the same, below the diagonal": ([[0, 0], [1, 1]], r"cov\[0, 0\] is 0, and cov\[1, 0\] is"),
    "a negative variance": ([[-1, 0], [0, 1]], r"variance cov\[0, 0\] is -"),
    "one that is small beside others": ([[1, 0], [0, -1e-12]], r"variance cov\[1, 1\] is -"),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-12, 1e-9, 1.0, 1e8, 1e12])
@pytest.mark.parametrize("name", INVALID)
def test_what_is_invalid_is_so_in_any_unit(name: str, scale: float, method: Method) -> None:
    cov, text = INVALID[name]
    matrix = scale * np.asarray(cov, np.float64)
    with pytest.raises(ArgumentError, match=text):
        Dense(matrix, method=method, check_valid="raise").factorize()
    if method != "cholesky":
        with pytest.warns(RuntimeWarning, match="^covariance is not symmetric positive-semidefinite") as seen:
            Dense(matrix, method=method).factorize()
        assert len(seen) == 1
    if method in NUMPYS:
        ignored = Dense(matrix, method=method, check_valid="ignore").factorize()
        assert np.isfinite(ignored.variances()).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-12, 1e-9, 1.0, 1e8, 1e12])
@pytest.mark.parametrize("asymmetry", [0.0, 1.9e-8, 0.9e-7])
def test_what_is_valid_is_so_in_any_unit(asymmetry: float, scale: float, method: Method) -> None:
    matrix = scale * with_rounding(NEIGHBOURS, asymmetry)
    assert error_of(basis_of(Dense(matrix, method=method, check_valid="raise")), matrix) <= 1.001 * asymmetry + 1e-12


def test_auto_takes_the_mean_of_both_triangles() -> None:
    """A robust covariance of seven coefficients, two entries of which print as the same number, -2.7226e+08."""
    cov = np.full((7, 7), -2.7226e8) + np.diag(np.full(7, 2.5e9 + 2.7226e8))
    cov[0, 6] += 1.9e-8 * 2.5e9
    basis = basis_of(Dense(cov, check_valid="raise"))
    np.testing.assert_allclose(basis @ basis.T, (cov + cov.T) / 2, rtol=1e-12)
    for loose in (1e-7, 1.0):
        half = with_rounding(np.eye(2), loose)
        basis = basis_of(Dense(half, check_valid="ignore"))
        np.testing.assert_allclose((basis @ basis.T)[0, 1], loose / 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("method", "asymmetric", "indefinite"),
    [
        ("auto", "with the mean of both triangles", "with negative eigenvalues cut to 0"),
        ("svd", "with the left singular vectors", "with the absolute values of the eigenvalues"),
        ("eigh", "with its lower triangle", "with the absolute values of the eigenvalues"),
        ("cholesky", "with its lower triangle", None),
    ],
)
def test_the_text_says_what_is_drawn_if_that_is_ignored(
    method: Method, asymmetric: str, indefinite: str | None
) -> None:
    matrix = np.array([[1.0, 0.9], [0.5, 1.0]])
    with pytest.warns(RuntimeWarning, match=f"check_valid='ignore' to sample anyway, {asymmetric}"):
        basis = basis_of(Dense(matrix, method=method))
    drawn = (basis @ basis.T)[0, 1]
    expected = {"auto": 0.7, "svd": drawn, "eigh": 0.5, "cholesky": 0.5}[method]
    assert drawn == pytest.approx(expected)
    if method == "svd":
        np.testing.assert_allclose(basis @ basis.T @ basis @ basis.T, matrix @ matrix.T, rtol=1e-12)
    if indefinite:
        with pytest.warns(RuntimeWarning, match=f"to sample anyway, {indefinite}"):
            basis = basis_of(Dense([[1.0, 2.0], [2.0, 1.0]], method=method))
        # Eigenvalues 3 and -1, along the diagonals.
        expected_matrix = [[1.5, 1.5], [1.5, 1.5]] if method == "auto" else [[2.0, 1.0], [1.0, 2.0]]
        np.testing.assert_allclose(basis @ basis.T, expected_matrix, atol=1e-12)


def test_numpys_methods_say_that_they_miss_a_variance() -> None:
    for method, text in (
        ("svd", r"variance of variable 0 is .* as drawn by method='svd', and 1e-24 in `cov`.*method='auto'"),
        ("eigh", r"variance of variable [01] is .* as drawn by method='eigh'.*method='auto'"),
    ):
        with pytest.raises(ArgumentError, match=text) as caught:
            Dense(MIXED, method=method, check_valid="raise").factorize()  # type: ignore[arg-type]
        assert "positive-semidefinite" not in str(caught.value), "the matrix is valid"
        with pytest.warns(RuntimeWarning, match=text) as seen:
            Dense(MIXED, method=method).factorize()  # type: ignore[arg-type]
        assert len(seen) == 1
        Dense(MIXED, method=method, check_valid="ignore").factorize()  # type: ignore[arg-type]
    for right in ("auto", "cholesky"):
        assert error_of(basis_of(Dense(MIXED, method=right, check_valid="raise")), MIXED) < 1e-14


def test_an_invalid_matrix_says_which_variance_is_missed() -> None:
    for method, drawn in (("auto", "2.5"), ("svd", "3"), ("eigh", "3")):
        with pytest.warns(RuntimeWarning, match=f"variance of variable [01] is {drawn} as drawn .*, and 2 in") as seen:
            Dense([[2.0, 3.0], [3.0, 2.0]], method=method).factorize()  # type: ignore[arg-type]
        assert len(seen) == 1


def test_a_variable_is_called_by_its_name() -> None:
    named = Dense(MIXED, method="svd", check_valid="raise", names=["a", "b", "c", "d", "e"])
    with pytest.raises(ArgumentError, match=r"The variance of variable 0 \(a\) is .* as drawn"):
        named.factorize()


def covariances_of_mixed_units(count: int, rank: int, spread: float) -> list[Floats]:
    """Random covariances of ten variables, whose standard deviations are 10 to the ± `spread`."""
    found = []
    for seed in range(count):
        rng = np.random.default_rng([seed, rank])
        product = (a := rng.standard_normal((10, rank))) @ a.T
        deviations = 10.0 ** rng.uniform(-spread, spread, 10) / np.sqrt(np.diagonal(product))
        cov = product * np.outer(deviations, deviations)
        found.append(np.tril(cov) + np.tril(cov, -1).T)
    return found


SUITES = {
    "regular": covariances_of_mixed_units(100, 10, 6.0),
    "singular": covariances_of_mixed_units(100, 6, 6.0),
    "regular, one unit": covariances_of_mixed_units(100, 10, 0.0),
    "singular, one unit": covariances_of_mixed_units(100, 6, 0.0),
}


@pytest.mark.parametrize("suite", SUITES)
def test_auto_is_right_in_every_unit(suite: str) -> None:
    for cov in SUITES[suite]:
        assert error_of(basis_of(Dense(cov, check_valid="raise")), cov) < 1e-12


@pytest.mark.parametrize("method", NUMPYS)
@pytest.mark.parametrize("suite", SUITES)
def test_numpys_methods_are_never_silently_wrong(suite: str, method: Method) -> None:
    outcome: Counter[str] = Counter()
    for cov in SUITES[suite]:
        try:
            basis = basis_of(Dense(cov, method=method, check_valid="raise"))
        except ArgumentError as error:
            outcome["refused" if "method='auto'" in str(error) else "called invalid"] += 1
        else:
            assert error_of(basis, cov) < 1e-6
            outcome["drawn"] += 1
    assert not outcome["called invalid"]
    assert outcome["refused"] == 0 if "one unit" in suite else outcome["refused"] > 20


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("largest", [1.0, 1e12])
def test_no_variance_stays_none(largest: float, method: Method) -> None:
    cov = np.zeros((4, 4))
    cov[np.ix_([0, 2, 3], [0, 2, 3])] = largest * np.array([[2.0, 1.0, 0.5], [1.0, 2.0, 1.0], [0.5, 1.0, 1e-12 + 0.6]])
    if method == "cholesky":
        with pytest.raises(np.linalg.LinAlgError):
            Dense(cov, method=method).factorize()
        return
    factor = Dense(cov, method=method, check_valid="raise").factorize()
    assert factor.variances()[1] == 0.0
    rows = factor.colorize(np.random.default_rng(1).standard_normal((50, 4)))
    assert not rows[:, 1].any()
    assert factor.rank == 3
    assert factor.log_det == -np.inf


def test_a_singular_matrix_with_a_constant_is_whitened() -> None:
    loadings = np.array([[1e6, 0.0], [0.0, 0.0], [1e-3, 2e-3], [0.0, 5.0], [2.0, 1.0]])
    factor = Dense(loadings @ loadings.T, check_valid="raise").factorize()
    assert (factor.kind, factor.rank, factor.log_det) == ("scaled_orthogonal", 2, -np.inf)
    z = np.random.default_rng(2).standard_normal((100, 5))
    rows = factor.colorize(z)
    white = factor.whiten(rows)
    np.testing.assert_allclose(factor.colorize(white), rows, rtol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(white, axis=1), np.linalg.norm(z[:, 3:], axis=1), rtol=1e-6)


def test_a_loose_tolerance_lets_a_negative_eigenvalue_pass() -> None:
    cov = np.array([[1.0, 0.9, 0.2], [0.9, 1.0, 0.9], [0.2, 0.9, 1.0]])
    smallest = float(np.linalg.eigvalsh(cov)[0])
    assert -0.2 < smallest < -0.1
    for method in ("auto", "svd", "eigh"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            Dense(cov * 1e12, method=method, tol=0.5).factorize()
        with pytest.raises(ArgumentError, match="smallest eigenvalue"):
            Dense(cov * 1e12, method=method, tol=0.05, check_valid="raise").factorize()


@pytest.mark.parametrize("check_valid", ["warn", "raise", "ignore"])
def test_variances_that_are_negative(check_valid: CheckValid) -> None:
    diagonal = Diagonal([1.0, -1e-20], check_valid=check_valid)
    if check_valid == "raise":
        with pytest.raises(ArgumentError, match=r"variance cov\[1\] is -1e-20"):
            diagonal.factorize()
    elif check_valid == "warn":
        with pytest.warns(RuntimeWarning, match="with its absolute value"):
            diagonal.factorize()
    else:
        np.testing.assert_allclose(diagonal.factorize().variances(), [1.0, 1e-20])


def test_many_rows_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.covariance.validity.NUMBERS_AT_ONCE", 30)
    cov = np.array(NEIGHBOURS)
    Dense(cov, check_valid="raise", method="svd").factorize()
    cov[17, 2] = 0.25
    with pytest.raises(ArgumentError, match=r"cov\[2, 17\] and cov\[17, 2\] differ by 0\.25"):
        Dense(cov, check_valid="raise").factorize()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-307, 1e307, 1e308])
def test_verdicts_near_the_ends_of_float64(scale: float, method: Method) -> None:
    """No sum overflows on the way, and no limit becomes infinite, by which every matrix would be a covariance."""
    cov = scale * np.array([[1.0, 0.5], [0.5, 1.0]])
    basis = basis_of(Dense(cov, method=method, check_valid="raise")) / np.sqrt(scale)
    np.testing.assert_allclose(basis @ basis.T, cov / scale, rtol=1e-12)
    with pytest.raises(ArgumentError, match=r"scaled to a unit diagonal, is -0\.7 "):
        Dense(scale * np.array([[0.5, 0.85], [0.85, 0.5]]), method=method, check_valid="raise").factorize()


@pytest.mark.parametrize("d", [1, 3, SQUARE, SQUARE + 1, 3 * SQUARE + 5])
def test_entries_across_the_diagonal_are_compared(d: int) -> None:
    matrix = np.random.default_rng(0).random((d, d))
    matrix += matrix.T
    assert is_symmetric(matrix)
    for i, j in {(0, d - 1), (d - 1, 0), (d // 2, d - 1), (d - 1, d - 2)}:
        if 0 <= j != i:
            before, matrix[i, j] = matrix[i, j], 5.0
            assert not is_symmetric(matrix)
            validity = Validity("warn", 1e-8)
            check_symmetry(matrix, np.ones(d), validity, "nothing")
            assert f"cov[{min(i, j)}, {max(i, j)}]" in validity.invalid[0]
            matrix[i, j] = before


@pytest.mark.parametrize("method", NUMPYS)
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("miss", [0.0, 0.9e-6, 1.1e-6, 0.1])
def test_right_variances_and_a_wrong_covariance(miss: float, scale: float, method: Method) -> None:
    """In any unit a covariance is compared as a variance is, whichever LAPACK the machine has that runs this."""
    units = np.array([scale, 1.0, 1e3])
    right, drawn = np.full((3, 3), 0.5) + 0.5 * np.eye(3), np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    drawn[0, 2] = drawn[2, 0] = 0.5 + miss
    factor = OrthogonalFactor(units[:, None] * np.linalg.cholesky(drawn))
    validity = Validity("warn", 1e-8)
    check_factor(factor, np.outer(units, units) * right, method, ("a", "b", "c"), validity)
    assert bool(validity.inaccurate) == (miss > 1e-6)
    pair = "The covariance of variable 0 (a) and variable 2 (c) is"
    assert all(text.startswith(pair) and f"method={method!r}" in text for text in validity.inaccurate)
