"""Samples of Sobol' points, from the argument to the store."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest

import mvn_dask
from mvn_dask import covariance
from mvn_dask.errors import ArgumentError, ArgumentTypeError, DamagedManifestError
from mvn_dask.maintenance.describe import describe
from mvn_dask.random.inverse_normal import normal_quantiles
from mvn_dask.random.sobol import MAX_DIMENSIONS, centered_points, scrambled_directions
from mvn_dask.random.streams import as_root
from mvn_dask.sampling.points import (
    SobolPoints,
    points_arrays,
    recorded_points,
    refuse_other_arrays,
    refuse_other_extensions,
    refuse_other_lengths,
    requested_replicate,
    separated,
)
from mvn_dask.sampling.replay import replay_sample
from mvn_dask.sampling.spec import SampleSpec
from tests.support.stores import tree
from tests.support.strategies import random_moments
from tests.toys.mixture import Mixture
from tests.toys.selection import selection

ROOT = as_root(3).child(0)
SMALL = mvn_dask.MultivariateNormal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]])
COVARIANCES: dict[str, Any] = {
    "dense of 1": np.array([[2.0]]),
    "dense of 3": random_moments(3)[1],
    "dense of 30": random_moments(30)[1],
    "dense of 400": covariance.Dense(random_moments(400)[1], method="cholesky"),
    "diagonal": np.linspace(1, 2, 30),
    "low rank": covariance.LowRank(np.ones((30, 2)), np.linspace(1, 2, 30)),
    "grid": covariance.StationaryGrid(covariance.exponential(length=2.0), shape=(5, 6)),
    "toy of 20 x 3": selection(20, 3),
}


def spec(rows: int = 1024, replicate: int | None = 0, normal: Any = SMALL, chunks: Any = 100) -> SampleSpec:
    made: SampleSpec = normal.spec((rows,), root=ROOT, dtype=np.dtype("f8"), chunks=chunks, replicate=replicate)
    return made


def computed(normal: Any, rows: int, **options: Any) -> np.ndarray:
    found: np.ndarray = normal.sample(rows, seed=3, points="sobol", **options).compute(scheduler="synchronous")
    return found.reshape(rows, -1)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("name", COVARIANCES)
def test_rows_are_the_factors_own_of_points(name: str) -> None:
    """On both paths, in any blocks: bit by bit, as colorize makes them of all normals at once."""
    cov, rows = COVARIANCES[name], 2**10
    ndim = cov.ndim if isinstance(cov, covariance.Covariance) else len(cov)
    normal = mvn_dask.MultivariateNormal(np.full(ndim, 0.5), cov)
    factor = normal.covariance.factorize()
    z = normal_quantiles(centered_points(*scrambled_directions(factor.noise_ndim, ROOT, 0), 0, rows))
    expected = factor.colorize(z) + normal.mean.reshape(-1)
    for chunks in (-1, 77, (1, 500, 523)):
        found = computed(normal, rows, chunks=chunks if isinstance(chunks, int) else (chunks, *normal.event_shape))
        assert found.tobytes() == expected.tobytes()
    assert computed(normal, 2**7).tobytes() == expected[: 2**7].tobytes()


def test_rows_of_both_paths_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    normal = mvn_dask.MultivariateNormal(*random_moments(30))
    compiled = computed(normal, 2**13, chunks=1111)
    monkeypatch.setattr("mvn_dask.sampling.kernel.compiled_module", lambda _: None)
    assert computed(normal, 2**13).tobytes() == compiled.tobytes()


def test_scramblers_and_replicates_differ() -> None:
    drawn = [computed(SMALL, 64), computed(SMALL, 64, replicate=1)]
    drawn += [SMALL.sample(64, seed=seed, points="sobol").compute() for seed in (4, np.random.PCG64(3))]
    drawn.append(SMALL.sample(64, seed=3).compute())
    assert len({rows.tobytes() for rows in drawn}) == len(drawn)
    names = {SMALL.sample(64, seed=3, points="sobol", replicate=r).name for r in range(3)}
    assert len(names) == 3


def test_means_err_less() -> None:
    """Of smooth functions of ten variables, by far more than chance: measured gains are 250 and 40 at 2**16 rows."""
    normal, rows = mvn_dask.MultivariateNormal(np.zeros(10), np.ones(10)), 2**16
    cases: list[tuple[Any, float, int]] = [
        (lambda x: np.exp(x.sum(1) / 10), np.exp(0.05), 60),
        (lambda x: np.cos(x / 2).prod(1), np.exp(-1.25), 10),
    ]
    for function, mean, gain in cases:
        errors, spread = [], 0.0
        for replicate in range(4):
            values = function(computed(normal, rows, replicate=replicate))
            errors.append(values.mean() - mean)
            spread = values.std() / np.sqrt(rows)
        assert np.sqrt(np.mean(np.square(errors))) < spread / gain


def test_two_ways_to_a_replicate() -> None:
    one = spec()
    other = one.with_replicate(5)
    assert other.lineage.fingerprint == spec(replicate=5).lineage.fingerprint
    assert other.lineage.values == spec(replicate=5).lineage.values
    assert other.broadcast.digests == spec(replicate=5).broadcast.digests
    assert one.with_replicate(0).lineage.fingerprint == one.lineage.fingerprint
    assert (other.lengths, other.recut) == (one.lengths, one.recut)
    again = other.broadcast.sampler.draw(other.plan, 3, 700)
    np.testing.assert_array_equal(again, computed(SMALL, 1024, replicate=5)[3:700])
    with pytest.raises(ArgumentError, match=r"only a sample of Sobol' points has replicates.*points='sobol'"):
        spec(replicate=None).with_replicate(1)
    with pytest.raises(ArgumentError, match="`replicate` must be less than 2"):
        one.with_replicate(2**32)


def test_other_samples_are_those_of_before() -> None:
    values: Any = spec(replicate=None).lineage.values
    assert "points" not in values
    assert values["parameters"].keys() == {"mean", "variances", "factor.matrix"}


def test_it_travels_with_the_parameters(tmp_path: Path) -> None:
    """The arrays once, in the spool where they are large."""
    small = spec()
    arrived = pickle.loads(pickle.dumps(small))  # noqa: S301
    assert arrived.plan == small.plan
    assert arrived.plan.points.carrier is arrived.broadcast
    wide = mvn_dask.MultivariateNormal(np.zeros(MAX_DIMENSIONS), np.ones(MAX_DIMENSIONS))
    with dask.config.set({"mvn_dask.spool": str(tmp_path)}):
        large = spec(16, normal=wide, chunks=-1)
        sent = pickle.dumps(large)
    assert len(sent) < 10_000
    arrived = pickle.loads(sent)  # noqa: S301
    rows = arrived.broadcast.sampler.draw(arrived.plan, 5, 7)
    assert isinstance(arrived.plan.points.directions, np.memmap)
    np.testing.assert_array_equal(rows, large.broadcast.sampler.draw(large.plan, 0, 16)[5:7])


@pytest.mark.parametrize("scheduler", ["threads", pytest.param("processes", marks=pytest.mark.slow)])
def test_a_store(scheduler: Any, tmp_path: Path) -> None:
    x = SMALL.sample(2**11, seed=3, points="sobol", replicate=2, chunks=300)
    with dask.config.set(scheduler=scheduler):
        mvn_dask.to_zarr(x, tmp_path / "a")
        assert mvn_dask.verify(tmp_path / "a", level="values", full=True).ok
        (tmp_path / "a/samples/c/2/0").unlink()
        (tmp_path / "a/samples/c/3/0").write_bytes(bytes(300 * 2 * 8 + 4))
        assert mvn_dask.repair(tmp_path / "a", level="checksum").chunks == ((2, 0), (3, 0))
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "a"), computed(SMALL, 2**11, replicate=2))
    assert mvn_dask.verify(tmp_path / "a", level="values").ok
    assert mvn_dask.status(tmp_path / "a").complete
    assert "sobol points, replicate 2, SFC64" in str(describe(tmp_path / "a"))
    assert describe(tmp_path / "a").grade == "ok"


def test_it_is_extended_to_another_power_of_two(tmp_path: Path) -> None:
    longer = SMALL.sample(2**11, seed=3, points="sobol", chunks=100)
    mvn_dask.to_zarr(SMALL.sample(2**9, seed=3, points="sobol", chunks=100), tmp_path / "a")
    before = tree(tmp_path / "a")
    with pytest.raises(ArgumentError, match=r"a power of two, at most 2\*\*51: 512 and 100 are 612; 512 or 1536 more"):
        mvn_dask.extend(tmp_path / "a", 100)
    assert tree(tmp_path / "a") == before
    mvn_dask.extend(tmp_path / "a", 2**11 - 2**9)
    mvn_dask.to_zarr(longer, tmp_path / "b")
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 1000}, "a power of two from 1 to .*: it is 1000, and 512 or 1024 would be one"),
        ({"size": 0}, "it is 0, and 1 would be one"),
        ({"size": 2**52}, f"it is {2**52}, and {2**51} would be one"),
        ({"size": (2, 4)}, r"one power of two, without other axes: it is \(2, 4\)"),
        ({"size": None}, r"without other axes: it is \(\)"),
        ({"dtype": "float32"}, "`dtype` must be float64, and is float32"),
        ({"points": "halton"}, "`points` must be None or 'sobol': it is 'halton'"),
        ({"points": None, "replicate": 1}, "`replicate` goes with points='sobol'"),
        ({"replicate": -1}, "`replicate` must not be negative"),
        ({"replicate": 2**32}, "`replicate` must be less than 2"),
    ],
)
def test_what_no_sample_of_points_is(options: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"size": 8, "seed": 3, "points": "sobol", **options}
    with pytest.raises(ArgumentError, match=message):
        SMALL.sample(**arguments)


def test_rows_of_too_many_normals_or_of_other_random_numbers() -> None:
    wide = mvn_dask.MultivariateNormal(np.zeros(MAX_DIMENSIONS + 1), np.ones(MAX_DIMENSIONS + 1))
    with pytest.raises(ArgumentError, match="at most 21201 dimensions, and a row is made of 21202 normals"):
        wide.sample(8, seed=3, points="sobol")
    with pytest.raises(ArgumentError, match="rows of 'two-scales' are made of other random numbers as well"):
        Mixture(np.zeros(2), np.eye(2)).sample(8, seed=3, points="sobol")
    with pytest.raises(ArgumentTypeError, match="`replicate` must be an integer"):
        SMALL.sample(8, seed=3, points="sobol", replicate=1.5)  # type: ignore[call-overload]


def test_arguments_and_lengths() -> None:
    assert requested_replicate(None, 0) is None
    assert requested_replicate("sobol", np.int64(7)) == 7
    for rows in (1, 2, 2**51):
        refuse_other_lengths(rows)
    refuse_other_extensions(8, 24)
    with pytest.raises(ArgumentError):
        refuse_other_extensions(2**51, 2**51)


@pytest.mark.parametrize(
    "record",
    [None, {}, {"kind": "sobol"}, {"kind": "halton", "replicate": 0}, {"kind": "sobol", "replicate": 0, "more": 1},
     *({"kind": "sobol", "replicate": other} for other in (True, 1.0, -1, 2**32, "1"))],
)  # fmt: skip
def test_records_of_no_points(record: object) -> None:
    with pytest.raises(ArgumentError):
        recorded_points(record)
    one = spec()
    with pytest.raises(DamagedManifestError):
        replay_sample({**one.lineage.values, "points": record}, one.lineage.arrays)


def test_records_that_do_not_go_with_points() -> None:
    one = spec()
    values, arrays = one.lineage.values, one.lineage.arrays
    again = replay_sample(values, arrays)
    assert again.plan.points == recorded_points({"kind": "sobol", "replicate": 0}) == SobolPoints(0, None)
    np.testing.assert_array_equal(again.sampler.draw(again.plan, 9, 90), computed(SMALL, 1024)[9:90])
    without = {name: value for name, value in values.items() if name != "points"}
    for record, there in (
        (without, arrays),
        (values, separated(arrays)[0]),
        ({**values, "size": [1000]}, arrays),
        ({**values, "size": [2, 512]}, arrays),
    ):
        with pytest.raises(DamagedManifestError):
            replay_sample(record, there)
    toy = Mixture(np.zeros(2), np.eye(2)).spec((8,), root=ROOT, dtype=np.dtype("f8"), chunks=8)
    mixed = {**toy.lineage.arrays, **points_arrays(ROOT, 2, 0)}
    with pytest.raises(DamagedManifestError, match="no sample of 'two-scales' is one of points"):
        replay_sample({**toy.lineage.values, "points": values["points"]}, mixed)


def test_arrays_that_no_points_have() -> None:
    arrays = dict(points_arrays(ROOT, 2, 0))
    directions, shift = arrays["points.directions"], arrays["points.shift"]
    refuse_other_arrays(arrays, 2)
    for wrong in (
        {"points.shift": shift},
        {**arrays, "points.more": shift},
        {**arrays, "points.shift": shift[:1]},
        {**arrays, "points.directions": directions[:5]},
        {**arrays, "points.directions": directions.astype("i8")},
        {**arrays, "points.directions": np.asfortranarray(directions)},
        {**arrays, "points.shift": shift | np.uint64(2**52)},
    ):
        with pytest.raises(ArgumentError):
            refuse_other_arrays(wrong, 2)


def test_blocks_waste_nothing_and_room_is_counted() -> None:
    points = spec(2**15, chunks=10).plan
    streams = replace(points, points=None)
    assert streams.drawn_rows > 100 * streams.rows
    assert points.drawn_rows == points.rows
    assert not points.wastes_drawing()
    assert points.work_bytes > streams.work_bytes
    assert replace(points, cuts=(7,)).points == points.points
