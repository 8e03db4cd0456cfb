import subprocess
import sys
import tracemalloc
from hashlib import sha256
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import scipy.stats
import xarray as xr

import mvn_dask
from mvn_dask._typing import Float64Array
from mvn_dask.covariance import Banded, Dense, Diagonal, Precision
from mvn_dask.covariance.band_factors import BandPrecisionFactor
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.matrix_factors import TriangularFactor
from mvn_dask.errors import ArgumentError, ArgumentTypeError, NotPositiveDefiniteError
from tests.covariance.test_band_triangle import gram
from tests.support.contracts import check_covariance, check_distribution
from tests.support.other_processors import PROCESSORS, printed_under
from tests.support.units import UNITS

SHAPES = [(1, 0), (2, 1), (7, 2), (40, 39), (150, 12), (420, 5)]
LABELS = ["oil", "gas", "coal"]


def banded(d: int, u: int) -> Banded:
    return Banded(gram(d, u), lower=True)


def autoregression(d: int, rho: float) -> Banded:
    """The precision of a stationary process with innovations of variance 1."""
    diagonal = np.full(d, 1.0 + rho * rho)
    diagonal[[0, -1]] = 1.0
    return Banded([diagonal, np.full(d, -rho)], lower=True)


def walk(d: int) -> Banded:
    """The precision of a random walk from 0 with steps of variance 1."""
    diagonal = np.full(d, 2.0)
    diagonal[-1] = 1.0
    return Banded([diagonal, np.full(d, -1.0)], lower=True)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("as_matrix", [False, True])
@pytest.mark.parametrize(("d", "u"), SHAPES)
def test_contract(d: int, u: int, as_matrix: bool) -> None:
    matrix = banded(d, u)
    cov = Precision(matrix.to_dense() if as_matrix else matrix)
    check_covariance(cov, cov.to_dense())
    np.testing.assert_allclose(cov.to_dense(), np.linalg.inv(matrix.to_dense()), atol=1e-12)
    np.testing.assert_allclose(cov.factorize().log_det, -np.linalg.slogdet(matrix.to_dense())[1], atol=1e-9)


@pytest.mark.parametrize("as_matrix", [False, True])
def test_distribution(as_matrix: bool) -> None:
    matrix, mean = banded(5, 2), np.arange(5.0)
    normal = mvn_dask.MultivariateNormal(mean, Precision(matrix.to_dense() if as_matrix else matrix))
    check_distribution(normal, mean, np.asarray(np.linalg.inv(matrix.to_dense()), np.float64))


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("as_matrix", [False, True])
def test_rows_have_the_inverse_as_covariance(as_matrix: bool, dtype: Any) -> None:
    matrix = autoregression(6, 0.7)
    cov = Precision(matrix.to_dense() if as_matrix else matrix)
    rows = mvn_dask.MultivariateNormal(np.zeros(6), cov).sample(400_000, seed=1, dtype=dtype).compute()
    # Standard errors of 400,000 rows are 0.0016 of the product of deviations, √2 of that on the diagonal.
    expected = np.linalg.inv(matrix.to_dense())
    limit = 0.01 * np.sqrt(np.multiply.outer(np.diagonal(expected), np.diagonal(expected)))
    assert (np.abs(np.cov(rows.T) - expected) < limit).all()


@pytest.mark.parametrize("d", [30, 450])
def test_rows_are_those_of_the_covariance(d: int) -> None:
    matrix = banded(d, 4)
    inverse = np.linalg.inv(matrix.to_dense())
    theirs = mvn_dask.MultivariateNormal(np.zeros(d), inverse, check_valid="ignore").sample(50, seed=1).compute()
    for cov in (Precision(matrix), Precision(matrix.to_dense())):
        ours = mvn_dask.MultivariateNormal(np.zeros(d), cov).sample(50, seed=1).compute()
        np.testing.assert_allclose(ours, theirs, atol=1e-10)


def test_scipys_precisions_have_the_same_law() -> None:
    matrix = autoregression(8, 0.6).to_dense()
    theirs, ours = scipy.stats.Covariance.from_precision(matrix), Precision(matrix)
    np.testing.assert_allclose(ours.to_dense(), theirs.covariance, atol=1e-12)
    np.testing.assert_allclose(ours.factorize().log_det, theirs.log_pdet, atol=1e-12)
    x = np.random.default_rng(0).standard_normal((4, 8))
    # Whitened rows differ by a rotation.
    lengths = np.square(theirs.whiten(x)).sum(axis=1)
    np.testing.assert_allclose(np.square(ours.factorize().whiten(x)).sum(axis=1), lengths, rtol=1e-12)


@pytest.mark.usefixtures("path")
def test_an_autoregression_is_stationary() -> None:
    for rho in (0.0, 0.5, -0.9, 0.999):
        variances = Precision(autoregression(1000, rho)).variances()
        np.testing.assert_allclose(variances, 1.0 / (1.0 - rho * rho), rtol=1e-9)


@pytest.mark.usefixtures("path")
def test_a_walk_is_exact() -> None:
    """It is the sum of its normals, added one after the other."""
    cov = Precision(walk(1000))
    np.testing.assert_array_equal(cov.variances(), np.arange(1.0, 1001.0))
    z = np.random.default_rng(0).standard_normal((9, 1000))
    np.testing.assert_array_equal(cov.factorize().colorize(z), z.cumsum(axis=1))
    matrix = Precision(walk(500).to_dense()).factorize()
    assert isinstance(matrix, TriangularFactor)
    np.testing.assert_array_equal(matrix.matrix, np.tril(np.ones((500, 500))))
    found = cov.factorize().covariance_of([5, 700], [3, 900, 5])
    np.testing.assert_allclose(found, [[4.0, 6.0, 6.0], [4.0, 701.0, 6.0]], rtol=1e-12)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("as_matrix", [False, True])
def test_a_store_verifies_and_extends_from_what_lies_in_it(as_matrix: bool, dtype: Any, tmp_path: Path) -> None:
    matrix = autoregression(50, 0.8)
    cov = Precision(matrix.to_dense() if as_matrix else matrix)
    normal = mvn_dask.MultivariateNormal(np.arange(50.0), cov)
    mvn_dask.to_zarr(normal.sample(40, seed=1, chunks=10, dtype=dtype), tmp_path / "store")
    assert mvn_dask.verify(tmp_path / "store", level="values", full=True).ok
    assert mvn_dask.extend(tmp_path / "store", 25).after == (65, 50)
    assert mvn_dask.verify(tmp_path / "store", level="values", full=True).ok
    expected = normal.sample(65, seed=1, dtype=dtype).compute()
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "store").compute(), expected)


@pytest.mark.faults
def test_another_process_verifies_a_store_that_it_did_not_write(tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal(np.zeros(5), Precision(walk(5))).sample(9, seed=1), tmp_path / "store")
    script = "import sys, mvn_dask; sys.exit(not mvn_dask.verify(sys.argv[1], level='values', full=True).ok)"
    assert subprocess.run([sys.executable, "-c", script, tmp_path / "store"], check=False).returncode == 0


def test_nothing_quadratic_is_built() -> None:
    tracemalloc.start()
    cov = Precision(autoregression(100_000, 0.5))
    factor = cov.factorize()
    factor.whiten(factor.colorize(np.ones((1, 100_000))))
    factor.covariance_of([0, 99_999], [99_999])
    cov.variances()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60 * 100_000 * 8  # a dense matrix would take 100,000 times its row


def test_kinds_of_factors() -> None:
    assert isinstance(Precision(walk(5)).factorize(), BandPrecisionFactor)
    diagonal = Precision(np.diag([4.0, 0.25])).factorize()
    assert isinstance(diagonal, ScaleFactor)
    np.testing.assert_array_equal(diagonal.scale, [0.5, 2.0])
    assert repr(Precision(walk(5))) == "Precision(Banded(ndim=5, bandwidth=1))"
    assert repr(Precision(np.eye(2))) == "Precision(Dense(ndim=2, method='auto'))"


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e150, 1e300])
@pytest.mark.parametrize("as_matrix", [False, True])
def test_extreme_scales(scale: float, as_matrix: bool) -> None:
    matrix = Banded(scale * gram(20, 3), lower=True)
    factor = Precision(matrix.to_dense() if as_matrix else matrix).factorize()
    basis = factor.colorize(np.eye(20)).T * np.sqrt(scale)
    np.testing.assert_allclose(basis @ basis.T, np.linalg.inv(banded(20, 3).to_dense()), atol=1e-12)


@pytest.mark.parametrize("as_matrix", [False, True])
def test_mixed_units(as_matrix: bool) -> None:
    units = 10.0 ** np.random.default_rng(0).integers(-120, 120, 20)
    plain = banded(20, 3).to_dense()
    bands = np.zeros((4, 20))
    for k in range(4):
        bands[k, : 20 - k] = np.diagonal(plain, -k) * units[: 20 - k] * units[k:]
    matrix = Banded(bands, lower=True)
    factor = Precision(matrix.to_dense() if as_matrix else matrix).factorize()
    basis = factor.colorize(np.eye(20)).T * units[:, None]
    np.testing.assert_allclose(basis @ basis.T, np.linalg.inv(plain), atol=1e-12)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(
    ("bands", "text"),
    [
        ([[1.0, -2.0, 0.0]], r"precision\[[12], [12]\] is (0|-2), and each on the diagonal must be positive"),
        ([[2.0, 2.0, 2.0], [2.0, 1.0, 0.0]], r"of the 2 of variable 0 \(oil\) nothing is left, to rounding, given the"),
        ([[1.0, 2.0, 1.0], [-1.0, -1.0, 0.0]], r"of the 1 of variable 0 \(oil\) nothing is left"),
        ([[1.0, 1.0, 1e-20], [0.0, 1e-5, 0.0]], r"of the 1 of variable 1 \(gas\) nothing is left"),
    ],
)
def test_bands_that_are_not_positive_definite(bands: list[list[float]], text: str) -> None:
    cov = Precision(Banded(bands, lower=True, names=LABELS))
    with pytest.raises(NotPositiveDefiniteError, match=text) as caught:
        cov.factorize()
    assert str(caught.value).startswith("the precision is not positive definite: ")
    with pytest.raises(NotPositiveDefiniteError):
        mvn_dask.MultivariateNormal(np.zeros(3), cov)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(
    ("matrix", "text"),
    [
        ([[1.0, 0.0], [0.0, 0.0]], r"precision\[1, 1\] is 0, and each on the diagonal must be positive"),
        ([[-3.0, 0.0], [0.0, 1.0]], r"precision\[0, 0\] is -3, and each"),
        ([[1.0, 2.0], [2.0, 1.0]], "its smallest eigenvalue, scaled to a unit diagonal, is -1"),
        ([[1e-12, 2.0], [2.0, 1e12]], "its smallest eigenvalue, scaled to a unit diagonal, is -1"),
        ([[1.0, 1.0], [1.0, 1.0]], "its smallest eigenvalue, scaled to a unit diagonal, is 0"),
        ([[1.0, 1.0 - 1e-16], [1.0 - 1e-16, 1.0]], r"of the 1 of variable 0 \(oil\) nothing is left, to rounding"),
        ([[1e-300, 1e300], [1e300, 1e-300]], "its smallest eigenvalue, scaled to a unit diagonal, is -"),
    ],
)
def test_matrices_that_are_not_positive_definite(matrix: list[list[float]], text: str) -> None:
    with pytest.raises(NotPositiveDefiniteError, match=text) as caught:
        Precision(matrix, names=LABELS[:2]).factorize()
    assert str(caught.value).startswith("the precision is not positive definite: ")
    assert "\n" not in str(caught.value)


def test_symmetry() -> None:
    with pytest.raises(
        ArgumentError, match=r"`precision` must be symmetric: precision\[0, 1\] and precision\[1, 0\] d"
    ):
        Precision([[1.0, 0.1], [0.2, 1.0]]).factorize()
    rounded = Precision([[1.0, 0.1], [0.1 + 1e-9, 1.0]]).to_dense()
    np.testing.assert_allclose(rounded, np.linalg.inv([[1.0, 0.1], [0.1, 1.0]]), atol=1e-8)


@pytest.mark.parametrize("shape", [(), (3,), (0, 0), (2, 3), (2, 2, 2)])
def test_shapes_that_are_no_matrix(shape: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentError, match="`precision` must be 2 dimensional, square and not empty") as caught:
        Precision(np.ones(shape))
    assert ("Diagonal(1 / precision)" in str(caught.value)) == (len(shape) == 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_named_by_index(bad: float) -> None:
    matrix = np.eye(3)
    matrix[1, 2] = bad
    with pytest.raises(ArgumentError, match=rf"`precision` must be finite: precision\[1, 2\] is {bad}"):
        Precision(matrix)


@pytest.mark.parametrize(
    "matrix",
    [
        None, "text", [["1.0"]], [[1j]], {"a": [1.0]}, [[object()]], [[None]], scipy.sparse.eye_array(2, dtype=complex),
        UNITS.Quantity(np.eye(2), "m"), [[1.0], [1.0, 2.0]], np.ma.masked_array(np.eye(2), np.eye(2) > 0.0),
        Diagonal([1.0, 2.0]), Precision(np.eye(2)), mvn_dask.MultivariateNormal([0.0], 1.0),
    ],
)  # fmt: skip
def test_anything_but_a_matrix_of_real_numbers(matrix: Any) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError), match=r"`precision`|complex") as caught:
        Precision(matrix)
    assert "\n" not in str(caught.value)


def test_the_input_is_copied() -> None:
    matrix = np.eye(2)
    cov = Precision(matrix)
    matrix[0, 0] = 5.0
    np.testing.assert_array_equal(cov.to_dense(), np.eye(2))
    with pytest.raises(ValueError, match="read-only"):
        cov.variances()[0] = 2.0


def test_array_likes() -> None:
    matrix = [[2.0, 0.5], [0.5, 2.0]]
    read_only = np.array(matrix)
    read_only.setflags(write=False)
    forms: list[Any] = [
        tuple(map(tuple, matrix)), np.array(matrix, "f4"), np.array(matrix, object), np.asfortranarray(matrix),
        read_only, da.from_array(np.array(matrix), chunks=1), pd.DataFrame(matrix), xr.DataArray(matrix),
        Dense(matrix),
    ]  # fmt: skip
    for given in forms:
        assert Precision(given) == Precision(np.array(matrix))
        assert Precision(given).names is None


def test_labels() -> None:
    matrix = np.eye(3) + 0.1
    frame = pd.DataFrame(matrix, index=LABELS, columns=LABELS)
    for cov in (Precision(frame), Precision(matrix, names=LABELS), Precision(Banded(matrix[:1], names=LABELS))):
        assert cov.names == tuple(LABELS)
        with pytest.raises(ArgumentError, match="must agree"):
            mvn_dask.MultivariateNormal(pd.Series(0.0, LABELS[::-1]), cov)
    with pytest.raises(ArgumentError, match=r"the index of `precision`.* must agree"):
        Precision(pd.DataFrame(matrix, index=LABELS, columns=LABELS[::-1]))
    with pytest.raises(ArgumentError, match="must name every variable: there are 3, and 2 names"):
        Precision(matrix, names=LABELS[:2])
    with pytest.raises(ArgumentError, match="must agree"):
        Precision(Banded(matrix[:1], names=LABELS), names=LABELS[::-1])


def test_digests_are_of_the_numbers() -> None:
    cov = Precision(walk(4))
    assert cov != walk(4)
    assert cov != Precision(walk(4).to_dense())
    assert cov.record() == {"kind": "precision", "digest": walk(4).digest(), "precision": "banded"}


DIGEST = "3c764c4f36095ea76730de5053a05de405d77f0c08b4233fd121129c2a46d9a4"
DIGESTS = """
from tests.covariance.test_precision import digest
print(digest())
"""


def integers(d: int) -> Float64Array:
    rows = np.random.default_rng(d).integers(-3, 4, size=(d, 2 * d))
    return np.asarray(rows @ rows.T, np.float64)


def digest() -> str:
    """Of rows, and of the variances that stand beside them in a store."""
    state = sha256()
    for cov in (Precision(autoregression(3000, 0.75)), Precision(integers(420)), Precision(integers(20))):
        normal = mvn_dask.MultivariateNormal(np.zeros(cov.ndim), cov)
        for dtype in (np.float64, np.float32):
            state.update(normal.sample(140, seed=1, dtype=dtype).compute(scheduler="synchronous").tobytes())
        state.update(cov.variances().tobytes())
    return state.hexdigest()


@pytest.mark.usefixtures("path")
def test_the_bits_of_another_machine() -> None:
    assert digest() == DIGEST


@pytest.mark.slow
@pytest.mark.parametrize("settings", PROCESSORS, ids=str)
def test_the_bits_under_other_settings(settings: dict[str, str]) -> None:
    assert printed_under(settings, DIGESTS) == DIGEST
