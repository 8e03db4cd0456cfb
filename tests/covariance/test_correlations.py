from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import mvn_dask
from mvn_dask.covariance import Dense, Scaled, from_correlation
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from tests.support.contracts import check_covariance

R = np.array([[1.0, 0.5, 0.25], [0.5, 1.0, -0.25], [0.25, -0.25, 1.0]])
NAMES = ["oil", "gas", "sun"]


@given(st.integers(1, 6), st.integers(0, 1000))
def test_it_is_d_r_d_and_exactly_symmetric(d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    r = np.corrcoef(rng.standard_normal((d, d + 1))).reshape(d, d)
    r, s = (r + r.T) / 2, rng.lognormal(size=d)
    found = from_correlation(r, s).to_dense()
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(found, r * np.outer(s, s))
    np.testing.assert_array_equal(found, Scaled(r, s).to_dense())


def test_contract() -> None:
    check_covariance(from_correlation(R, [1.0, 2.0, 3.0]), R * np.outer([1, 2, 3], [1, 2, 3]))


def test_more_rows_than_are_multiplied_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.covariance.correlations.NUMBERS_SCALED", 6)
    np.testing.assert_array_equal(from_correlation(R, [1.0, 2.0, 3.0]).to_dense(), R * np.outer([1, 2, 3], [1, 2, 3]))


def test_deviations_of_one_number_and_of_zero() -> None:
    assert from_correlation([[1, 0.5], [0.5, 1]], 2).to_dense().tolist() == [[4, 2], [2, 4]]
    constant = from_correlation([[1, 0.5], [0.5, 1]], [0, 2])
    assert constant.to_dense().tolist() == [[0, 0], [0, 4]]
    assert constant.factorize().rank == 1


def test_rounding_is_no_fault() -> None:
    assert from_correlation([[1 + 1e-12, 1 + 1e-15], [1 + 1e-15, 1]], 1).ndim == 2


def test_options_are_those_of_dense() -> None:
    cov = from_correlation(R, 2.0, method="eigh", check_valid="raise", tol=1e-6, names=NAMES)
    assert (cov.method, cov.check_valid, cov.tol, cov.names) == ("eigh", "raise", 1e-6, tuple(NAMES))
    assert cov == Dense(4 * R, method="eigh")
    with pytest.raises(ArgumentError, match="smallest eigenvalue"):
        from_correlation([[1, 1, 0], [1, 1, 1], [0, 1, 1]], 1, check_valid="raise").factorize()


def test_labels_of_both() -> None:
    frame, series = pd.DataFrame(R, NAMES, NAMES), pd.Series([1.0, 2.0, 3.0], NAMES)
    dataarray = xr.DataArray(R, coords={"x": NAMES, "y": NAMES}, dims=("x", "y"))
    for correlation, std in ((frame, [1, 2, 3]), (R, series), (dataarray, series), (frame, 1.0)):
        assert from_correlation(correlation, std).names == tuple(NAMES)
    for std in (series[::-1], series.set_axis(["a", "b", "c"])):
        with pytest.raises(ArgumentError, match="of `correlation` and the index of `std` must agree"):
            from_correlation(frame, std)
    with pytest.raises(ArgumentError, match="must agree"):
        from_correlation(frame, series, names=["a", "b", "c"])
    plain = from_correlation(pd.DataFrame(R), pd.Series([1.0, 2.0, 3.0]))
    assert plain.names is None
    with pytest.raises(ArgumentError, match="the same labels in another order"):
        mvn_dask.MultivariateNormal(pd.Series([1.0, 2.0, 3.0], [1, 0, 2]), plain)


def test_dask_arrays_are_computed() -> None:
    lazy = from_correlation(da.from_array(R, chunks=2), da.ones(3))
    assert lazy == Dense(R)


@pytest.mark.parametrize(
    ("correlation", "std", "error", "text"),
    [
        ([[1, 0.5], [0.5, 0.9]], 1, ArgumentError, r"have ones on its diagonal: correlation\[1, 1\] is 0\.9$"),
        ([[1, 1.5], [1.5, 1]], 1, ArgumentError, r"lie between -1 and 1: correlation\[0, 1\] is 1\.5$"),
        ([[1, -2], [-2, 1]], 1, ArgumentError, r"lie between -1 and 1: correlation\[0, 1\] is -2\.0$"),
        ([[4, 1], [1, 9]], 1, ArgumentError, r"have ones on its diagonal: correlation\[0, 0\] is 4\.0$"),
        (1, 1, ArgumentError, r"`correlation` must be a square matrix, and its shape is \(\)"),
        ([1, 1], 1, ArgumentError, r"a square matrix, and its shape is \(2,\)"),
        ([[1, 0]], 1, ArgumentError, r"a square matrix, and its shape is \(1, 2\)"),
        (np.ones((0, 0)), 1, ArgumentError, "`correlation` must not be empty"),
        ([[1, np.nan], [np.nan, 1]], 1, ArgumentError, r"correlation\[0, 1\] is nan"),
        ([[1, np.inf], [np.inf, 1]], 1, ArgumentError, r"correlation\[0, 1\] is inf"),
        (np.eye(2) * 1j, 1, ArgumentTypeError, "must not be complex"),
        ([["1", "0"], ["0", "1"]], 1, ArgumentTypeError, "`correlation` must hold real numbers"),
        (np.ma.masked_equal(np.eye(2), 0), 1, ArgumentError, "`correlation` must have no masked entries"),
        (None, 1, ArgumentTypeError, "`correlation` must be an array"),
        (np.eye(2), [1, 2, 3], ArgumentError, "`std` has 3 variables, and correlation has 2"),
        (np.eye(2), np.eye(2), ArgumentError, r"`std` must be a number or a vector, and its shape is \(2, 2\)"),
        (np.eye(2), [1, -2], ArgumentError, r"`std` must not be negative: std\[1\] is -2\.0"),
        (np.eye(2), [1, np.nan], ArgumentError, r"`std` must be finite: std\[1\] is nan"),
        (np.eye(2), [1, 1e-200], ArgumentError, r"square is a normal float64; use other units: std\[1\] is 1e-200"),
        (np.eye(2), [1, 1e200], ArgumentError, "`std` is too large: the square of 1e[+]200 is no float64"),
        ([[1, 0], [0, 1 + 1e-9]], 1.3407807929942596e154, ArgumentError, r"`cov` must be finite: cov\[1, 1\] is inf"),
    ],
)  # fmt: skip
def test_what_gives_no_covariance(correlation: Any, std: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        from_correlation(correlation, std)
