import tracemalloc
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.linalg
import scipy.sparse
import xarray as xr

import mvn_dask
from mvn_dask._typing import Float64Array
from mvn_dask.covariance import Banded, Dense
from mvn_dask.errors import ArgumentError, ArgumentTypeError, NotPositiveDefiniteError
from tests.covariance.test_band_triangle import dense, gram, triangle
from tests.support.contracts import check_covariance, check_distribution
from tests.support.units import UNITS

SHAPES = [(1, 0), (2, 1), (7, 2), (40, 39), (150, 12)]
LABELS = ["oil", "gas", "coal"]


def symmetric(bands: Float64Array) -> Float64Array:
    lower = dense(bands)
    return np.asarray(lower + np.tril(lower, -1).T)


def upper_form(bands: Float64Array) -> Float64Array:
    """The same matrix as scipy's upper form has it, with another number in the corner."""
    u, d = len(bands) - 1, bands.shape[1]
    found = np.full_like(bands, -7.0)
    for k in range(u + 1):
        found[u - k, k:] = bands[k, : d - k]
    return found


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(("d", "u"), SHAPES)
def test_contract(d: int, u: int) -> None:
    bands = gram(d, u)
    check_covariance(Banded(bands, lower=True), symmetric(bands))


@pytest.mark.parametrize(("d", "u"), SHAPES)
def test_both_forms_are_scipys(d: int, u: int) -> None:
    bands = gram(d, u)
    lower, upper = Banded(bands, lower=True), Banded(upper_form(bands))
    assert lower == upper
    assert lower.digest() == upper.digest()
    np.testing.assert_array_equal(lower.to_dense(), symmetric(bands))
    filled = np.nan_to_num(bands)
    theirs = scipy.linalg.cholesky_banded(filled, lower=True)
    np.testing.assert_allclose(dense(lower.factorize().bands.astype(np.float64)), dense(theirs), atol=1e-12)
    z = np.random.default_rng(0).standard_normal((3, d))
    np.testing.assert_allclose(lower.factorize().colorize(z), z @ dense(theirs).T, atol=1e-12)


def test_distribution() -> None:
    bands = gram(5, 2)
    mean = np.arange(5.0)
    check_distribution(mvn_dask.MultivariateNormal(mean, Banded(bands, lower=True)), mean, symmetric(bands))


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_have_the_covariance(dtype: Any) -> None:
    cov = Banded(gram(6, 2), lower=True)
    rows = mvn_dask.MultivariateNormal(np.zeros(6), cov).sample(400_000, seed=1, dtype=dtype).compute()
    # Standard errors of 400,000 rows are 0.0016 of the product of deviations, √2 of that on the diagonal.
    limit = 0.01 * np.sqrt(np.multiply.outer(cov.variances(), cov.variances()))
    assert (np.abs(np.cov(rows.T) - cov.to_dense()) < limit).all()


def test_rows_are_those_of_the_dense_factor() -> None:
    cov = Banded(gram(30, 4), lower=True)
    ours = mvn_dask.MultivariateNormal(np.zeros(30), cov).sample(50, seed=1)
    theirs = mvn_dask.MultivariateNormal(np.zeros(30), Dense(cov.to_dense(), method="cholesky")).sample(50, seed=1)
    np.testing.assert_allclose(ours.compute(), theirs.compute(), atol=1e-12)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_store_verifies_and_extends_from_what_lies_in_it(dtype: Any, tmp_path: Path) -> None:
    normal = mvn_dask.MultivariateNormal(np.arange(50.0), Banded(gram(50, 3), lower=True))
    mvn_dask.to_zarr(normal.sample(40, seed=1, chunks=10, dtype=dtype), tmp_path / "store")
    assert mvn_dask.verify(tmp_path / "store", level="values", full=True).ok
    assert mvn_dask.extend(tmp_path / "store", 25).after == (65, 50)
    assert mvn_dask.verify(tmp_path / "store", level="values", full=True).ok
    expected = normal.sample(65, seed=1, dtype=dtype).compute()
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "store").compute(), expected)


def test_chunks_change_no_bit() -> None:
    normal = mvn_dask.MultivariateNormal(np.zeros(2000), Banded(gram(2000, 3), lower=True))
    whole = normal.sample(300, seed=1).compute()
    for chunks in (7, 128, 1000):
        np.testing.assert_array_equal(normal.sample(300, seed=1, chunks=chunks).compute(), whole)


def test_nothing_quadratic_is_built() -> None:
    tracemalloc.start()
    cov = Banded(np.array([[0.5] * 100_000, [1.25] * 100_000]))
    factor = cov.factorize()
    factor.whiten(factor.colorize(np.ones((1, 100_000))))
    factor.covariance_of([0, 99_999], [99_999])
    cov.digest()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 25 * 100_000 * 8  # a dense matrix would take 100,000 times its row


def test_what_lies_outside_of_the_matrix_is_nobodys() -> None:
    inside = np.array([[2.0, 2.0, 2.0], [0.5, 0.25, 0.0]])
    cov = Banded(inside, lower=True)
    for corner in (np.nan, np.inf, -0.0, 1e300):
        given = inside.copy()
        given[1, 2] = corner
        assert Banded(given, lower=True) == cov
    # Bands that lie there as a whole.
    wider = Banded(np.vstack([inside, [[0.0, 9.0, 9.0], [9.0, 9.0, 9.0], [np.nan, 9.0, 9.0]]]), lower=True)
    assert wider.bands.shape == (3, 3)
    np.testing.assert_array_equal(wider.to_dense(), cov.to_dense())
    assert repr(wider) == "Banded(ndim=3, bandwidth=2)"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_named_by_index(bad: float) -> None:
    lower, upper = np.ones((2, 3)), np.ones((2, 3))
    lower[1, 1] = upper[0, 2] = bad
    with pytest.raises(ArgumentError, match=rf"`bands` must be finite: bands\[1, 1\] is {bad}"):
        Banded(lower, lower=True)
    with pytest.raises(ArgumentError, match=rf"`bands` must be finite: bands\[0, 2\] is {bad}"):
        Banded(upper)


@pytest.mark.parametrize("shape", [(), (3,), (0, 3), (3, 0), (1, 2, 3)])
def test_shapes_that_are_no_bands(shape: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentError, match="`bands` must be 2 dimensional and not empty, of shape") as caught:
        Banded(np.ones(shape))
    assert ("Diagonal(variances)" in str(caught.value)) == (len(shape) == 1)


@pytest.mark.parametrize(
    "bands",
    [
        None, "text", [["1.0"]], [[1j]], np.ones((2, 3), complex), {"a": [1.0]}, [[object()]], [[None]],
        scipy.sparse.eye_array(2), np.array([["1.0"]]), UNITS.Quantity(np.ones((2, 3)), "m"), [[1.0], [1.0, 2.0]],
        np.ma.masked_array(np.ones((1, 2)), [[True, False]]), np.array([["2026-01-01"]], "M8[D]"),
    ],
)  # fmt: skip
def test_anything_but_real_numbers(bands: Any) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError), match=r"`bands`|complex") as caught:
        Banded(bands)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("lower", [None, "lower", 1, 0.0, np.ones(2)])
def test_a_form_that_is_no_bool(lower: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="`lower` must be True or False"):
        Banded([[1.0]], lower)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(
    ("bands", "text"),
    [
        ([[1.0, 1.0, 0.0]], r"cov\[2, 2\] is 0, and each on the diagonal must be positive"),
        ([[1.0, -2.0, 0.0]], r"cov\[1, 1\] is -2, and each"),
        ([[2.0, 2.0, 2.0], [1.0, 2.0, 0.0]], r"of the 2 of variable 2 \(coal\) nothing is left, to rounding, given"),
        ([[1e20, 1.0, 1.0], [1e10, 0.0, 0.0]], r"of the 1 of variable 1 \(gas\) nothing is left"),
        ([[1e-20, 1.0, 1.0], [1e-10, 0.0, 0.0]], r"of the 1 of variable 1 \(gas\) nothing is left"),
        ([[1e-300, 1.0, 1.0], [1e300, 0.0, 0.0]], r"of the 1 of variable 1 \(gas\) nothing is left"),
    ],
)
def test_the_first_variable_where_it_is_not_positive_definite(bands: list[list[float]], text: str) -> None:
    cov = Banded(bands, lower=True, names=LABELS)
    with pytest.raises(NotPositiveDefiniteError, match=text) as caught:
        cov.factorize()
    assert str(caught.value).startswith("Matrix is not positive definite: ")
    assert "Dense(cov.to_dense()) takes a singular one" in str(caught.value)
    with pytest.raises(NotPositiveDefiniteError):
        mvn_dask.MultivariateNormal(np.zeros(3), cov)


def test_the_way_out_of_a_singular_covariance_works() -> None:
    cov = Banded([[1.0, 1.0], [1.0, 0.0]], lower=True)
    with pytest.raises(NotPositiveDefiniteError):
        cov.factorize()
    assert Dense(cov.to_dense()).factorize().rank == 1


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e150, 1e300])
def test_extreme_scales(scale: float) -> None:
    cov = Banded(scale * gram(20, 3), lower=True)
    basis = cov.factorize().colorize(np.eye(20)).T / np.sqrt(scale)
    np.testing.assert_allclose(basis @ basis.T, symmetric(gram(20, 3)), atol=1e-12)


def test_the_input_is_copied() -> None:
    bands = np.array([[2.0, 2.0], [1.0, 0.0]])
    cov = Banded(bands, lower=True)
    bands[0, 0] = 5.0
    assert cov.bands[0, 0] == 2.0
    with pytest.raises(ValueError, match="read-only"):
        cov.bands[0, 0] = 2.0


def test_array_likes() -> None:
    bands = [[0.5, 0.5, 0.5], [1.25, 1.25, 1.25]]
    expected = Banded(np.array(bands))
    read_only = np.array(bands)
    read_only.setflags(write=False)
    for given in (
        tuple(map(tuple, bands)), np.array(bands, "f4"), np.array(bands, ">f8"), np.array(bands, object), read_only,
        np.asfortranarray(bands), da.from_array(np.array(bands), chunks=1), pd.DataFrame(bands), xr.DataArray(bands),
    ):  # fmt: skip
        assert Banded(given) == expected
        assert Banded(given).names is None


def test_labels_are_those_of_the_columns() -> None:
    bands = np.array([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [1.25, 1.25, 1.25]])
    for given in (
        pd.DataFrame(bands, index=["two", "one", "zero"], columns=LABELS),
        xr.DataArray(bands, dims=("band", "x"), coords={"band": [2, 1, 0], "x": LABELS}),
        pl.DataFrame(bands, schema=LABELS, orient="row"),
    ):
        cov = Banded(given)
        assert cov.names == tuple(LABELS)
        assert mvn_dask.MultivariateNormal(pd.Series(0.0, LABELS), cov).names == tuple(LABELS)
        with pytest.raises(ArgumentError, match="must agree"):
            mvn_dask.MultivariateNormal(pd.Series(0.0, LABELS[::-1]), cov)
        with pytest.raises(ArgumentError, match="must agree"):
            Banded(given, names=LABELS[::-1])
    assert Banded(bands, names=LABELS) == Banded(bands)
    with pytest.raises(ArgumentError, match="must name every variable: there are 3, and 2 names"):
        Banded(bands, names=LABELS[:2])


def test_digests_are_of_the_numbers() -> None:
    cov = Banded(gram(6, 2), lower=True)
    assert cov != Banded(gram(6, 1), lower=True)
    assert cov != Dense(cov.to_dense())
    assert cov.record() == {"kind": "banded", "digest": cov.digest()}
    negative_zero = np.array([[1.0, 1.0], [-0.0, 0.0]])
    assert Banded(negative_zero, lower=True) == Banded(np.abs(negative_zero), lower=True)


def test_other_arguments_of_a_distribution_do_not_go_with_it() -> None:
    with pytest.raises(ArgumentError, match="same length"):
        mvn_dask.MultivariateNormal(np.zeros(3), Banded(triangle(4, 1), lower=True))
