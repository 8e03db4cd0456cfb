"""What numpy's own tests of multivariate_normal ask for, asked of ours."""

import warnings
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from numpy.linalg import LinAlgError

import mvn_dask
from mvn_dask.checks import NumpyMethod
from tests.support.strategies import METHODS, Floats

EYE = np.eye(2)
Draw = Callable[..., da.Array]


def modern(*args: Any, **kwargs: Any) -> da.Array:
    return mvn_dask.default_rng(1).multivariate_normal(*args, **kwargs)


def legacy(*args: Any, **kwargs: Any) -> da.Array:
    return mvn_dask.multivariate_normal(*args, seed=1, **kwargs)


both = pytest.mark.parametrize("draw", [modern, legacy])


@both
@pytest.mark.parametrize(
    "size", [None, 0, 1, 5, np.int64(5), np.uint8(3), (3, 2), [3, 2], np.array([3, 2]), (), (0, 3), (3, 0)]
)
def test_shapes_are_numpys(draw: Draw, size: Any) -> None:
    expected = np.random.Generator(np.random.SFC64(1)).multivariate_normal([0, 10], EYE, size)
    actual = draw([0, 10], EYE, size)
    assert isinstance(actual, da.Array)
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    assert actual.compute().shape == expected.shape


@pytest.mark.parametrize(
    ("mean", "cov"),
    [
        ((0, 1), ((1, 0), (0, 1))),
        ([0, 1], [[1, 0], [0, 1]]),
        (np.array([0, 1], np.float32), np.eye(2, dtype=np.float32)),
        (np.array([0, 1], np.int8), np.eye(2, dtype=bool)),
        (np.array([0, 1], np.float16), np.eye(2, dtype=np.longdouble)),
        (pd.Series([0, 1]), pd.DataFrame(np.eye(2))),
        (np.asfortranarray([0.0, 1.0]), np.asfortranarray(np.eye(2))),
        ([0, 1], np.eye(4)[::2, ::2]),
    ],
)
def test_everything_that_numpy_takes_gives_the_same_rows(mean: Any, cov: Any) -> None:
    expected = modern([0.0, 1.0], np.eye(2), 4).compute()
    actual = modern(mean, cov, 4)
    assert actual.dtype == np.float64
    np.testing.assert_array_equal(actual.compute(), expected)


@both
@pytest.mark.parametrize(
    ("mean", "cov", "kwargs", "error", "text"),
    [
        ([[0, 0]], EYE, {}, ValueError, "mean must be 1 dimensional"),
        (0, EYE, {}, ValueError, "mean must be 1 dimensional"),
        (np.zeros((2, 1, 1)), EYE, {}, ValueError, "mean must be 1 dimensional"),
        ([], np.zeros((0, 0)), {}, ValueError, "`mean` must not be empty"),
        ([0, 0], np.zeros((3, 2)), {}, ValueError, "cov must be 2 dimensional and square"),
        ([0, 0], [1, 1], {}, ValueError, "cov must be 2 dimensional and square"),
        ([0, 0], 1.0, {}, ValueError, "cov must be 2 dimensional and square"),
        ([0, 0], np.eye(3), {}, ValueError, "mean and cov must have same length"),
        ([0], [[1 + 1j]], {}, TypeError, "mean and cov must not be complex"),
        ([0j], [[1]], {}, TypeError, "mean and cov must not be complex"),
        ([0, 0], EYE, {"check_valid": "other"}, ValueError, "check_valid must equal 'warn', 'raise'"),
        ([0, 0], EYE, {"check_valid": None}, ValueError, "check_valid must equal 'warn', 'raise'"),
        ([0, 0], EYE, {"size": -1}, ValueError, "negative dimensions are not allowed"),
        ([0, 0], EYE, {"size": 2.5}, TypeError, "`size` must be an integer"),
        ([0, 0], EYE, {"size": (2, 2.0)}, TypeError, "`size` must be an integer"),
        ([0, 0], EYE, {"tol": -1}, ValueError, "`tol`"),
        ([np.nan, 0], EYE, {}, ValueError, "`mean` must be finite: mean[0] is nan"),
        ([0, 0], [[1, 0], [0, np.inf]], {}, ValueError, "`cov` must be finite: cov[1, 1] is inf"),
        ([0, 0], [[np.nan, 0], [0, 1]], {"check_valid": "ignore"}, ValueError, "cov[0, 0] is nan"),
        (["a", "b"], EYE, {}, TypeError, "`mean` must hold real numbers: its dtype is <U1"),
        ([0, 0], EYE.astype(str), {}, TypeError, "`cov` must hold real numbers"),
        ([0, 0], EYE.astype("m8[s]"), {}, TypeError, "`cov` must hold real numbers"),
        ([0, 0], [[1, 2], [3]], {}, ValueError, "`cov` is not an array: its rows differ in length: cov[0] holds 2"),
        ([0, 0], EYE, {"dtype": np.int64}, TypeError, "`dtype` must be float64 or float32"),
        ([0, 0], EYE, {"chunks": 0, "size": 5}, ValueError, "`chunks` must be at least 1 row"),
        ([0, 0], [[1, 2], [1, 2]], {"check_valid": "raise"}, ValueError, "not symmetric positive-sem"),
        ([0, 0], [[1, 2], [2, 1]], {"check_valid": "raise"}, ValueError, "not symmetric positive-sem"),
        ([0, 1e300], EYE, {"dtype": np.float32}, ValueError, "`mean` is too large for float32"),
        ([0, 0], 1e-100 * EYE, {"dtype": np.float32}, ValueError, "`cov` is too small for float32"),
    ],
)  # fmt: skip
def test_bad_input(draw: Draw, mean: Any, cov: Any, kwargs: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        draw(mean, cov, **kwargs)
    assert text in str(caught.value)
    assert isinstance(caught.value, mvn_dask.errors.MvnDaskError)


@pytest.mark.parametrize("method", ["SVD", "qr", None, ["svd"]])
def test_method_misspelt(method: Any) -> None:
    with pytest.raises(ValueError, match=r"method must be one of \{'eigh', 'svd', 'cholesky'\}"):
        modern([0, 0], EYE, method=method)


def test_order_of_checks_is_numpys() -> None:
    """With every argument wrong, mending one after the other, both complain of the same one."""
    wrong: dict[str, Any] = {
        "method": "x", "mean": [[0j, 0, 0]], "cov": np.zeros((3, 2)), "size": -1, "check_valid": "x",
    }  # fmt: skip
    mended: list[tuple[str, Any]] = [
        ("method", "svd"), ("mean", [[0, 0, 0]]), ("mean", [0, 0, 0]), ("cov", EYE), ("mean", [0, 0]),
        ("size", 3), ("check_valid", "warn"),
    ]  # fmt: skip
    for name, value in mended:
        with pytest.raises((ValueError, TypeError)) as theirs:
            np.random.Generator(np.random.SFC64(1)).multivariate_normal(**wrong)
        with pytest.raises((ValueError, TypeError)) as ours:
            modern(**wrong)
        assert str(ours.value).startswith(str(theirs.value))
        assert isinstance(ours.value, theirs.type)
        wrong[name] = value
    assert modern(**wrong).shape == (3, 2)


def test_invalid_covariances_under_every_check() -> None:
    for cov in ([[1, 2], [2, 1]], [[1, 2], [1, 2]]):
        for method in METHODS[:2]:
            with pytest.warns(RuntimeWarning, match=r"^covariance is not symmetric positive-semidefinite\."):
                modern([0, 0], cov, method=method)
            with pytest.raises(ValueError, match=r"^covariance is not symmetric positive-semidefinite\."):
                modern([0, 0], cov, method=method, check_valid="raise")
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                modern([0, 0], cov, method=method, check_valid="ignore")
    with pytest.raises(LinAlgError):
        modern([0, 0], [[1, 2], [2, 1]], method="cholesky")
    with pytest.warns(RuntimeWarning):
        legacy([0, 0], [[1, 2], [2, 1]])


@pytest.mark.parametrize("method", METHODS)
def test_singular_and_zero_covariances(method: NumpyMethod) -> None:
    singular, zero = [[1, 1], [1, 1]], np.zeros((2, 2))
    if method == "cholesky":
        for cov in (singular, zero):
            with pytest.raises(LinAlgError):
                modern([0, 0], cov, method=method)
        return
    samples = modern([0, 0], singular, size=(3, 2), method=method).compute()
    np.testing.assert_array_almost_equal(samples[..., 0], samples[..., 1], decimal=6)
    np.testing.assert_array_equal(modern([3, 4], zero, size=5, method=method), [[3, 4]] * 5)


@pytest.mark.parametrize("method", METHODS)
def test_float32_covariance_without_a_warning(method: NumpyMethod) -> None:
    cov = np.array([[1, 0.1], [0.1, 1]], dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert modern([0, 0], cov, method=method).dtype == np.float64


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_moments_of_a_million_rows_with_an_asymmetric_factor(method: NumpyMethod, dtype: Any) -> None:
    """Within 5 standard errors, entry by entry: 3 + 6 entries, an error rate below 6e-6 a run."""
    n = 1_000_000
    mean = np.array([1.0, -2.0, 0.5])
    cov = np.array([[4.0, 1.2, -0.8], [1.2, 1.0, 0.3], [-0.8, 0.3, 2.0]])
    rows = mvn_dask.default_rng(20261121).multivariate_normal(mean, cov, n, method=method, dtype=dtype)
    centred = (rows.astype(np.float64) - mean).compute()
    mean_error = centred.mean(axis=0) / np.sqrt(np.diag(cov) / n)
    assert np.abs(mean_error).max() < 5
    spread = np.sqrt((np.outer(np.diag(cov), np.diag(cov)) + cov**2) / n)
    assert np.abs((centred.T @ centred / n - cov) / spread).max() < 5


def near_the_tolerance(seed: int) -> Floats:
    """A random matrix of unit diagonal, whose smallest eigenvalue is 0, or between -1e-5 and -1e-11."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 7))
    q, _ = np.linalg.qr(rng.standard_normal((d, d)))
    eigenvalues = rng.uniform(0.2, 2.0, d)
    eigenvalues[0] = -(10.0 ** rng.uniform(-11, -5)) if seed % 3 else 0.0
    cov = (q * eigenvalues) @ q.T
    cov /= np.sqrt(np.outer(np.diagonal(cov), np.diagonal(cov)))
    np.fill_diagonal(cov, 1.0)
    return np.asarray((cov + cov.T) / 2)


@pytest.mark.parametrize("method", ["svd", "eigh"])
def test_at_unit_scale_the_same_covariances_are_valid(method: NumpyMethod) -> None:
    outcomes = set()
    for cov in map(near_the_tolerance, range(200)):
        refused = []
        for draw in (np.random.Generator(np.random.SFC64(1)).multivariate_normal, modern):
            try:
                draw(np.zeros(len(cov)), cov, method=method, check_valid="raise")
            except ValueError:
                refused.append(True)
            else:
                refused.append(False)
        outcomes.add(tuple(refused))
    assert outcomes == {(True, True), (False, False)}
