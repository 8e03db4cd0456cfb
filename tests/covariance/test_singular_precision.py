from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import mvn_dask
from mvn_dask.covariance import Banded, Dense, Precision, Scaled, Sparse
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.intrinsic_factor import IntrinsicFactor
from mvn_dask.errors import ArgumentError, NotPositiveDefiniteError, UnsupportedOperationError
from tests.support.singular_precisions import (
    FORMS,
    SINGULAR,
    banded,
    islands,
    projected,
    pseudo_inverse,
    random_walk,
    rescaled,
)
from tests.support.sparse_matrices import grid


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SINGULAR)
def test_the_covariance_is_the_pseudo_inverse(name: str, form: str) -> None:
    matrix, dimension = SINGULAR[name]
    cov, expected = projected(name, form), pseudo_inverse(matrix)
    scale = np.sqrt(np.maximum(np.diagonal(expected), 0.0))
    limit = 1e-9 * np.multiply.outer(scale, scale) + 1e-14 * expected.max()
    assert (np.abs(cov.to_dense() - expected) <= limit).all()
    factor = cov.factorize()
    assert isinstance(factor, IntrinsicFactor)
    assert (factor.rank, factor.noise_ndim) == (cov.ndim - dimension,) * 2
    basis = factor.colorize(np.eye(factor.noise_ndim)).T
    assert (np.abs(basis @ basis.T - expected) <= limit).all()
    assert repr(cov).endswith(f", null_space={dimension})")
    eigenvalues = np.linalg.eigvalsh(matrix.toarray())[dimension:]
    np.testing.assert_allclose(factor.log_pseudo_det, -np.log(eigenvalues).sum(), atol=1e-8)
    assert factor.log_det == -np.inf


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "form"), [("walk", "dense"), ("second", "banded"), ("islands", "sparse")])
def test_rows_have_the_law(name: str, form: str, dtype: Any) -> None:
    matrix, dimension = SINGULAR[name]
    mean, expected = np.arange(float(matrix.shape[0])), pseudo_inverse(matrix)
    normal = mvn_dask.MultivariateNormal(mean, projected(name, form))
    rows = normal.sample(40_000, seed=1, dtype=dtype).compute() - mean
    # Standard errors of 40,000 rows are 0.005 of the product of deviations, √2 of that on the diagonal: six of them.
    scale = np.sqrt(np.maximum(np.diagonal(expected), 0.0))
    assert (np.abs(rows.T @ rows / len(rows) - expected) <= 0.045 * np.multiply.outer(scale, scale) + 1e-12).all()
    null = np.linalg.svd(matrix.toarray())[2][-dimension:]
    assert np.abs(rows @ null.T).max() < (1e-10 if dtype == "float64" else 1e-4) * np.abs(rows).max()
    parts = normal.sample(40_000, seed=1, dtype=dtype, chunks=777)[10_000:10_077].compute()
    np.testing.assert_array_equal(parts - mean, rows[10_000:10_077])


@pytest.mark.parametrize("form", FORMS)
def test_a_null_space_that_is_given(form: str) -> None:
    matrix, _ = SINGULAR["second"]
    places = np.arange(17.0)
    for vectors in (np.column_stack([np.ones(17), places]), np.column_stack([places - 300.0, 2.0 * places + 1.0])):
        cov = projected("second", form, null_space=vectors)
        assert repr(cov).endswith(", null_space=2)"), "before it is factorised"
        np.testing.assert_allclose(cov.to_dense(), pseudo_inverse(matrix), atol=1e-9)
        assert cov.record() != projected("second", form).record()
    walk = projected("walk", form, null_space=np.full(12, 7.0))
    np.testing.assert_allclose(walk.to_dense(), pseudo_inverse(SINGULAR["walk"][0]), atol=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_what_does_not_span_the_null_space(form: str) -> None:
    with pytest.raises(
        ArgumentError, match=r"column 1 of `null_space` is not in the null space .* product is .* in row"
    ):
        projected("walk", form, null_space=np.column_stack([np.ones(12), np.arange(12.0)])).factorize()
    with pytest.raises(ArgumentError, match=r"column 0 of `null_space` is not"):
        projected("walk", form, null_space=np.zeros(12)).factorize()
    with pytest.raises(ArgumentError, match=r"column 1 of the null space is a combination of those before it"):
        projected("walk", form, null_space=np.ones((12, 2))).factorize()
    with pytest.raises(NotPositiveDefiniteError, match=r"null space of 1 dimension, .* all vectors that span"):
        projected("second", form, null_space=np.ones(17)).factorize()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.ones(5), r"a row for each of 12 variables, .* its shape is \(5, 1\)"),
        (np.ones((12, 12)), "fewer columns"),
        (np.ones((12, 0)), "at least one"),
        (np.ones((12, 1, 1)), "its shape is"),
        (np.full(12, np.nan), "`null_space` must be finite"),
        ("text", "`null_space` must be an array of real numbers"),
        (np.ones(12) * 1j, "must not be complex"),
        (3.0, "a row for each"),
    ],
)
def test_a_null_space_that_is_no_array_of_vectors(value: Any, text: str) -> None:
    with pytest.raises((ArgumentError, mvn_dask.errors.ArgumentTypeError), match=text):
        projected("walk", "sparse", null_space=value)


def test_arguments() -> None:
    with pytest.raises(ArgumentError, match=r"`singular` must be one of 'raise', 'project': it is 'ignore'"):
        Precision(np.eye(2), singular="ignore")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"`null_space` goes with singular='project'"):
        Precision(np.eye(2), null_space=[1.0, 1.0])
    with pytest.raises(NotPositiveDefiniteError, match="singular='project' draws the intrinsic field"):
        Precision(grid(4, 0.0)).factorize()
    vectors = np.ones(12)
    cov = projected("walk", "banded", null_space=vectors)
    vectors[0] = 5.0
    assert cov == projected("walk", "banded", null_space=np.ones(12)) != projected("walk", "banded")
    assert repr(projected("walk", "dense")) == "Precision(Dense(ndim=12, method='auto'), singular='project')"


@pytest.mark.parametrize("form", FORMS)
def test_a_regular_precision_is_drawn_as_ever(form: str) -> None:
    for matrix in (grid(4), sp.diags_array([4.0, 1.0, 0.25]).tocsc()):
        cov, plain = (Precision(FORMS[form](matrix), singular=each) for each in ("project", "raise"))
        np.testing.assert_array_equal(cov.to_dense(), plain.to_dense())
        assert type(cov.factorize()) is type(plain.factorize())
        assert repr(cov).endswith(", null_space=0)")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shift", [-0.3, -1e-7])
def test_an_indefinite_precision_is_an_error(form: str, shift: float) -> None:
    for matrix in (random_walk(15, 1), grid(4, 0.0), rescaled(random_walk(12, 1), 1e6)):
        bad = sp.csc_array(matrix + sp.diags_array(shift * matrix.diagonal()))
        with pytest.raises(NotPositiveDefiniteError, match="the precision is not positive semidefinite: "):
            Precision(FORMS[form](bad), singular="project").factorize()


@pytest.mark.parametrize("form", ["dense", "banded"])
def test_diagonals(form: str) -> None:
    for dense, text in (
        ([[1.0, 0.0], [0.0, -1.0]], r"precision\[1, 1\] is -1, and none may be negative"),
        ([[1.0, 2.0], [2.0, 0.0]], r"precision\[1, 1\] is 0, and other numbers of its row are not"),
    ):
        with pytest.raises(NotPositiveDefiniteError, match=text):
            Precision(FORMS[form](sp.csc_array(dense)), singular="project").factorize()
    with pytest.raises(ArgumentError, match="`precision` is zero"):
        Precision(FORMS[form](sp.csc_array((3, 3))), singular="project").factorize()


def test_sparse_diagonals() -> None:
    with pytest.raises(NotPositiveDefiniteError, match=r"precision\[1, 1\] is 0, and other numbers"):
        Precision(sp.csc_array([[1.0, 2.0], [2.0, 0.0]]), singular="project").factorize()
    with pytest.raises(NotPositiveDefiniteError, match=r"precision\[1, 1\] is -1"):
        Precision(sp.csc_array([[1.0, 0.0], [0.0, -1.0]]), singular="project")
    with pytest.raises(ArgumentError, match="`precision` is zero"):
        Precision(sp.csc_array((3, 3)), singular="project").factorize()
    # A variable that nothing says anything about is constant.
    factor = projected("constant", "sparse").factorize()
    np.testing.assert_array_equal(factor.colorize(np.ones((1, 2))), [[0.5, 0.0, 1.0]])
    assert isinstance(factor, IntrinsicFactor)
    assert isinstance(factor.inner, ScaleFactor)


def test_asymmetry_is_an_error_and_rounding_is_evened() -> None:
    matrix = random_walk(9, 1).toarray()
    matrix[0, 1] += 0.1
    with pytest.raises(ArgumentError, match="`precision` must be symmetric"):
        Precision(matrix, singular="project").factorize()
    matrix[0, 1] = -1.0 + 1e-15
    assert Precision(matrix, singular="project").factorize().rank == 8


@pytest.mark.parametrize("units", [1e-120, 1e-9, 1e9, 1e120])
@pytest.mark.parametrize("form", FORMS)
def test_units_decide_no_rank(form: str, units: float) -> None:
    for matrix, dimension in ((units * random_walk(15, 2), 2), (rescaled(random_walk(12, 1), units), 1)):
        cov = Precision(FORMS[form](sp.csc_array(matrix)), singular="project")
        assert cov.factorize().rank == cov.ndim - dimension
        assert np.isfinite(cov.variances()).all()


def test_long_walks() -> None:
    """Rounding makes their precision regular, and indefinite; products with polynomials are 0 all the same."""
    for d in (1000, 5000):
        diagonal, beside = np.full(d, 6.0), np.full(d, -4.0)
        diagonal[[0, 1, -2, -1]], beside[[0, d - 2]] = [1.0, 5.0, 5.0, 1.0], -2.0
        cov = Precision(Banded(0.3 * np.array([diagonal, beside, np.ones(d)]), lower=True), singular="project")
        assert cov.factorize().rank == d - 2
        # That of a free beam, but for its number of points.
        ends, middle = cov.variances()[[0, d // 2]]
        assert ends / middle == pytest.approx(3.04, abs=0.02)
    diagonal, beside = np.full(20_000, 6.0), np.full(20_000, -4.0)
    diagonal[[0, 1, -2, -1]], beside[[0, 19_998]] = [1.0, 5.0, 5.0, 1.0], -2.0
    bands = Banded([diagonal, beside, np.ones(20_000)], lower=True)
    with pytest.raises(NotPositiveDefiniteError, match=r"which may be rounding: give all vectors .* `null_space`"):
        Precision(bands, singular="project").factorize()
    vectors = np.column_stack([np.ones(20_000), np.arange(20_000.0)])
    assert Precision(bands, singular="project", null_space=vectors).factorize().rank == 19_998


def test_nothing_is_built_for_each_island() -> None:
    """A thousand components have a null space of a thousand dimensions, kept as one vector."""
    pair = sp.csc_array([[1.0, -1.0], [-1.0, 1.0]])
    cov = Precision(sp.kron(sp.eye_array(1000), pair), singular="project")
    factor = cov.factorize()
    assert (factor.rank, repr(cov)) == (1000, "Precision(Sparse(ndim=2000, entries=4000), null_space=1000)")
    assert factor.arrays()["basis"].shape == (2000, 1)
    np.testing.assert_allclose(cov.variances(), 0.25)


def test_names_follow_their_variables() -> None:
    names = [f"v{i}" for i in range(24)]
    cov = Precision(islands(), singular="project", names=names)
    assert mvn_dask.MultivariateNormal(np.zeros(24), cov).names == tuple(names)
    bad = sp.block_diag([random_walk(20, 1), [[1.0, 2.0], [2.0, 1.0]], 1.0, 1.0])
    with pytest.raises(NotPositiveDefiniteError, match=r"variable 2[01]"):
        Precision(sp.csc_array(bad), singular="project", names=names).factorize()


def test_conditions_and_densities_say_what_they_need() -> None:
    normal = mvn_dask.MultivariateNormal(np.zeros(12), projected("walk", "banded"))
    with pytest.raises(UnsupportedOperationError, match=r"Precision\(P\) with 1 / v added to the diagonal"):
        normal.condition([0], [1.0])
    with pytest.raises(ArgumentError, match=r"needs a covariance that is not singular: the rank of .* is 11, of 12"):
        normal.logpdf(np.zeros(12))
    marginal = normal.marginal([0, 5]).covariance.to_dense()
    np.testing.assert_allclose(marginal, pseudo_inverse(SINGULAR["walk"][0])[np.ix_([0, 5], [0, 5])], atol=1e-12)


def test_inside_another_covariance() -> None:
    scaled = Scaled(projected("walk", "sparse"), 2.0)
    np.testing.assert_allclose(scaled.to_dense(), 4.0 * pseudo_inverse(SINGULAR["walk"][0]), atol=1e-12)
    assert scaled.factorize().rank == 11


@pytest.mark.parametrize("form", FORMS)
def test_a_store_verifies_and_extends_from_what_lies_in_it(form: str, tmp_path: Any) -> None:
    normal = mvn_dask.MultivariateNormal(np.arange(12.0), projected("walk", form))
    mvn_dask.to_zarr(normal.sample(40, seed=1, chunks=10), tmp_path / "store")
    assert mvn_dask.extend(tmp_path / "store", 25).after == (65, 12)
    assert mvn_dask.verify(tmp_path / "store", level="values", full=True).ok
    expected = normal.sample(65, seed=1).compute()
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "store").compute(), expected)
    manifest = (tmp_path / "store" / ".mvn_dask" / "manifest.json").read_text()
    assert '"kind":"intrinsic"' in manifest.replace(" ", "")
    assert '"null_space":1' in manifest.replace(" ", "")


def test_any_order_of_elimination() -> None:
    for ordering in ("nested_dissection", "natural"):
        cov = Precision(Sparse(grid(5, 0.0), ordering=ordering), singular="project")
        np.testing.assert_allclose(cov.to_dense(), pseudo_inverse(grid(5, 0.0)), atol=1e-12)
    assert Precision(Dense(grid(3, 0.0).toarray()), singular="project").factorize().rank == 8
    assert Precision(banded(grid(3, 0.0)), singular="project").factorize().rank == 8
