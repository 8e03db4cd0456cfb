from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import scipy.stats
import sklearn.covariance
from sklearn.base import clone
from sklearn.decomposition import PCA

import mvn_dask
from mvn_dask.covariance import Dense, Diagonal, Factored, Scaled, Sparse, as_covariance
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.foreign_objects import is_estimator
from mvn_dask.covariance.matrix_factors import TriangularFactor
from mvn_dask.errors import ArgumentError, ArgumentTypeError, NotPositiveDefiniteError
from tests.support.contracts import check_covariance
from tests.support.strategies import random_moments

ScipyCovariance: Any = scipy.stats.Covariance


def eigendecomposition(matrix: Any) -> Any:
    with np.errstate(invalid="ignore"):  # scipy's own, of negative eigenvalues
        return ScipyCovariance.from_eigendecomposition(np.linalg.eigh(matrix))


@pytest.mark.parametrize("d", [1, 4, 40])
def test_objects_of_scipy_that_have_a_factor(d: int) -> None:
    matrix = random_moments(d)[1]
    given = {
        "cholesky": ScipyCovariance.from_cholesky(np.linalg.cholesky(matrix)),
        "precision": ScipyCovariance.from_precision(np.linalg.inv(matrix)),
        "eigh": eigendecomposition(matrix),
        "square root": ScipyCovariance.from_cholesky(matrix),
    }
    for name, each in given.items():
        cov = as_covariance(each, ndim=d)
        assert isinstance(cov, Factored), name
        check_covariance(cov, cov.to_dense())
        expected = matrix @ matrix if name == "square root" else matrix
        np.testing.assert_allclose(cov.to_dense(), expected, rtol=1e-9, atol=1e-10)
        basis = each.colorize(np.eye(d)).T
        np.testing.assert_allclose(cov.to_dense(), basis @ basis.T, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
        assert isinstance(cov.factorize(), TriangularFactor if d > 1 else ScaleFactor)


def test_a_factor_is_not_squared() -> None:
    """Squares of this factor, of condition number 1e10, would be singular in float64."""
    triangle = np.array([[1.0, 0.0], [1.0, 1e-10]])
    rotation = np.array([[0.6, 0.8], [-0.8, 0.6]])
    for given in (ScipyCovariance.from_cholesky(triangle), ScipyCovariance.from_cholesky(triangle @ rotation)):
        cov = as_covariance(given, ndim=2)
        np.testing.assert_allclose(np.abs(np.diagonal(cov.factorize().operand)), [1.0, 1e-10], rtol=1e-5)


def test_diagonal_and_singular_objects_of_scipy() -> None:
    diagonal = as_covariance(ScipyCovariance.from_diagonal([1.0, 0.0, 4.0]), ndim=3)
    assert diagonal == Diagonal([1.0, 0.0, 4.0])
    loadings = np.array([[1.0], [2.0]])
    singular = as_covariance(eigendecomposition(loadings @ loadings.T), ndim=2, method="eigh")
    assert isinstance(singular, Dense)
    assert singular.method == "eigh"
    np.testing.assert_allclose(singular.to_dense(), loadings @ loadings.T)
    with np.errstate(divide="ignore"):  # scipy's own
        given = ScipyCovariance.from_cholesky([[0.0, 0.0], [1.0, 0.0]])
    without_pivot = as_covariance(given, ndim=2)
    assert without_pivot.factorize().rank == 1
    plain = scipy.stats.multivariate_normal(cov=[[2.0, 1.0], [1.0, 2.0]]).cov_object
    assert as_covariance(plain, ndim=2) == Dense([[2.0, 1.0], [1.0, 2.0]])
    with pytest.raises(ArgumentError, match="smallest eigenvalue"):
        as_covariance(eigendecomposition([[1.0, 2.0], [2.0, 1.0]]), ndim=2, check_valid="raise").factorize()


def test_objects_of_scipy_that_are_no_covariance() -> None:
    with pytest.raises(ArgumentError, match="`mean` has 2, `cov` has 3"):
        mvn_dask.MultivariateNormal([0.0, 0.0], ScipyCovariance.from_diagonal([1, 2, 3]))
    with pytest.raises(ArgumentError, match=r"`cov` must be finite: cov\[0, 0\] is nan"):
        as_covariance(ScipyCovariance.from_cholesky([[np.nan, 0.0], [0.0, 1.0]]), ndim=2)
    with pytest.raises(ArgumentTypeError, match="CovViaDiagonal"):
        mvn_dask.MultivariateNormal(ScipyCovariance.from_diagonal([1, 2]), 1.0)


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "dia", "bsr", "lil", "dok"])
def test_sparse_diagonals(kind: Any) -> None:
    numbers = np.diag([1.0, 0.0, 4.0])
    for make in (scipy.sparse.csr_matrix, scipy.sparse.csr_array):
        assert as_covariance(make(numbers).asformat(kind), ndim=3) == Diagonal([1.0, 0.0, 4.0])
    stored_zeros = scipy.sparse.coo_array(([1.0, 2.0, 0.0, 3.0, -3.0], ([0, 1, 0, 1, 1], [0, 1, 1, 1, 1])))
    assert as_covariance(stored_zeros, ndim=2) == Diagonal([1.0, 2.0])
    cancelled = scipy.sparse.coo_array(([1.0, 1.0, 5.0, -5.0], ([0, 1, 0, 0], [0, 1, 1, 1])))
    assert as_covariance(cancelled, ndim=2) == Diagonal([1.0, 1.0])


def test_other_sparse_matrices() -> None:
    full = scipy.sparse.csr_array([[1.0, 0.5], [0.5, 1.0]])
    assert as_covariance(full, ndim=2) == Sparse(full)
    normal = mvn_dask.MultivariateNormal([0.0, 0.0], full)
    assert normal.covariance == Sparse(full)
    rows = mvn_dask.default_rng(1).multivariate_normal([0.0, 0.0], full, 100).compute()
    np.testing.assert_array_equal(rows, normal.sample(100, seed=1).compute())
    with pytest.raises(NotPositiveDefiniteError):
        mvn_dask.MultivariateNormal([0.0, 0.0], full - 2 * scipy.sparse.eye_array(2))
    for shape in ((2, 3), (3, 2)):
        with pytest.raises(ArgumentError, match="2 dimensional and square"):
            as_covariance(scipy.sparse.eye_array(*shape), ndim=2)
    with pytest.raises(ArgumentError, match="2 dimensional and square"):
        as_covariance(scipy.sparse.coo_array([1.0, 2.0]), ndim=2)
    damaged = scipy.sparse.csc_array([[2.0, 1.0], [1.0, 2.0]])
    damaged.indices[1] = 10**6
    with pytest.raises(ArgumentError, match="the indices of `cov` are damaged: "):
        as_covariance(damaged, ndim=2)
    with pytest.raises(ArgumentTypeError, match="must not be complex"):
        as_covariance(scipy.sparse.eye_array(2) * 1j, ndim=2)
    with pytest.raises(ArgumentError, match=r"cov\[1\] is nan"):
        as_covariance(scipy.sparse.diags_array([1.0, np.nan]), ndim=2)


DATA = pd.DataFrame(np.random.default_rng(1).standard_normal((60, 3)), columns=["oil", "gas", "sun"])


@pytest.mark.parametrize(
    "estimator",
    [
        sklearn.covariance.EmpiricalCovariance(),
        sklearn.covariance.EmpiricalCovariance(assume_centered=True),
        sklearn.covariance.LedoitWolf(),
        sklearn.covariance.OAS(),
        sklearn.covariance.ShrunkCovariance(),
        sklearn.covariance.MinCovDet(random_state=1),
        sklearn.covariance.EllipticEnvelope(random_state=1),
        sklearn.covariance.GraphicalLasso(),
    ],
    ids=str,
)
def test_estimators(estimator: Any) -> None:
    named, plain = clone(estimator).fit(DATA), estimator.fit(DATA.to_numpy())
    assert as_covariance(plain, ndim=3, method="eigh") == Dense(plain.covariance_, method="eigh")
    assert as_covariance(plain, ndim=3).names is None
    assert as_covariance(named, ndim=3).names == Scaled(named, [1, 2, 3]).names == ("oil", "gas", "sun")
    normal = mvn_dask.MultivariateNormal.from_estimator(named, method="eigh", check_valid="raise")
    assert (normal.names, normal.covariance) == (("oil", "gas", "sun"), Dense(named.covariance_, method="eigh"))
    np.testing.assert_array_equal(normal.mean, named.location_)
    assert mvn_dask.MultivariateNormal.from_estimator(plain, names=["a", "b", "c"]).names == ("a", "b", "c")
    drawn = mvn_dask.default_rng(3).multivariate_normal(normal.mean, named, 5, method="eigh")
    again = mvn_dask.default_rng(3).multivariate_normal(normal.mean, named.covariance_, 5, method="eigh")
    np.testing.assert_array_equal(drawn, again)


def test_names_of_estimators_must_agree() -> None:
    with pytest.raises(ArgumentError, match="the `feature_names_in_` of `cov` must agree"):
        mvn_dask.MultivariateNormal(
            pd.Series([0.0, 0.0, 0.0], ["gas", "oil", "sun"]), sklearn.covariance.LedoitWolf().fit(DATA)
        )
    too_many = SimpleNamespace(covariance_=np.eye(2), feature_names_in_=["a", "b", "c"])
    with pytest.raises(ArgumentError, match="there are 2, and 3 names"):
        as_covariance(too_many, ndim=2)


@pytest.mark.parametrize("estimator", [sklearn.covariance.LedoitWolf(), PCA(1).fit(DATA), PCA(1)], ids=str)
def test_estimators_that_hold_no_covariance(estimator: Any) -> None:
    name = type(estimator).__name__
    for draw in (mvn_dask.MultivariateNormal, mvn_dask.default_rng(1).multivariate_normal):
        with pytest.raises(
            ArgumentTypeError,
            match=rf"`cov` is {name} \(sklearn\) and has no `covariance_`: call cov.fit\(X\) first, if",
        ):
            draw([0.0], estimator)
    with pytest.raises(ArgumentTypeError, match=rf"`estimator` is {name} \(sklearn\) and has no `location_`: call"):
        mvn_dask.MultivariateNormal.from_estimator(estimator)


def test_anything_with_the_attributes_is_an_estimator() -> None:
    matrix = np.array([[2.0, 1.0], [1.0, 2.0]])
    normal = mvn_dask.MultivariateNormal.from_estimator(SimpleNamespace(location_=[1.0, 2.0], covariance_=matrix))
    assert (normal.mean.tolist(), normal.covariance) == ([1.0, 2.0], Dense(matrix))
    with pytest.raises(ArgumentTypeError, match=r"SimpleNamespace \(types\) and has no `location_`$"):
        mvn_dask.MultivariateNormal.from_estimator(SimpleNamespace(covariance_=np.eye(2)))
    with pytest.raises(ArgumentTypeError, match="has no `location_`"):
        mvn_dask.MultivariateNormal.from_estimator(np.eye(2))
    several = SimpleNamespace(covariance_=np.ones((3, 2, 2)))
    with pytest.raises(ArgumentError, match="2 dimensional and square"):
        as_covariance(several, ndim=2)


def test_a_frame_with_such_a_column_is_no_estimator() -> None:
    names = ["covariance_", "fit"]
    frame = pd.DataFrame(np.eye(2), names, names)
    assert not is_estimator(frame)
    assert as_covariance(frame, ndim=2).names == tuple(names)
    assert not is_estimator([[1.0]])


@pytest.mark.parametrize("make", ["cholesky", "precision", "eigh", "diagonal"])
def test_rows_have_the_covariance(make: str) -> None:
    """Correlations of 100,000 rows differ from those asked for by less than 5 standard errors."""
    matrix = np.diag([4.0, 1.0, 9.0]) if make == "diagonal" else random_moments(3)[1]
    given = {
        "cholesky": lambda: ScipyCovariance.from_cholesky(np.linalg.cholesky(matrix)),
        "precision": lambda: ScipyCovariance.from_precision(np.linalg.inv(matrix)),
        "eigh": lambda: eigendecomposition(matrix),
        "diagonal": lambda: ScipyCovariance.from_diagonal(np.diagonal(matrix)),
    }[make]()
    rows = mvn_dask.MultivariateNormal(np.zeros(3), given).sample(100_000, seed=5).compute()
    deviations = np.sqrt(np.diagonal(matrix))
    rows = rows / deviations
    expected = matrix / np.outer(deviations, deviations)
    np.testing.assert_allclose(rows.T @ rows / len(rows), expected, atol=5 * np.sqrt(2 / len(rows)))
