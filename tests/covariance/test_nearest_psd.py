import pickle
import sys
import warnings
from dataclasses import FrozenInstanceError
from typing import Any, get_args

import dask.array as da
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr

import mvn_dask
from mvn_dask.covariance import Dense, nearest_psd
from mvn_dask.covariance.nearest_psd import Changes, NearestMethod
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from tests.covariance.test_nearest_correlation import HIGHAM_3, indefinite
from tests.support.strategies import Floats, random_moments

METHODS: tuple[NearestMethod, ...] = get_args(NearestMethod)
NAMES = ["oil", "gas", "sun"]


def correlations(matrix: Floats) -> Floats:
    deviations = np.sqrt(np.diagonal(matrix))
    return np.asarray(matrix / deviations[:, None] / deviations)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("d", [3, 10, 70])
def test_it_is_a_covariance_with_the_same_variances(d: int, method: NearestMethod) -> None:
    scale = 10.0 ** np.random.default_rng(d).uniform(-8, 8, d)
    given = indefinite(d) * np.outer(scale, scale) if d > 3 else HIGHAM_3 * np.outer(scale, scale)
    kept = given.copy()
    matrix, report = nearest_psd(given, method)
    np.testing.assert_array_equal(given, kept)
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diagonal(matrix), np.diagonal(given))
    assert np.linalg.eigvalsh(correlations(matrix))[0] > -1e-13
    difference = correlations(matrix) - correlations(given)
    assert report.largest_change == pytest.approx(np.abs(difference).max())
    assert report.distance == pytest.approx(np.linalg.norm(difference))
    assert report.eigenvalues_cut == np.count_nonzero(np.linalg.eigvalsh(correlations(given)) < 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for each in ("auto", "eigh", "svd") if d < 70 else ("auto",):
            Dense(matrix if each == "auto" else correlations(matrix), method=each, check_valid="raise").factorize()


@pytest.mark.parametrize("method", METHODS)
def test_it_is_done_once(method: NearestMethod) -> None:
    for d in (3, 10, 70):
        scale = np.geomspace(1e-3, 1e3, d)
        matrix, _ = nearest_psd((HIGHAM_3 if d == 3 else indefinite(d)) * np.outer(scale, scale), method)
        again, report = nearest_psd(matrix, method)
        np.testing.assert_array_equal(again, matrix)
        assert report == Changes(0.0, 0.0, 0)


@pytest.mark.parametrize("method", METHODS)
def test_a_covariance_stays_as_it_is(method: NearestMethod) -> None:
    loadings = np.random.default_rng(1).standard_normal((8, 3))
    for cov in (random_moments(8)[1], loadings @ loadings.T, np.ones((2, 2)), np.zeros((2, 2)), np.eye(1) * 3):
        matrix, report = nearest_psd(cov, method)
        np.testing.assert_array_equal(matrix, cov)
        assert matrix is not cov
        assert report == Changes(0.0, 0.0, 0)


def test_higham_is_nearest() -> None:
    distances = {method: nearest_psd(indefinite(30), method).report.distance for method in METHODS}
    assert distances["higham"] < distances["clip"] < distances["shrink"]
    assert nearest_psd(HIGHAM_3).report == nearest_psd(HIGHAM_3, "higham").report
    assert nearest_psd(HIGHAM_3).report.distance == pytest.approx(0.5278, abs=5e-5)


def test_shrinking_multiplies_by_the_largest_factor() -> None:
    matrix, _ = nearest_psd(HIGHAM_3, "shrink")
    np.testing.assert_allclose(matrix, np.eye(3) + (HIGHAM_3 - np.eye(3)) / np.sqrt(2.0), atol=1e-15)
    assert np.linalg.eigvalsh(np.eye(3) + 1.001 * (matrix - np.eye(3)))[0] < -1e-4


@pytest.mark.parametrize("method", METHODS)
def test_variables_without_variance(method: NearestMethod) -> None:
    given = np.zeros((4, 4))
    given[np.ix_([0, 2, 3], [0, 2, 3])] = 4 * HIGHAM_3
    matrix, report = nearest_psd(given, method)
    expected, alone = nearest_psd(4 * HIGHAM_3, method)
    np.testing.assert_array_equal(matrix[np.ix_([0, 2, 3], [0, 2, 3])], expected)
    assert not matrix[1].any()
    assert report == alone
    given[0, 1] = given[1, 0] = 0.5
    again, report = nearest_psd(given, method)
    np.testing.assert_array_equal(again, matrix)
    assert (report.largest_change, report.eigenvalues_cut) == (np.inf, 1)
    alone = nearest_psd([[0.0, 1.0], [1.0, 0.0]], method).report
    assert alone == Changes(np.inf, np.inf, 0)


def test_rounding_of_symmetry_is_taken_away() -> None:
    cov = np.array([[2.0, 1.0], [1.0 + 1e-12, 2.0]])
    matrix, report = nearest_psd(cov)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert report.eigenvalues_cut == 0


@pytest.mark.parametrize("scale", [1e-300, 1e150, 1e300])
def test_extreme_scales(scale: float) -> None:
    matrix, report = nearest_psd(scale * HIGHAM_3)
    assert report.distance == pytest.approx(0.5278, abs=5e-5)
    np.testing.assert_allclose(matrix / scale, nearest_psd(HIGHAM_3).matrix, rtol=1e-12)


def test_labels_stay() -> None:
    plain = nearest_psd(HIGHAM_3).matrix
    frame = pd.DataFrame(HIGHAM_3, pd.Index(NAMES, name="a"), pd.Index(NAMES, name="b"))
    pd.testing.assert_frame_equal(nearest_psd(frame).matrix, pd.DataFrame(plain, frame.index, frame.columns))
    for data in (HIGHAM_3, da.from_array(HIGHAM_3, chunks=2)):
        array = xr.DataArray(data, {"x": NAMES, "y": NAMES}, ("x", "y"), "cov", {"note": "weekly"})
        xr.testing.assert_identical(nearest_psd(array).matrix, array.copy(data=plain))
    columns = dict(zip(NAMES, HIGHAM_3, strict=True))
    for table in (pl.DataFrame(columns), pa.table(columns)):
        found = nearest_psd(table).matrix
        assert type(found) is type(table)
        assert Dense(found).names == tuple(NAMES)
        np.testing.assert_array_equal(Dense(found).to_dense(), plain)
    for other in (HIGHAM_3.tolist(), da.from_array(HIGHAM_3), HIGHAM_3.astype(np.float32)):
        found = nearest_psd(other).matrix
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, plain)


def test_the_result_is_a_named_tuple_of_plain_values() -> None:
    found = nearest_psd(HIGHAM_3)
    matrix, report = found
    assert (found.matrix is matrix, found.report is report) == (True, True)
    assert str(report) == "1 negative eigenvalue cut: correlations changed by up to 0.239, by 0.528 in all"
    with pytest.raises(FrozenInstanceError):
        report.distance = 0.0  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(found)).report == report  # noqa: S301


@pytest.mark.parametrize(
    ("cov", "error", "text"),
    [
        ([[1.0, 0.0]], ArgumentError, "cov must be 2 dimensional and square"),
        (2.0, ArgumentError, "cov must be 2 dimensional and square"),
        (np.ones((0, 0)), ArgumentError, "`cov` must not be empty"),
        ([[1.0, np.nan], [np.nan, 1.0]], ArgumentError, r"`cov` must be finite: cov\[0, 1\] is nan"),
        ([[1.0, np.inf], [np.inf, 1.0]], ArgumentError, r"`cov` must be finite: cov\[0, 1\] is inf"),
        ([[1.0, 2.0], [2.0, -1.0]], ArgumentError, r"the variance cov\[1, 1\] is -1, and variances are kept"),
        ([[1.0, 0.5], [0.2, 1.0]], ArgumentError, r"cov\[0, 1\] is 0\.5, and cov\[1, 0\] is 0\.2; if that is meant"),
        ([[1j, 0], [0, 1]], ArgumentTypeError, "must not be complex"),
        ([["1", "0"], ["0", "1"]], ArgumentTypeError, "`cov` must hold real numbers"),
        (np.ma.masked_equal(np.eye(2), 0), ArgumentError, "`cov` must have no masked entries"),
        (Dense(np.eye(2)), ArgumentTypeError, r"not Dense \(mvn_dask\): give cov.to_dense\(\)"),
        (None, ArgumentTypeError, "`cov` must be an array of real numbers"),
        (pd.DataFrame(np.eye(2), ["a", "b"], ["b", "a"]), ArgumentError, "must agree"),
    ],
)
def test_what_is_refused(cov: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        nearest_psd(cov)


@pytest.mark.parametrize("method", ["Higham", "", None, 1, ["clip"]])
def test_unknown_methods(method: Any) -> None:
    with pytest.raises(ArgumentError, match=r"method must be one of {'higham', 'clip', 'shrink'}: `method` is "):
        nearest_psd(np.eye(2), method)


def test_errors_name_it_and_it_helps() -> None:
    name = "mvn_dask.covariance.nearest_psd"
    with pytest.warns(RuntimeWarning, match=f"Use {name} for a covariance near it, or check_valid='ignore' to"):
        mvn_dask.MultivariateNormal([0, 0, 0], HIGHAM_3)
    with pytest.raises(ArgumentError, match=f"{name} for a covariance near it"):
        mvn_dask.MultivariateNormal([0, 0, 0], HIGHAM_3, check_valid="raise")
    with pytest.raises(ArgumentError, match=f"{name} makes one of an indefinite matrix"):
        mvn_dask.MultivariateNormal([0, 0, 0], HIGHAM_3, method="cholesky")
    with pytest.raises(ArgumentError) as caught:
        mvn_dask.MultivariateNormal([0, 0], [[1.0, 0.5], [0.2, 1.0]], check_valid="raise")
    assert name not in str(caught.value), "it would refuse an asymmetric matrix"
    repaired = getattr(sys.modules["mvn_dask"].covariance, name.rpartition(".")[2])(HIGHAM_3).matrix
    rows = mvn_dask.MultivariateNormal([0, 0, 0], repaired, check_valid="raise").sample(100_000, seed=1).compute()
    # 5 standard errors of a correlation, at most.
    np.testing.assert_allclose(np.corrcoef(rows.T), repaired, atol=5 / np.sqrt(100_000))
