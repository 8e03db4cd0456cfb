from collections.abc import Sequence
from functools import cache
from itertools import pairwise, product
from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask._typing import FloatDType
from mvn_dask.checks import Method
from mvn_dask.errors import DamagedManifestError
from mvn_dask.readable import short_repr
from mvn_dask.sampling.replay import Replay, replay_sample
from mvn_dask.store.array_manifest import manifest_of
from tests.support.strategies import METHODS, random_moments

WIDE = 520
"""Variables whose stripes are of 128 rows, so that there are several of them."""
NORMALS = ["diagonal", "small", *(f"dense {method}" for method in METHODS)]


@cache
def normal_of(name: str) -> mvn_dask.MultivariateNormal:
    if name == "diagonal":
        return mvn_dask.MultivariateNormal(np.arange(float(WIDE)), np.linspace(1, 2, WIDE))
    if name == "small":
        return mvn_dask.MultivariateNormal(*random_moments(3))
    method = next(each for each in METHODS if name == f"dense {each}")
    return mvn_dask.MultivariateNormal(*random_moments(WIDE), method=method)


def replay_of(array: da.Array) -> Replay:
    record, arrays = manifest_of(array)
    return replay_sample(record.samples[0], arrays)


def windows(array: da.Array) -> list[tuple[slice, ...]]:
    edges = [np.cumsum([0, *pieces]).tolist() for pieces in array.chunks]
    return list(product(*([slice(*pair) for pair in pairwise(axis)] for axis in edges)))


def compared(again: Replay, rows: Any, window: Sequence[slice], *, full: bool) -> int:
    """Numbers that are drawn again, each of them the sample's own."""
    axes = len(again.plan.size)
    there, count = rows[tuple(window)], 0
    seen = np.zeros(there.shape, np.int64)
    for (place, span), expected in again.parts(window, rows.shape[axes:], full=full):
        part = there[place].reshape(-1, *there.shape[axes:])[span]
        assert part.dtype == expected.dtype
        assert part.tobytes() == expected.tobytes(), (window, place, span)
        seen[place].reshape(-1, *there.shape[axes:])[span] += 1
        count += expected.size
    assert seen.max(initial=0) <= 1, "nothing is drawn twice"
    return count


def assert_parts_are_the_samples_own(array: da.Array) -> None:
    again, rows = replay_of(array), array.compute()
    for window in windows(array):
        size = rows[window].size
        assert compared(again, rows, window, full=True) == size
        assert (0 < compared(again, rows, window, full=False) <= size) == (size > 0)


@pytest.mark.parametrize("normal", NORMALS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("size", "chunks"),
    [(700, 300), (700, 700), (700, 1), ((4, 150), "auto"), ((4, 150), (1, 60, -1)), ((3, 2, 70), (2, 2, -1, -1))],
)
def test_every_factor_and_precision(normal: str, dtype: FloatDType, size: Any, chunks: Any) -> None:
    if chunks == 1:
        size = 5
    assert_parts_are_the_samples_own(normal_of(normal).sample(size, seed=1, dtype=dtype, chunks=chunks))


@pytest.mark.parametrize(
    ("size", "chunks"),
    [
        (300, (140, 200)),
        ((6, 90), (4, 40, 200)),
        ((6, 90), (4, 90, 100)),
        ((2, 3, 80), (2, 2, 50, -1)),
        ((2, 3, 80), (1, 3, 80, 99)),
        (None, (200,)),
        (None, "auto"),
        (0, "auto"),
        ((0, 4), "auto"),
        ((4, 0), "auto"),
    ],
)
def test_chunks_that_are_cut_in_any_way(size: Any, chunks: Any) -> None:
    """Along the variables, and into boxes whose rows do not follow each other."""
    assert_parts_are_the_samples_own(normal_of("diagonal").sample(size, seed=1, chunks=chunks))


@pytest.mark.parametrize("kind", ["PCG64", "Philox", "MT19937", "PCG64DXSM", "SFC64"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_bit_generator(kind: str, dtype: FloatDType) -> None:
    seed = getattr(np.random, kind)(7)
    assert_parts_are_the_samples_own(normal_of("diagonal").sample(300, seed=seed, dtype=dtype, chunks=140))


@pytest.mark.parametrize(
    "seed",
    [
        0,
        2**200,
        [1, 2, 3],
        [7],
        [],
        [2**64, 0],
        np.random.SeedSequence(5, spawn_key=(3, 2**32 - 1)),
        np.random.SeedSequence(5, spawn_key=(2**32, 2**60, 10**639)),
        np.random.SeedSequence([5, 6], pool_size=8),
        np.random.PCG64(1).jumped(),
    ],
)
def test_every_seed(seed: Any) -> None:
    assert_parts_are_the_samples_own(normal_of("diagonal").sample(300, seed=seed, chunks=140))


def test_calls_of_a_generator_and_their_children() -> None:
    rng = mvn_dask.default_rng(3)
    rng.multivariate_normal([0.0], [[1.0]])  # call 0
    for each in (rng, *rng.spawn(2)):
        rows = each.multivariate_normal(np.zeros(WIDE), np.eye(WIDE), size=300, chunks=140)
        assert_parts_are_the_samples_own(rows)


def test_a_part_of_a_window_lies_within_one_stripe_and_not_always_in_the_same() -> None:
    array = normal_of("diagonal").sample(128 * 8 * 16, seed=1, chunks=128 * 8)
    again, seen = replay_of(array), set()
    for window in windows(array):
        ((_, span), _) = next(again.parts(window, array.shape[1:], full=False))
        assert (span.start % 128, span.stop - span.start) == (0, 128)
        seen.add(span.start)
    assert len(seen) > 3


@pytest.mark.parametrize("points", [None, "sobol"])
def test_rows_of_large_windows_are_drawn_in_pieces(points: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of whole stripes, so that no row is drawn twice: the memory beside a chunk is bounded, whatever its size."""
    array = normal_of("diagonal").sample(8192, seed=1, chunks=5000, points=points)
    again, rows, stripe = replay_of(array), array.compute(), 128
    monkeypatch.setattr("mvn_dask.sampling.replay.DRAWN_BYTES", rows[: 2 * stripe].nbytes)
    for window in windows(array):
        assert compared(again, rows, window, full=True) == rows[window].size
        lengths = [len(drawn) for _, drawn in again.parts(window, array.shape[1:], full=True)]
        assert max(lengths) == 2 * stripe
        assert set(lengths[1:-1]) == {2 * stripe}


def test_the_sample_again_is_the_sample_by_name() -> None:
    for size, chunks in (((700), 300), ((4, 150), (1, 60, -1)), (None, (200,)), ((6, 90), (4, 40, 200))):
        array = normal_of("diagonal").sample(size, seed=1, chunks=chunks)
        whole = tuple(pieces[0] for pieces in array.chunks)
        again = replay_of(array)
        assert again.array(again.plan.size, whole, normal_of("diagonal").event).name == array.name
    longer = replay_of(normal_of("small").sample(10, seed=1, chunks=10)).array((35,), (10, 3), normal_of("small").event)
    assert longer.name == normal_of("small").sample(35, seed=1, chunks=10).name


DAMAGE: dict[str, list[Any]] = {
    "streams": [2, 0, "1", None, True, 1.0],
    "size": [[-1], [700.0], ["700"], "700", "", {}, None, [2**63], [True]],
    "ndim": [0, -3, 3.0, None, 4, 2**40],
    "noise_ndim": [0, "3", 2],
    "stripe": [0, 128, None, 16384.0],
    "dtype": ["float16", "<f8", None, [], "float32"],
    "bit_generator": ["Generator", "default_rng", "", None, []],
    "entropy": [1, "01", "-1", "x", "", "1.0", "٣", None, {}, ["1", 2], "9" * 9_999, "9" * 641, ["9" * 5000]],
    "key": ["", [-1], ["7"], [2**60], ["9" * 641], [10**5000], [1.0], None, {}],
    "pool_size": [3, 2**30, 4.0, None],
    "distribution": [None, [], "multivariate_normal", 1, {}, {"kind": "another"}, {"kind": "multivariate_normal"}],
    "parameters": [],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field in DAMAGE for value in DAMAGE[field]], ids=short_repr
)
def test_records_that_no_sample_gives(field: str, value: Any) -> None:
    record, arrays = manifest_of(normal_of("small").sample(700, seed=1))
    values = record.samples[0]
    assert replay_sample(values, arrays).plan.size == (700,)
    with pytest.raises(DamagedManifestError):
        replay_sample({**values, field: value}, arrays)
    with pytest.raises(DamagedManifestError, match="it has the fields"):
        replay_sample({name: each for name, each in values.items() if name != field}, arrays)


def test_records_of_other_streams_say_so() -> None:
    record, arrays = manifest_of(normal_of("small").sample(700, seed=1))
    with pytest.raises(DamagedManifestError, match="its streams are of version 2; this mvn_dask draws 1"):
        replay_sample({**record.samples[0], "streams": 2}, arrays)
    with pytest.raises(DamagedManifestError, match="it has the fields"):
        replay_sample({**record.samples[0], "more": 2}, arrays)


@pytest.mark.parametrize("method", METHODS)
def test_arrays_that_do_not_fit_the_record(method: Method) -> None:
    normal = mvn_dask.MultivariateNormal(*random_moments(3), method=method)
    record, arrays = manifest_of(normal.sample(700, seed=1))
    values, mean, factor = record.samples[0], arrays["mean"], arrays["factor.matrix"]
    for mean_there, factor_there in (
        (mean[:2], factor),
        (mean, factor[:, :2]),
        (mean, factor[0, :2]),
        (mean, factor.astype("f4")),
        (mean.astype("i8"), factor),
        (mean[None], factor),
        (mean, np.array(1.0)),
    ):
        with pytest.raises(DamagedManifestError):
            replay_sample(values, {"mean": mean_there, "factor.matrix": factor_there})
    for others in (
        {"mean": mean},
        {"factor.matrix": factor},
        {**arrays, "more": mean},
        {"mean": mean, "factor.scale": mean},
    ):
        with pytest.raises(DamagedManifestError):
            replay_sample(values, others)
