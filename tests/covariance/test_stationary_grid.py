import pickle
import tracemalloc
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask._typing import Float64Array
from mvn_dask.covariance import StationaryGrid, exponential, gaussian, matern, spherical
from mvn_dask.covariance import stationary_grid as module
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.random.streams import as_root
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import Plan
from tests.support.contracts import check_covariance, check_distribution, check_factor

Function = Callable[[Float64Array], Any]


def dense_of(function: Function, shape: tuple[int, ...], spacing: tuple[float, ...]) -> Float64Array:
    """The function of all distances, which are computed as ours are: bits are compared."""
    points = np.indices(shape).reshape(len(shape), -1)
    lags = [np.abs(np.subtract.outer(each, each)) for each in points]
    squares = [(step * lag) ** 2 for step, lag in zip(spacing, lags, strict=True)]
    total = sum(squares[1:], start=np.zeros(1))
    return np.asarray(function(np.sqrt(squares[0] + total)))


@pytest.mark.parametrize(
    ("function", "shape", "spacing"),
    [
        (exponential(2.0), (7,), (1.0,)),
        (exponential(0.4, 4.0), (5, 4), (1.0, 0.5)),
        (spherical(2.0), (3, 4, 2), (1.0, 0.5, 2.0)),
        (matern(0.8, 1.5), (4, 1, 5), (1.0, 1.0, 0.5)),
        (lambda h: np.exp(-h), (6, 3), (1.0, 1.0)),
        (exponential(1.0), (1,), (1.0,)),
    ],
)
def test_contract(function: Function, shape: tuple[int, ...], spacing: tuple[float, ...]) -> None:
    covariance = StationaryGrid(function, shape, spacing)
    assert (covariance.shape, covariance.spacing) == (shape, spacing)
    check_covariance(covariance, dense_of(function, shape, spacing))


def test_contract_of_singular_fields() -> None:
    """A constant, and nothing at all."""
    constant = StationaryGrid(np.ones_like, (4, 3))
    assert constant.factorize().rank == 1
    check_factor(constant.factorize(), np.ones((12, 12)))
    nothing = StationaryGrid(np.zeros_like, (4, 3))
    assert nothing.factorize().rank == 0
    np.testing.assert_array_equal(nothing.factorize().colorize(np.ones((2, nothing.factorize().noise_ndim))), 0.0)


def test_distribution() -> None:
    covariance = StationaryGrid(exponential(0.5), (3, 4))
    normal = mvn_dask.MultivariateNormal(2.0, covariance, event_shape=12)
    check_distribution(normal, np.full(12, 2.0), covariance.to_dense())


def test_a_scalar_mean_is_that_of_every_point() -> None:
    covariance = StationaryGrid(exponential(0.5), (3, 4))
    one = mvn_dask.MultivariateNormal(2.0, covariance)
    assert one == mvn_dask.MultivariateNormal([2.0] * 12, covariance)
    np.testing.assert_array_equal(one.mean, np.full((3, 4), 2.0))
    rng, other = mvn_dask.default_rng(1), mvn_dask.default_rng(1)
    np.testing.assert_array_equal(
        rng.multivariate_normal(2.0, covariance, 5), other.multivariate_normal(np.full(12, 2.0), covariance, 5)
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_samples_have_the_covariance(dtype: Any) -> None:
    covariance = StationaryGrid(exponential(0.3), (4, 3), spacing=(1.0, 0.5))
    rows = mvn_dask.MultivariateNormal(1.0, covariance).sample(400_000, seed=1, dtype=dtype).compute().reshape(-1, 12)
    # Standard errors of 400,000 rows are at most 0.0023: 6 of them in the worst of 144.
    assert np.abs(np.cov(rows.T) - covariance.to_dense()).max() < 0.014
    assert np.abs(rows.mean(axis=0) - 1.0).max() < 0.01


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", [(300,), (40, 30), (8, 9, 10)])
def test_rows_are_those_of_numpys_path(shape: tuple[int, ...], dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = mvn_dask.MultivariateNormal(0.5, StationaryGrid(exponential(1.0), shape)).sample(300, seed=3, dtype=dtype)
    rows = sample.compute()
    np.testing.assert_array_equal(sample[111:113].compute(), rows[111:113])
    for path in (kernel, mvn_dask.covariance.hartley_transform):
        monkeypatch.setattr(path, "compiled_module", lambda _: None)
    again = mvn_dask.MultivariateNormal(0.5, StationaryGrid(exponential(1.0), shape))
    np.testing.assert_array_equal(again.sample(300, seed=3, dtype=dtype, chunks=77).compute(), rows)


def test_padding() -> None:
    assert StationaryGrid(exponential(1.0), (7, 10)).report.embedding == (12, 18)
    assert StationaryGrid(exponential(1.0), (7, 10), padding=(0, 5)).report.embedding == (12, 24)
    assert StationaryGrid(exponential(1.0), (7, 10), padding=4).report.embedding == (16, 24)
    assert StationaryGrid(exponential(1.0), 1, padding=4).report.embedding == (1,)


def test_the_padding_of_the_error_does() -> None:
    with pytest.raises(ArgumentError, match=r"negative eigenvalues on the embedding of \(30, 30\) points") as caught:
        StationaryGrid(gaussian(3.0), (16, 16))
    text = str(caught.value)
    padding = eval(text[text.index("padding=") + 8 : text.index(" would do")])  # noqa: S307
    covariance = StationaryGrid(gaussian(3.0), (16, 16), padding=padding)
    assert covariance.report.largest_error == 0.0
    drawn = covariance.factorize().covariance_of(range(256), range(256))
    np.testing.assert_allclose(drawn, covariance.to_dense(), atol=1e-11)
    with pytest.raises(ArgumentError, match=r"padding=[0-9]+ would do, or approximate=True"):
        StationaryGrid(gaussian(3.0), 16)


def test_an_approximate_field() -> None:
    with pytest.raises(ArgumentError, match="up to 4 times as many an axis were tried"):
        StationaryGrid(gaussian(40.0), (10, 12))
    covariance = StationaryGrid(gaussian(40.0), (10, 12), approximate=True)
    drawn = covariance.factorize().covariance_of(range(120), range(120))
    np.testing.assert_allclose(np.diagonal(drawn), 1.0, rtol=1e-12)
    assert 0 < covariance.report.largest_error < 0.02
    np.testing.assert_allclose(np.abs(drawn - covariance.to_dense()).max(), covariance.report.largest_error, rtol=1e-6)
    assert covariance.report.smallest_eigenvalue < 0
    record = covariance.record()
    assert record["embedding"] == [18, 24]
    approximate: Any = record["approximate"]
    assert approximate["largest_error"] == pytest.approx(covariance.report.largest_error, rel=0.01)
    check_covariance_identity(covariance)
    exact = StationaryGrid(exponential(2.0), (10, 12), approximate=True)
    assert exact == StationaryGrid(exponential(2.0), (10, 12))
    assert "approximate" not in exact.record()


def check_covariance_identity(covariance: StationaryGrid) -> None:
    again = pickle.loads(pickle.dumps(covariance))  # noqa: S301
    assert again == covariance
    assert hash(again) == hash(covariance)


def test_the_digest_covers_the_values() -> None:
    def own(h: Float64Array) -> Float64Array:
        return np.exp(-h)

    one = StationaryGrid(own, (4, 5))
    assert one == StationaryGrid(lambda h: np.exp(-h), (4, 5))
    check_covariance_identity(one)
    others = [
        StationaryGrid(lambda h: np.exp(-1.5 * h), (4, 5)),
        StationaryGrid(own, (5, 4)),
        StationaryGrid(own, (4, 5), 1.5),
        StationaryGrid(own, (4, 5), padding=9),
        StationaryGrid(exponential(1.0), (4, 5)),
        StationaryGrid(exponential(1.0), (4, 5), 1.5),
        StationaryGrid(exponential(1.0, 2.0), (4, 5)),
    ]
    assert len({one.digest(), *(other.digest() for other in others)}) == 1 + len(others)


def test_repr() -> None:
    shown = repr(StationaryGrid(matern(0.3, 1.5), (4, 5), 0.5))
    expected = "StationaryGrid(matern(length=0.3, nu=1.5, variance=1.0), shape=(4, 5), spacing=(0.5, 0.5))"
    assert shown == expected
    assert "<lambda>" in repr(StationaryGrid(lambda h: np.exp(-h), 3))


def test_functions_are_called_for_some_distances_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def own(h: Float64Array) -> Float64Array:
        seen.append(h.shape)
        found = np.exp(-h)
        h[:] = np.nan  # which must change nothing
        return found

    whole = StationaryGrid(own, (20, 30))
    monkeypatch.setattr(module, "DISTANCES_AT_ONCE", 100)
    assert StationaryGrid(own, (20, 30)) == whole
    assert all(len(shape) == 1 for shape in seen)
    assert max(shape[0] for shape in seen[1:]) <= 100


def broken(h: Float64Array) -> Float64Array:
    raise ZeroDivisionError("something\nwithin")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (broken, "raised ZeroDivisionError: something"),
        (lambda: 1.0, "raised TypeError"),
        (lambda h: h[:-1], r"for \(3,\) it gave \(2,\)"),
        (lambda _: 1.0, r"for \(3,\) it gave \(\)"),
        (lambda h: np.where(h == 0, np.nan, 0.5), "must be finite: at the distance 0 it is nan"),
        (lambda h: np.where(h == 2, np.inf, 0.5), "must be finite: at the distance 2 it is inf"),
        (lambda h: -np.exp(-h), "at the distance 0 it is -1, which is negative"),
        (lambda h: 1 + h, "at the distance 1 it is 2, and at 0 it is 1"),
        (lambda h: h, "at the distance 1 it is 1, and at 0 it is 0"),
        (lambda h: np.where(h == 1, -1.0, np.exp(-h)) * np.where(h == 2, 0.9, 1), "negative eigenvalues"),
        (lambda h: np.ma.masked_array(np.exp(-h), h > 1), "masked"),
    ],
)
def test_functions_that_are_no_covariance(function: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words) as caught:
        StationaryGrid(function, 3)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("function", [lambda h: np.exp(1j * h), lambda h: ["a"] * len(h), lambda _: None, lambda _: {}])
def test_functions_that_give_no_real_numbers(function: Any) -> None:
    with pytest.raises(ArgumentTypeError, match=r"function\(distances\)"):
        StationaryGrid(function, 3)


def test_functions_may_give_any_array() -> None:
    expected = StationaryGrid(lambda h: np.exp(-h), 5).to_dense()
    np.testing.assert_array_equal(StationaryGrid(lambda h: list(np.exp(-h)), 5).to_dense(), expected)
    np.testing.assert_array_equal(StationaryGrid(lambda h: da.exp(-da.from_array(h)), 5).to_dense(), expected)
    single = StationaryGrid(lambda h: np.exp(-h).astype(np.float32), 5)
    np.testing.assert_allclose(single.to_dense(), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [0, -3, (3, 0), (), (2, 2, 2, 2), []])
def test_shapes_that_are_no_grid(shape: Any) -> None:
    with pytest.raises(ArgumentError, match="`shape`"):
        StationaryGrid(exponential(1.0), shape)


@pytest.mark.parametrize("shape", [1.5, "3", (2, 1.5), None, True, {"a"}, b"3", (2, (3, 4))])
def test_shapes_of_the_wrong_kind(shape: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="`shape`"):
        StationaryGrid(exponential(1.0), shape)


def test_a_grid_that_no_machine_holds() -> None:
    for shape in ((10**6, 10**6), 10**30):
        with pytest.raises(ArgumentError, match="the normals of a row"):
            StationaryGrid(exponential(1.0), shape)


@pytest.mark.parametrize("spacing", [0.0, -1.0, np.nan, np.inf, (1.0, 0.0), (1.0, 2.0, 3.0), (), [[1.0, 1.0]]])
def test_spacings_that_are_none(spacing: Any) -> None:
    with pytest.raises(ArgumentError, match="`spacing`"):
        StationaryGrid(exponential(1.0), (3, 4), spacing)


@pytest.mark.parametrize("spacing", ["1", None, 1j, (1.0, "2")])
def test_spacings_of_the_wrong_kind(spacing: Any) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError), match=r"spacing|complex"):
        StationaryGrid(exponential(1.0), (3, 4), spacing)


def test_other_arguments() -> None:
    for padding in (-1, (1, 2, 3), (1, -2)):
        with pytest.raises(ArgumentError, match="`padding`"):
            StationaryGrid(exponential(1.0), (3, 4), padding=padding)
    for wrong in (1.5, "1", (1, 2.5)):
        with pytest.raises(ArgumentTypeError, match="`padding`"):
            StationaryGrid(exponential(1.0), (3, 4), padding=wrong)  # type: ignore[arg-type]
    for function in (None, 3.0, "exponential"):
        with pytest.raises(ArgumentTypeError, match="`function` must be a function"):
            StationaryGrid(function, (3, 4))  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="`approximate`"):
        StationaryGrid(exponential(1.0), (3, 4), approximate="yes")  # type: ignore[arg-type]


def test_distances_that_overflow() -> None:
    covariance = StationaryGrid(exponential(1.0), (3, 4), spacing=1e200)
    np.testing.assert_array_equal(covariance.to_dense(), np.eye(12))


def test_nothing_quadratic_is_built() -> None:
    shape = (400, 500)
    small = StationaryGrid(exponential(1.0), (8, 8)).factorize()
    small.colorize(np.ones((1, small.noise_ndim)))  # compiling takes memory of its own
    tracemalloc.start()
    factor = StationaryGrid(exponential(30.0), shape).factorize()
    factor.colorize(np.ones((1, factor.noise_ndim)))
    factor.covariance_of([0, 1], [3])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A dense matrix has 200,000 numbers for each; the embedding has 4.
    assert peak < 25 * 400 * 500 * 8


def test_a_plan_counts_the_memory_of_a_large_field() -> None:
    """Embeddings of more than 2**23 points are drawn row by row; their normals are counted."""
    for shape in ((4096, 4096), (300, 300, 300), (10**7,)):
        d = int(np.prod(shape))
        k = int(np.prod([2 * each for each in shape]))
        plan = Plan((100,), d, k, "float64", as_root(1), (1,))
        assert plan.stripe == 1
        assert plan.noise_stripes == 1
        # Normals, a row that is drawn in part, and at most k numbers within `colorize`.
        assert plan.work_bytes >= 8 * (2 * k + d)
