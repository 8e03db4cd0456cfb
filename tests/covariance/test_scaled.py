from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import mvn_dask
from mvn_dask.covariance import Covariance, Dense, Diagonal, Factor, Scaled, from_correlation
from mvn_dask.covariance.base import factor_of_record
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.matrix_factors import ScaledOrthogonalFactor, TriangularFactor
from mvn_dask.covariance.scaled import ScaledFactor
from mvn_dask.errors import ArgumentError, ArgumentTypeError, UnsupportedOperationError
from tests.support.contracts import check_covariance, check_factor
from tests.support.strategies import Floats, random_moments
from tests.toys.selection import Selection, selection

REGULAR = Selection(
    np.array([[0, 1], [1, 2], [2, 2], [3, 0]]), np.array([[1.0, 0.5], [2.0, 0.25], [1.0, 1.0], [0.5, 0.5]]), 4
)
"""A covariance whose factor is not kept as its matrix."""


def scaled(covariance: Covariance, std: Any) -> tuple[Scaled, Floats]:
    deviations = np.broadcast_to(std, (covariance.ndim,))
    return Scaled(covariance, std), covariance.to_dense() * np.outer(deviations, deviations)


@pytest.mark.parametrize("method", ["auto", "svd", "eigh", "cholesky"])
@pytest.mark.parametrize("d", [1, 5, 65])
def test_contract_of_a_matrix(d: int, method: Any) -> None:
    cov = random_moments(d)[1]
    check_covariance(*scaled(Dense(cov, method=method), np.linspace(0.5, 2.0, d)))


def test_contract_of_other_structures() -> None:
    check_covariance(*scaled(Diagonal([4.0, 1.0, 9.0]), [1.0, 2.0, 0.5]))
    check_covariance(*scaled(REGULAR, [1.0, 2.0, 0.5, 1e3]))
    check_covariance(*scaled(REGULAR, 3.0))
    check_covariance(*scaled(Scaled(REGULAR, [1.0, 2.0, 0.5, 1e3]), [2.0, 1.0, 1.0, 1e-3]))


@pytest.mark.parametrize("shape", [(20, 3), (3, 20), (1, 7), (6, 6)])
def test_contract_of_rectangular_factors(shape: tuple[int, int]) -> None:
    covariance = selection(*shape)
    for std in (np.linspace(0.5, 2.0, shape[0]), np.arange(shape[0]) % 2.0, np.zeros(shape[0])):
        cov, dense = scaled(covariance, std)
        if std.any():
            check_factor(cov.factorize(), dense)
        else:
            assert cov.factorize().rank == 0


def test_contract_of_singular_matrices_and_constants() -> None:
    loadings = np.random.default_rng(2).standard_normal((6, 2))
    singular, regular = loadings @ loadings.T, random_moments(6)[1]
    for matrix in (singular, regular):
        for std in ([1, 2, 3, 0.5, 1, 2], [0, 2, 3, 0, 1, 2], [0, 0, 0, 0, 0, 1]):
            cov, dense = scaled(Dense(matrix), std)
            check_factor(cov.factorize(), dense)
    constant = regular.copy()
    constant[2] = constant[:, 2] = 0.0
    cov, dense = scaled(Dense(constant), 2.0)
    check_factor(cov.factorize(), dense)


def test_rank_where_constants_are_beside_a_singular_factor() -> None:
    basis = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    factor = ScaledFactor(Dense(basis @ basis.T).factorize(), np.array([0.0, 1.0, 1.0]))
    assert factor.rank == 1
    many = ScaledFactor(Diagonal(np.arange(2000) % 2.0).factorize(), (np.arange(2000) < 1500) * 1.0)
    assert many.rank == 750


@pytest.mark.parametrize(
    ("inner", "kind"),
    [
        (Diagonal([1.0, 4.0]), ScaleFactor),
        (Dense([[2.0, 1.0], [1.0, 2.0]]), TriangularFactor),
        (Dense([[2.0, 1.0], [1.0, 2.0]], method="eigh"), ScaledOrthogonalFactor),
        (Dense(np.ones((2, 2))), ScaledOrthogonalFactor),
        (selection(2, 3), ScaledFactor),
    ],
)
def test_a_factor_that_is_its_matrix_stays_one(inner: Covariance, kind: type[Factor]) -> None:
    assert type(Scaled(inner, [2.0, 3.0]).factorize()) is kind


def test_it_is_the_covariance_of_correlations() -> None:
    correlations, std = [[1.0, 0.5], [0.5, 1.0]], [2.0, 3.0]
    np.testing.assert_array_equal(Scaled(correlations, std).to_dense(), from_correlation(correlations, std).to_dense())
    assert Scaled(2.0, [1.0, 2.0]).to_dense().tolist() == [[2.0, 0.0], [0.0, 8.0]]
    assert Scaled([1.0, 2.0], 3.0) == Scaled(Diagonal([1.0, 2.0]), [3.0, 3.0])
    assert Scaled([1.0, 2.0], 3.0) != Scaled([1.0, 2.0], 4.0)
    assert Scaled(Dense(correlations), std) != Scaled(Dense(correlations, method="eigh"), std)


def test_the_values_are_its_own() -> None:
    std = np.array([2.0, 3.0])
    cov = Scaled(np.eye(2), std)
    std[0] = 7.0
    assert cov.scale.tolist() == [2.0, 3.0]
    assert not cov.scale.flags.writeable
    assert Scaled(np.eye(2), [-0.0, 1.0]).digest() == Scaled(np.eye(2), [0.0, 1.0]).digest()


def test_labels_of_both() -> None:
    names = ["oil", "gas"]
    frame = pd.DataFrame(np.eye(2), names, names)
    for cov in (Scaled(frame, [1.0, 2.0]), Scaled(np.eye(2), pd.Series([1.0, 2.0], names)), Scaled(frame, 1.0)):
        assert cov.names == ("oil", "gas")
        assert mvn_dask.MultivariateNormal([0.0, 0.0], cov).names == ("oil", "gas")
    with pytest.raises(ArgumentError, match="of `cov` and the index of `std` must agree"):
        Scaled(frame, pd.Series([1.0, 2.0], names[::-1]))
    with pytest.raises(ArgumentError, match="must agree"):
        Scaled(frame, xr.DataArray([1.0, 2.0], coords={"x": names[::-1]}, dims="x"))
    with pytest.raises(ArgumentError, match="must agree"):
        Scaled(Dense(np.eye(2), names=names), [1.0, 2.0], names=["a", "b"])
    assert Scaled(np.eye(2), 1.0, names=names).names == ("oil", "gas")


def test_how_it_is_checked_is_said_inside() -> None:
    cov = Scaled(Dense(np.eye(2), method="eigh", check_valid="raise"), 2.0)
    assert mvn_dask.MultivariateNormal([0, 0], cov, method="eigh", check_valid="raise").covariance is cov
    with pytest.raises(ArgumentError, match=r"`method` is 'svd', but Scaled.* carries method='eigh'"):
        mvn_dask.MultivariateNormal([0, 0], cov, method="svd")
    with pytest.raises(AttributeError, match="'Scaled' object has no attribute 'matrix'"):
        _ = cov.matrix


def test_constants_that_other_variables_share_cannot_be_whitened() -> None:
    factor = Scaled(random_moments(3)[1], [0.0, 1.0, 1.0]).factorize()
    with pytest.raises(UnsupportedOperationError, match="noise of a constant"):
        factor.whiten(np.ones((1, 3)))
    with pytest.raises(UnsupportedOperationError, match="a scale of 0"):
        Scaled(REGULAR, [0.0, 1.0, 1.0, 1.0]).factorize().whiten(np.ones((1, 4)))


@pytest.mark.parametrize(
    ("std", "error", "text"),
    [
        ([1.0, -2.0], ArgumentError, r"`std` must not be negative: std\[1\] is -2\.0"),
        (-1.0, ArgumentError, "`std` must not be negative: std is -1.0"),
        ([1.0, np.nan], ArgumentError, r"`std` must be finite: std\[1\] is nan"),
        ([np.inf, 1.0], ArgumentError, r"`std` must be finite: std\[0\] is inf"),
        ([1.0, 2.0, 3.0], ArgumentError, "`std` has 3 variables, and cov has 2"),
        (np.ones((2, 2)), ArgumentError, r"`std` must be a number or a vector, and its shape is \(2, 2\)"),
        ([], ArgumentError, "`std` has 0 variables, and cov has 2"),
        ([1.0, 1e-200], ArgumentError, "square is a normal float64"),
        ([1.0, 1e200], ArgumentError, "`std` is too large"),
        ([1.0, 1j], ArgumentTypeError, "must not be complex: the dtype of `std`"),
        (["1", "2"], ArgumentTypeError, "`std` must hold real numbers"),
        (np.ma.array([1.0, 2.0], mask=[False, True]), ArgumentError, "`std` must have no masked entries"),
        (None, ArgumentTypeError, "`std` must be an array of real numbers"),
    ],
)
def test_no_standard_deviations(std: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        Scaled(np.eye(2), std)


def test_no_covariance() -> None:
    with pytest.raises(ArgumentError, match="cov must be 2 dimensional and square"):
        Scaled(np.ones((2, 3)), [1.0, 2.0])
    with pytest.raises(RuntimeWarning, match="smallest eigenvalue"):
        Scaled([[1.0, 2.0], [2.0, 1.0]], [1.0, 2.0]).factorize()


def test_variances_that_float64_cannot_hold() -> None:
    with pytest.raises(ArgumentError, match=r"variance of variable 1 \(b\) is too large for float64"):
        Scaled([1.0, 1e300], 1e100, names=["a", "b"]).factorize()
    with pytest.raises(ArgumentError, match="variance of variable 0 is too small for float64"):
        Scaled([1e-300, 1.0], 1e-100).factorize()


def test_arrays_that_make_no_factor() -> None:
    factor = Scaled(REGULAR, 2.0).factorize()
    record, arrays = factor.record(), factor.arrays()
    inner = [name for name in arrays if name.startswith("inner.")]
    for wrong in (
        {**arrays, "other.scale": np.ones(4)},
        {**arrays, "scale": np.ones(3)},
        {**arrays, "scale": np.ones(4, np.float32)},
        {**arrays, "scale": np.ones((4, 1))},
        {"scale": np.ones(4)},
        {name: arrays[name] for name in inner},
    ):
        with pytest.raises(ArgumentError):
            factor_of_record(record, wrong)
    with pytest.raises(ArgumentError, match="alone do not say"):
        ScaledFactor.from_arrays(arrays)
    endless: dict[str, Any] = {"kind": "scaled"}
    endless["inner"] = endless
    with pytest.raises(ArgumentError):
        factor_of_record(endless, arrays)


def test_one_scale_of_another() -> None:
    factor = Scaled(Scaled(REGULAR, [1.0, 2.0, 0.5, 1e3]), 2.0).factorize()
    assert isinstance(factor, ScaledFactor)
    assert factor.inner is REGULAR.factorize()
    assert factor.scale.tolist() == [2.0, 4.0, 1.0, 2e3]


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_have_the_covariance(dtype: Any) -> None:
    """Correlations of 100,000 rows differ from those asked for by less than 5 standard errors, at most 0.016."""
    for inner in (REGULAR, Dense(REGULAR.to_dense())):
        cov, dense = scaled(inner, [1.0, 2.0, 0.5, 1e3])
        sample = mvn_dask.MultivariateNormal(np.zeros(4), cov).sample(100_000, seed=5, dtype=dtype)
        rows = sample.compute() / np.sqrt(np.diagonal(dense))
        expected = dense / np.sqrt(np.outer(np.diagonal(dense), np.diagonal(dense)))
        np.testing.assert_allclose(rows.T @ rows / len(rows), expected, atol=5 * np.sqrt(2 / len(rows)))


def test_a_store_gives_the_sample_again(tmp_path: Any) -> None:
    normal = mvn_dask.MultivariateNormal(np.zeros(4), Scaled(REGULAR, [1.0, 2.0, 0.5, 1e3]))
    sample = normal.sample(1000, seed=1, chunks=100)
    mvn_dask.to_zarr(sample, tmp_path / "store")
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "store").compute(), sample.compute())
    assert mvn_dask.verify(tmp_path / "store").ok
