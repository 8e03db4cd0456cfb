from typing import Any

import numpy as np
import pytest

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.covariance import Factor, Sparse, panels, selected_inverse
from mvn_dask.covariance.sparse import factor_of_precision
from mvn_dask.covariance.sparse_factor import SparseFactor, SparsePrecisionFactor
from mvn_dask.errors import ArgumentError
from tests.support.contracts import check_factor
from tests.support.sparse_matrices import CASES, grid

HEAVY = {"wide", "random", "grid"}
LARGER = {name: matrix for name, matrix in CASES.items() if name not in {"one", "alone"}}


@pytest.fixture(params=["compiled", "numpy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for module in (panels, selected_inverse):
        if request.param == "compiled":
            monkeypatch.setattr(module, "COMPILED_ENTRIES", 0)
        else:
            monkeypatch.setattr(module, "compiled_module", lambda _: None)
    return str(request.param)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in HEAVY else name for name in LARGER]
)
def test_contract(name: str) -> None:
    covariance = Sparse(LARGER[name])
    check_factor(covariance.factorize(), covariance.to_dense())
    precision = factor_of_precision(covariance, None)
    check_factor(precision, _even(np.linalg.inv(covariance.to_dense())))
    for factor, kind in ((covariance.factorize(), SparseFactor), (precision, SparsePrecisionFactor)):
        assert type(factor) is kind
        assert factor.flops == 2 * len(factor.arrays()["entries"])
        assert factor.rank == factor.ndim == factor.noise_ndim


def _even(matrix: FloatArray) -> Float64Array:
    return np.asarray(0.5 * matrix + 0.5 * matrix.T, np.float64)


@pytest.mark.parametrize("kind", ["sparse", "sparse_precision"])
def test_a_singular_triangle(kind: str) -> None:
    """It comes from a store: a factorisation gives none."""
    arrays = dict(Sparse(grid(4)).factorize().arrays())
    arrays["entries"] = np.zeros_like(arrays["entries"])
    factor = Factor.of_kind(kind).from_arrays(arrays)
    assert factor.rank == 0
    assert factor.log_det == (-np.inf if kind == "sparse" else np.inf)


def arrays_of(n: int = 6) -> dict[str, Any]:
    return dict(factor_of_precision(Sparse(grid(n)), None).arrays())


def test_integers_of_other_types_are_taken() -> None:
    arrays = arrays_of()
    z = np.random.default_rng(1).standard_normal((3, 36))
    expected = SparsePrecisionFactor.from_arrays(arrays).colorize(z)
    for dtype in ("i2", "u2", "u4", ">i8", "u8", "i8"):
        changed = {name: array if name == "entries" else array.astype(dtype) for name, array in arrays.items()}
        np.testing.assert_array_equal(SparsePrecisionFactor.from_arrays(changed).colorize(z), expected)


def _changed(name: str, place: int, value: int) -> dict[str, Any]:
    arrays = arrays_of()
    arrays[name] = arrays[name].astype(np.int64)
    arrays[name][place] = value
    return arrays


@pytest.mark.parametrize("name", ["positions", "first", "starts", "rows"])
@pytest.mark.parametrize(
    "value", [-1, 36, 2**62, *(pytest.param(each, marks=pytest.mark.slow) for each in (2**31, -(2**63), 5))]
)
def test_hostile_indices_are_refused(name: str, value: int) -> None:
    size = len(arrays_of()[name])
    refused = 0
    for place in (0, 1, 2, size // 2, size - 2, size - 1):
        if arrays_of()[name][place] == value:
            continue
        try:
            factor = SparsePrecisionFactor.from_arrays(_changed(name, place, value))
        except ArgumentError:
            refused += 1
            continue
        # Another row that is one of those below: wrong numbers, and no wrong memory.
        assert name in {"rows", "first"}
        factor.colorize(np.ones((2, 36)))
    assert refused >= 3


@pytest.mark.slow
def test_hostile_arrays_in_random_places() -> None:
    """Whatever is taken is applied without reading or writing elsewhere, or refused."""
    rng, taken = np.random.default_rng(5), 0
    for _ in range(300):
        arrays = {name: array.copy() for name, array in arrays_of(5).items()}
        name = ["positions", "first", "starts", "rows"][rng.integers(4)]
        for _ in range(rng.integers(1, 3)):
            arrays[name][rng.integers(len(arrays[name]))] += rng.integers(-3, 4)
        for kind in (SparseFactor, SparsePrecisionFactor):
            try:
                factor = kind.from_arrays(arrays)
                taken += 1
                factor.colorize(np.ones((2, 25)))
                factor.whiten(np.ones((2, 25)))
                factor.variances()
            except ArgumentError:
                pass
    assert taken > 20


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("rows", np.zeros((3, 3), int), "array of integers 'rows', and there is one of the shape"),
        ("rows", np.zeros(0, int), "array of integers 'rows'"),
        ("first", np.ones(3), "array of integers 'first', and there is one of the shape .* dtype float64"),
        ("first", np.array([0]), "`first` has 1 number"),
        ("positions", np.array([2**63, 0], np.uint64), "which is no index"),
        ("positions", np.array([0, 0]), "`positions` is no permutation of 2 variables"),
        ("entries", np.ones(3), "the supernodes have .* entries, and there are 3"),
        ("entries", np.ones((2, 2)), "'entries' has the shape"),
        ("entries", np.ones(3, int), "'entries' has the shape"),
    ],
)
def test_arrays_of_other_forms_are_refused(name: str, value: Any, text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        SparsePrecisionFactor.from_arrays({**arrays_of(), name: value})
