from hashlib import sha256
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.covariance import Banded, Factor, Precision, Sparse
from mvn_dask.covariance.base import factor_of_record
from mvn_dask.errors import ArgumentError
from tests.support.contracts import check_covariance, check_distribution, check_factor
from tests.support.other_processors import PROCESSORS, printed_under
from tests.support.singular_precisions import FORMS, SINGULAR, projected, pseudo_inverse
from tests.support.sparse_matrices import grid


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(
    ("name", "form"),
    [("walk", "dense"), ("second", "banded"), ("islands", "sparse"), ("two", "dense"), ("grid", "sparse")],
)
def test_contract(name: str, form: str) -> None:
    cov = projected(name, form)
    check_covariance(cov, cov.to_dense(), rank=cov.ndim - SINGULAR[name][1])


@pytest.mark.parametrize("name", [name for name in SINGULAR if name != "rescaled"])
def test_factors_of_every_case(name: str) -> None:
    cov = projected(name, "sparse")
    check_factor(cov.factorize(), cov.to_dense())


def test_distribution() -> None:
    matrix = SINGULAR["walk"][0]
    cov, mean = projected("walk", "banded"), np.arange(12.0)
    check_distribution(mvn_dask.MultivariateNormal(mean, cov), mean, pseudo_inverse(matrix))


@pytest.mark.parametrize("form", FORMS)
def test_whitening_leaves_the_null_space_out(form: str) -> None:
    matrix, _ = SINGULAR["second"]
    factor = projected("second", form).factorize()
    x = np.random.default_rng(1).standard_normal((5, 17))
    squares = np.square(factor.whiten(x)).sum(axis=1)
    np.testing.assert_allclose(squares, np.einsum("ni,ij,nj->n", x, matrix.toarray(), x), rtol=1e-10)
    np.testing.assert_allclose(factor.whiten(x + 3.0 - 2.0 * np.arange(17.0)), factor.whiten(x), atol=1e-10)
    np.testing.assert_allclose(factor.whiten(x.astype("f4")), factor.whiten(x), atol=1e-5)


def arrays_of(form: str = "sparse") -> tuple[Any, dict[str, Any]]:
    factor = projected("islands", form).factorize()
    return factor.record(), dict(factor.arrays())


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("pins", [0, 1], "for a factor of kind"),
        ("pins", [1, 0, 2], "`pins` are not rising places"),
        ("pins", [0, 0, 1], "`pins` are not rising places"),
        ("pins", [-1, 0, 1], "`pins` are not rising places"),
        ("pins", [0, 1, 24], "`pins` are not rising places"),
        ("pins", [0, 1, 2**62], "`pins` are not rising places"),
        ("pins", np.arange(24), "`pins` are not rising places"),
        ("pins", [], "array of integers 'pins'"),
        ("groups", np.zeros(24, int), "a group has more `pins`"),
        ("groups", np.full(24, -1), "`groups` are not numbers"),
        ("groups", np.full(24, 2**40), "`groups` are not numbers"),
        ("groups", np.full(24, 24), "`groups` are not numbers"),
        ("groups", np.zeros(23, int), "`groups` are not numbers"),
        ("groups", np.zeros((24, 1), int), "array of integers 'groups'"),
        ("basis", np.ones((24, 4)), "in `basis`"),
        ("basis", np.ones((23, 1)), "`groups` are not numbers"),
        ("basis", np.ones(24), "'basis' has the shape"),
        ("basis", np.ones((24, 1), "f4"), r"of float32 and 3 pins for a factor of kind 'sparse_precision', .*float64"),
        ("basis", np.ones((24, 0)), "'basis' has the shape"),
    ],
)
def test_hostile_arrays(name: str, value: Any, text: str) -> None:
    record, arrays = arrays_of()
    with pytest.raises(ArgumentError, match=text):
        factor_of_record(record, {**arrays, name: np.array(value, int) if isinstance(value, list) else value})


def test_integers_of_other_types_are_taken() -> None:
    record, arrays = arrays_of()
    z = np.random.default_rng(1).standard_normal((3, 21))
    expected = factor_of_record(record, arrays).colorize(z)
    for dtype in ("u2", ">i8", "i8", "u4"):
        changed = {**arrays, "pins": arrays["pins"].astype(dtype), "groups": arrays["groups"].astype(dtype)}
        np.testing.assert_array_equal(factor_of_record(record, changed).colorize(z), expected)


def test_hostile_records() -> None:
    record, arrays = arrays_of()
    with pytest.raises(ArgumentError, match="for a factor of kind"):
        factor_of_record({**record, "null_space": 4}, arrays)
    with pytest.raises(ArgumentError, match="has other fields than"):
        factor_of_record({"kind": "intrinsic", "inner": record["inner"]}, arrays)
    with pytest.raises(ArgumentError, match="are those of no factor inside another"):
        factor_of_record(record, {name: arrays[name] for name in ("pins", "groups", "basis")})
    with pytest.raises(ArgumentError, match="alone do not say what factor"):
        Factor.of_kind("intrinsic").from_arrays(arrays)
    # One that gives rows, and has no products with its covariance.
    inner = Sparse(grid(2)).factorize()
    hostile = {"pins": np.array([0]), "groups": np.zeros(5, int), "basis": np.ones((5, 1))}
    hostile |= {f"inner.{name}": array for name, array in inner.arrays().items()}
    with pytest.raises(ArgumentError, match="for a factor of kind 'sparse'"):
        factor_of_record({"kind": "intrinsic", "null_space": 1, "inner": inner.record()}, hostile)


def test_pins_that_no_vector_reaches() -> None:
    """Its rows are drawn; it cannot be inverted."""
    record, arrays = arrays_of()
    factor = factor_of_record(record, {**arrays, "basis": np.zeros((24, 1))})
    assert np.isfinite(factor.colorize(np.ones((1, 21)))).all()
    with pytest.raises(ArgumentError, match="a vector of `basis` is 0 in all variables that are pinned"):
        factor.whiten(np.ones((1, 24)))


DIGEST = "e8d06ef56d50f4023bc8e3ff674aa9e4fa139d1cf99d1350cd41d69223d32eda"
DIGESTS = """
from tests.covariance.test_intrinsic_factor import digest
print(digest())
"""


def digest() -> str:
    """Of factors, rows, and the variances that stand beside them in a store."""
    d = 700
    bands = np.array([np.full(d, 6.0), np.full(d, -4.0), np.ones(d)])
    bands[0, [0, 1, -2, -1]], bands[1, [0, d - 2]] = [1.0, 5.0, 5.0, 1.0], -2.0
    walk = np.diff(np.eye(90), axis=0)
    state = sha256()
    for matrix in (Banded(bands, lower=True), Sparse(grid(12, 0.0), ordering="natural"), walk.T @ walk):
        cov = Precision(matrix, singular="project")
        normal = mvn_dask.MultivariateNormal(np.zeros(cov.ndim), cov)
        for dtype in (np.float64, np.float32):
            state.update(normal.sample(140, seed=1, dtype=dtype).compute(scheduler="synchronous").tobytes())
        for array in cov.factorize().arrays().values():
            state.update(array.tobytes())
        state.update(cov.variances().tobytes())
    return state.hexdigest()


@pytest.mark.usefixtures("path")
def test_the_bits_of_another_machine() -> None:
    assert digest() == DIGEST


@pytest.mark.slow
@pytest.mark.parametrize("settings", PROCESSORS, ids=str)
def test_the_bits_under_other_settings(settings: dict[str, str]) -> None:
    assert printed_under(settings, DIGESTS) == DIGEST
