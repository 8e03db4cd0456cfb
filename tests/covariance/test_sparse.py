import pickle
from collections.abc import Callable
from hashlib import sha256
from typing import Any, cast

import numpy as np
import pytest
import scipy.sparse as sp

import mvn_dask
from mvn_dask.covariance import Covariance, Dense, Precision, Sparse, panels, sparse
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.sparse_factor import SparseFactor, SparsePrecisionFactor
from mvn_dask.errors import (
    ArgumentError,
    ArgumentTypeError,
    FactorTooLargeError,
    NotPositiveDefiniteError,
    UnsupportedOperationError,
)
from tests.support.contracts import check_covariance, check_factor
from tests.support.other_processors import PROCESSORS, printed_under
from tests.support.sparse_matrices import CASES, chain, grid, random_graph

ORDERINGS: list[Any] = ["auto", "nested_dissection", "minimum_degree", "natural"]
NAMED: list[Callable[..., Covariance]] = [Sparse, Precision]


@pytest.mark.parametrize("name", CASES)
def test_contract(name: str) -> None:
    matrix = CASES[name]
    check_covariance(Sparse(matrix), matrix.toarray())


@pytest.mark.parametrize("name", CASES)
def test_precision(name: str) -> None:
    matrix = CASES[name]
    precision, inverse = Precision(matrix), np.linalg.inv(matrix.toarray())
    assert precision.ndim == len(inverse)
    np.testing.assert_allclose(precision.to_dense(), inverse, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(precision.variances(), np.diagonal(inverse), rtol=1e-10)
    check_factor(precision.factorize(), np.asarray(0.5 * inverse + 0.5 * inverse.T))
    again = pickle.loads(pickle.dumps(precision))  # noqa: S301
    assert (again, again.digest(), hash(again)) == (precision, precision.digest(), hash(precision))
    assert precision != Sparse(matrix)


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_any_order_of_elimination(ordering: Any) -> None:
    matrix = grid(7)
    covariance = Sparse(matrix, ordering=ordering)
    check_covariance(covariance, matrix.toarray())
    assert covariance.record() == {"kind": "sparse", "digest": Sparse(matrix).digest(), "ordering": ordering}
    precision = Precision(covariance)
    check_factor(precision.factorize(), np.asarray(np.linalg.inv(matrix.toarray())))
    assert precision.record() == {**covariance.record(), "kind": "precision", "precision": "sparse"}
    # The order decides bits, and so it is part of the value.
    assert (covariance == Sparse(matrix)) is (ordering == "auto")


def test_values() -> None:
    matrix = grid(4)
    covariance = Sparse(matrix, names=[f"v{number}" for number in range(16)])
    assert repr(covariance) == "Sparse(ndim=16, entries=64, names=('v0', 'v1', 'v2', …))"
    assert repr(Precision(covariance)) == "Precision(Sparse(ndim=16, entries=64), names=('v0', 'v1', 'v2', …))"
    assert covariance == Sparse(matrix.tocoo()) == Sparse(sp.lil_matrix(matrix))
    assert covariance != Sparse(2.0 * matrix)
    assert Sparse(sp.csc_array([[1.0]])).digest() != Sparse(sp.csc_array([[2.0]])).digest()
    for named in (covariance, Precision(covariance), Precision(matrix, names=covariance.names)):
        normal = mvn_dask.MultivariateNormal(np.zeros(16), named)
        assert normal.names == covariance.names
    with pytest.raises(ArgumentError, match="`names` must name every variable"):
        Sparse(matrix, names=["a"])


@pytest.mark.parametrize("kind", NAMED)
def test_independent_variables_need_no_triangle(kind: Any) -> None:
    matrix = sp.diags_array([4.0, 0.25, 16.0])
    factor = kind(matrix).factorize()
    assert type(factor) is ScaleFactor
    expected = [2.0, 0.5, 4.0] if kind is Sparse else [0.5, 2.0, 0.25]
    assert factor.scale.tolist() == expected


@pytest.mark.parametrize(("kind", "name"), [(Sparse, "matrix"), (Precision, "precision")])
def test_errors_call_the_argument_by_its_name(kind: Any, name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"`{name}` must be symmetric: {name}\[1, 0\]|{name}\[0, 1\]"):
        kind(sp.csc_array([[1.0, 0.5], [0.25, 1.0]]))
    with pytest.raises(ArgumentError, match=rf"`{name}` must be finite: {name}\[1, 1\] is nan"):
        kind(sp.csc_array([[1.0, 0.5], [0.5, np.nan]]))
    with pytest.raises(NotPositiveDefiniteError, match=rf"{name}\[0, 0\] is -1"):
        kind(sp.csc_array([[-1.0, 0.5], [0.5, 1.0]]))
    with pytest.raises(ArgumentError, match=rf"`{name}` must be 2 dimensional, square"):
        kind(sp.csc_array((2, 3)))
    with pytest.raises(ArgumentTypeError, match=rf"`{name}` must not be complex"):
        kind(sp.csc_array([[1j]]))


@pytest.mark.parametrize("units", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize(("kind", "cure"), [(Sparse, "Dense.matrix.toarray"), (Precision, "give a variance to what")])
def test_what_is_not_positive_definite_names_a_variable(kind: Any, cure: str, units: float) -> None:
    scale = np.geomspace(1.0, units, 16)
    names = [f"v{number}" for number in range(16)]
    for ridge, text in ((0.0, r"-?[0-9.e+-]+"), (-0.5, r"-[0-9.e+-]+")):
        matrix = sp.csc_array(grid(4, ridge).multiply(np.multiply.outer(scale, scale)))
        pattern = rf"is not positive definite: of the .* of variable [0-9]+ \(v[0-9]+\), {text} is left .*{cure}"
        with pytest.raises(NotPositiveDefiniteError, match=pattern):
            kind(matrix, names=names).factorize()
    # Nothing is small in its own units.
    matrix = sp.csc_array(grid(4, 1e-6).multiply(np.multiply.outer(scale, scale)))
    assert kind(matrix).factorize().rank == 16


def test_singular_precisions_of_any_size_are_found() -> None:
    """A Laplacian has a null vector; its last pivot is nothing but rounding, of either sign."""
    for n in (2, 5, 17, 40):
        with pytest.raises(NotPositiveDefiniteError, match="positive beyond rounding"):
            Precision(grid(n, 0.0)).factorize()
        Precision(grid(n, 1e-8)).factorize()


def test_other_types_of_precision() -> None:
    with pytest.raises(ArgumentTypeError, match=r"must be a matrix of scipy.sparse, not"):
        Sparse(cast(Any, np.eye(2)))
    assert Precision(Dense(np.eye(2))).factorize().rank == 2


@pytest.mark.parametrize("kind", NAMED)
def test_without_numba_what_takes_hours_says_so(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparse, "compiled_module", lambda _: None)
    assert kind(grid(6)).factorize().rank == 36
    monkeypatch.setattr(sparse, "PYTHON_ENTRIES", 200)
    with pytest.raises(UnsupportedOperationError, match=r"with 288 entries takes hours .*: install numba"):
        kind(grid(8)).factorize()
    monkeypatch.setattr(sparse, "PYTHON_ENTRIES", 30)
    monkeypatch.setattr(sparse.Sparse, "ndim", 64)
    dense = sp.csc_array(np.eye(5) + 1.0)
    with pytest.raises(UnsupportedOperationError, match="install numba"):
        kind(sp.block_diag([dense] * 30)).factorize()


def test_a_factor_beyond_memory_says_how_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(sparse, "factorize_panels", refuse)
    with pytest.raises(
        FactorTooLargeError, match=r"the factor of `matrix` has [0-9]+ entries, .* B, which is more than"
    ):
        Sparse(grid(5)).factorize()


@pytest.mark.slow
def test_nothing_quadratic_is_built() -> None:
    d = 2500
    for covariance in (Sparse(chain(d)), Precision(chain(d))):
        factor = covariance.factorize()
        assert isinstance(factor, SparseFactor | SparsePrecisionFactor)
        assert factor.nbytes < 60 * d
        assert factor.variances().shape == (d,)
        assert factor.covariance_of([0, 1, d - 1], [2, 3]).shape == (3, 2)


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
def test_samples_have_the_covariance(kind: Any, dtype: Any) -> None:
    covariance = kind(random_graph(9, 3.0, 4))
    normal = mvn_dask.MultivariateNormal(np.arange(9.0), covariance)
    rows = normal.sample(400_000, seed=1, dtype=dtype).compute()
    dense = covariance.to_dense()
    # Standard errors are at most 0.0023 of the product of deviations: five of them in the worst of 45.
    limit = 0.012 * np.sqrt(np.multiply.outer(np.diagonal(dense), np.diagonal(dense)))
    assert (np.abs(np.cov(rows.T) - dense) < limit).all()
    parts = normal.sample(400_000, seed=1, dtype=dtype, chunks=12_345)[100_000:100_777].compute()
    np.testing.assert_array_equal(parts, rows[100_000:100_777])


DIGEST = "49f8b6dd6c4cb6cc65ab40e91ab320156395460115404678cf37c25b2907eadc"
DIGESTS = """
from mvn_dask.covariance import panels, selected_inverse
from tests.covariance.test_sparse import digest
panels.COMPILED_ENTRIES = selected_inverse.COMPILED_ENTRIES = 0
print(digest())
"""


def digest() -> str:
    """Of factors, variances and rows, in an order that is our own."""
    state = sha256()
    matrix = grid(30)
    covariance = Sparse(matrix, ordering="nested_dissection")
    for given in (covariance, Precision(covariance)):
        factor = given.factorize()
        for array in (*factor.arrays().values(), given.variances()):
            state.update(array.tobytes())
        z = np.random.Generator(np.random.PCG64(1)).integers(-999, 999, (11, 900)) / 512
        for dtype in (np.float64, np.float32):
            one = factor.astype(dtype)
            state.update(one.colorize(z.astype(dtype)).tobytes())
            state.update(one.whiten(z.astype(dtype)).tobytes())
    return state.hexdigest()


@pytest.mark.parametrize("size", [0, 2**62])
def test_the_bits_of_another_machine(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "COMPILED_ENTRIES", size)
    monkeypatch.setattr("mvn_dask.covariance.selected_inverse.COMPILED_ENTRIES", size)
    assert digest() == DIGEST


@pytest.mark.slow
@pytest.mark.parametrize("settings", PROCESSORS, ids=str)
def test_the_bits_under_other_settings(settings: dict[str, str]) -> None:
    assert printed_under(settings, DIGESTS) == DIGEST
