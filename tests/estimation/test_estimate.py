import os
import signal
import threading
from hashlib import sha256
from typing import Any

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from distributed import Client

import mvn_dask
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.statistics import Extremes, Histogram, Mean, Moments, Probability, Statistic
from tests.support.clusters import local_cluster

ROWS = 300_000
NORMAL = mvn_dask.MultivariateNormal([1.0, -2.0, 0.5], np.eye(3) + 0.5, names=["oil", "gas", "coal"])
STATISTICS = Mean(), Moments(), Extremes(3), Histogram(4), Probability(lambda rows: (rows > 0).all(axis=1))


def digest(array: da.Array, **options: Any) -> str:
    results = mvn_dask.estimate(array, *STATISTICS, **options)
    return sha256(repr([each.to_dict() for each in results]).encode()).hexdigest()


def sample(chunks: object = "auto", rows: int = ROWS) -> da.Array:
    return NORMAL.sample(rows, seed=1, chunks=chunks)  # type: ignore[call-overload, no-any-return]


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    """Digests of a sample and of a derived array, in one block."""
    with dask.config.set(scheduler="sync"):
        return {"sample": digest(sample(-1)), "derived": digest(da.tanh(sample(-1)))}


@pytest.mark.parametrize("chunks", [65536, 77777, 90000, (1, 299_999)])
def test_chunks_change_no_bit(chunks: object, expected: dict[str, str]) -> None:
    cut = chunks if isinstance(chunks, int) else (chunks, 3)
    assert digest(sample(cut)) == expected["sample"]
    assert digest(da.tanh(sample(cut))) == expected["derived"]


def test_numpy_has_the_same_bits(path: str, expected: dict[str, str]) -> None:
    assert digest(sample(90000)) == expected["sample"]


@pytest.mark.slow
def test_a_pool_of_processes_has_the_same_bits(expected: dict[str, str]) -> None:
    with dask.config.set(scheduler="processes", num_workers=2):
        assert digest(da.tanh(sample(77777))) == expected["derived"]


def test_a_cluster_has_the_same_bits(processes: Client, expected: dict[str, str]) -> None:
    assert digest(sample()) == expected["sample"]
    assert digest(da.tanh(sample(77777))) == expected["derived"]


@pytest.mark.faults
def test_a_killed_worker_changes_no_bit() -> None:
    def slowly(block: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        import time

        time.sleep(0.02)
        return np.asarray(np.tanh(block))

    array = da.map_blocks(slowly, sample(3000))
    with dask.config.set(scheduler="threads"):
        whole = digest(array)
    with local_cluster() as cluster, Client(cluster) as client, dask.config.set(scheduler="distributed"):
        client.wait_for_workers(2)
        victim = next(iter(client.run(os.getpid).values()))
        threading.Timer(0.6, lambda: os.kill(victim, signal.SIGKILL)).start()
        assert digest(array) == whole


def test_the_numbers_are_those_of_numpy() -> None:
    rows = sample().compute()
    mean, moments = mvn_dask.estimate(sample(), Mean(), Moments())
    np.testing.assert_allclose(mean.value, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.variance.value, rows.var(axis=0, ddof=1), rtol=1e-12)
    assert mean.columns == ("oil", "gas", "coal")
    assert mean.count.tolist() == [ROWS] * 3


def test_columns_by_number_and_name() -> None:
    whole = mvn_dask.estimate(sample(), Mean())
    gas = mvn_dask.estimate(sample(), Mean(), columns="gas")
    assert (gas.value, gas.columns) == (whole.value[1], ("gas",))
    some = mvn_dask.estimate(sample(), Mean(), columns=["coal", 0])
    assert some.value.tolist() == [whole.value[2], whole.value[0]]
    assert mvn_dask.estimate(sample() * 1.0, Mean(), columns=[-1]).columns == ("coal",)
    of_blocks: Any = sample().map_blocks
    assert mvn_dask.estimate(of_blocks(np.copy), Mean(), columns=[-1]).columns == ("2",)
    labelled = xr.DataArray(sample() * 1.0, dims=("draw", "fuel"), coords={"fuel": ["a", "b", "c"]})
    assert mvn_dask.estimate(labelled, Mean(), columns="b").value == whole.value[1]


def test_a_store_has_its_names(tmp_path: Any) -> None:
    mvn_dask.to_zarr(sample(100_000), tmp_path / "store")
    stored = mvn_dask.from_zarr(tmp_path / "store")
    assert mvn_dask.estimate(stored, Mean()) == mvn_dask.estimate(sample(), Mean())


def test_arrays_of_one_axis_and_of_fields() -> None:
    assert isinstance(mvn_dask.estimate(sample()[:, 0], Mean()).value, float)
    field = mvn_dask.MultivariateNormal(np.zeros((2, 3)), np.ones(6), event_shape=(2, 3)).sample(1000, seed=1)
    found = mvn_dask.estimate(field, Mean())
    np.testing.assert_allclose(found.value, field.compute().reshape(1000, 6).mean(axis=0), atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.bool_])
def test_other_types_are_converted(dtype: npt.DTypeLike) -> None:
    array = da.from_array(np.arange(10_000).astype(dtype), chunks=999)
    assert mvn_dask.estimate(array, Mean()).value == pytest.approx(np.arange(10_000).astype(dtype).mean())


def test_blocks_that_share_work_are_computed_together() -> None:
    x = sample(50_000)
    centred = x[:, 0] - x.mean(axis=0)[0]
    assert abs(mvn_dask.estimate(centred, Mean()).value) < 1e-12


def test_shared_work_on_a_cluster(processes: Client) -> None:
    x = sample(50_000)
    assert abs(mvn_dask.estimate(x[:, 0] - x.mean(axis=0)[0], Mean()).value) < 1e-12


def test_no_rows() -> None:
    found = mvn_dask.estimate(sample(rows=0), Mean(), Probability(lambda rows: rows[:, 0] > 0))
    assert np.isnan(found[0].value).all()
    assert found[0].count.tolist() == [0, 0, 0]


def test_missing_numbers() -> None:
    array = da.where(sample(50_000) > 3.5, np.nan, sample(50_000))
    with pytest.raises(ArgumentError, match=r"must not hold NaN: row \d+ has one in column"):
        mvn_dask.estimate(array, Mean())
    found = mvn_dask.estimate(array, Mean(), nan="omit")
    missing = np.isnan(array.compute()).sum(axis=0)
    assert found.omitted.tolist() == missing.tolist()
    assert (found.count + found.omitted).tolist() == [ROWS] * 3


def test_batches_of_rows_that_depend_on_each_other() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(200_000)
    walk = np.empty_like(noise)
    last = 0.0
    for row, step in enumerate(noise):
        last = walk[row] = 0.95 * last + step
    array = da.from_array(walk, chunks=7000)
    plain, batched = mvn_dask.estimate(array, Mean()), mvn_dask.estimate(array, Mean(), batches=50)
    # The mean of an autoregression has an error of 1 / (1 - 0.95) / sqrt(n).
    assert batched.standard_error == pytest.approx(20 / np.sqrt(200_000), rel=0.35)
    assert plain.standard_error < batched.standard_error / 4
    assert batched.value == plain.value
    assert "50 batches" in batched.method


class Product(Statistic[float, float]):
    """A statistic of a user: its results are plain numbers."""

    def leaf(self, rows: npt.NDArray[np.float64], first: int) -> float:  # noqa: ARG002 the contract's
        return float(np.log(np.abs(rows[:, 0])).sum())

    def merge(self, left: float, right: float) -> float:
        return left + right

    def finalize(self, node: float) -> float:
        return node


def test_a_statistic_of_users() -> None:
    found = mvn_dask.estimate(sample(), Product())
    assert found == pytest.approx(np.log(np.abs(sample().compute()[:, 0])).sum())
    batched: Any = mvn_dask.estimate(sample(), Product(), batches=10)
    assert batched.standard_error > 0


def test_weights_of_rows() -> None:
    x = sample(60_000)
    weights = 0.2 * (x[:, 0] - 1.0) - 0.03
    found: Any = mvn_dask.estimate(x[:, 0], Mean(), Probability(lambda v: v > 2), log_weights=weights)
    mean, share = found
    # Of variance 1.5, the weights shift the mean by 0.3: exp(0.2 y - 0.03) is the ratio of the two densities.
    assert abs(mean.value - 1.3) < 4 * mean.standard_error
    assert 0 < mean.effective_sample_size < ROWS
    assert share.effective_sample_size < mean.effective_sample_size


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": "wind"}, r"'wind' is none: they are 'oil', 'gas', 'coal'"),
        ({"columns": 3}, "`columns` must be from 0 to 2"),
        ({"columns": []}, "`columns` must not be empty"),
        ({"columns": 1.5}, "`columns` must be numbers or names of columns"),
        ({"nan": "drop"}, '`nan` must be "raise" or "omit"'),
        ({"batches": 1}, "`batches` must be at least 2"),
        ({"batches": 10**6}, "`batches` must leave each two rows"),
        ({"replicates": 4, "batches": 4}, "exclude each other"),
        ({"confidence_level": 1.0}, "`confidence_level` must be greater than 0 and less than 1: it is 1.0"),
        ({"confidence_level": "much"}, "`confidence_level` must be a real number, not 'much'"),
        ({"log_weights": da.zeros(5, chunks=5)}, "`log_weights` must have the rows of the array"),
        ({"log_weights": da.zeros(ROWS, chunks=7)}, "`log_weights` must have the chunks of the array"),
        ({"log_weights": da.zeros((ROWS, 2), chunks=(100_000, 2))}, "one number a row"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError, TypeError), match=message):
        mvn_dask.estimate(sample(100_000), Mean(), **options)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 2)), "`array` must be a dask array, not ndarray"),
        (da.zeros((6, 4), chunks=(3, 2)), r"must not be cut along its columns: .* array.rechunk"),
        (da.zeros((), chunks=()), "must have an axis of rows"),
        (da.zeros((6, 2), dtype=complex), "must hold real numbers"),
        (da.zeros((6, 0)), "must have a column"),
        (da.ma.masked_less(da.zeros((6, 2)), 1.0), r"`array` must have no masked numbers: da.ma.filled\(array, np.nan"),
        (sample()[sample()[:, 0] > 0], "unknown chunks"),
    ],
)
def test_bad_arrays(array: Any, message: str) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        mvn_dask.estimate(array, Mean())


def test_bad_statistics() -> None:
    with pytest.raises(ArgumentError, match="needs a statistic"):
        mvn_dask.estimate(sample())
    with pytest.raises(ArgumentTypeError, match=r"call it, as in Mean\(\)"):
        mvn_dask.estimate(sample(), Mean)  # type: ignore[call-overload]
    with pytest.raises(ArgumentError, match="`log_weights` mean nothing to Moments"):
        mvn_dask.estimate(sample(), Moments(), log_weights=sample()[:, 0])


def test_a_function_that_changes_the_rows_is_refused() -> None:
    array = da.map_blocks(lambda block: block[:10], sample(100_000), meta=np.empty((0, 0)))
    with pytest.raises(ValueError, match="changes the number of rows"):
        mvn_dask.estimate(array, Mean())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda block: block[:, :2], "has 2 columns, and its shape says 3: a function in its graph changes"),
        (lambda block: block * 1j, "holds complex128, and its dtype says real numbers"),
        (lambda block: block.astype(str), "holds <U32, and its dtype says real numbers"),
        (lambda block: np.ma.masked_less(block, 0.0), "`array` must have no masked numbers"),
    ],
)
def test_blocks_that_are_not_what_the_array_says_are_refused(change: Any, message: str) -> None:
    array = da.map_blocks(change, sample(100_000), dtype=float, meta=np.empty((0, 0)))
    with pytest.raises(ValueError, match=message):
        mvn_dask.estimate(array, Mean())


def test_masked_numbers_are_left_out_by_the_way_that_the_error_names() -> None:
    x = sample(100_000)
    found = mvn_dask.estimate(da.ma.filled(da.ma.masked_greater(x, 1.0), np.nan), Mean(), nan="omit")
    assert found == mvn_dask.estimate(da.where(x > 1.0, np.nan, x), Mean(), nan="omit")


def test_control_variates() -> None:
    x = sample(60_000)
    payoff = da.exp(x[:, 0] * 0.2)
    plain, controlled = mvn_dask.estimate(
        payoff, Mean(), Mean(controls=x, control_mean=NORMAL.mean), confidence_level=0.9
    )
    truth = np.exp(0.2 + 0.02 * 1.5)
    assert abs(controlled.value - truth) < 4 * controlled.standard_error
    assert controlled.standard_error < plain.standard_error / 4
    assert controlled.confidence_interval.level == 0.9
    assert plain == mvn_dask.estimate(payoff, Mean(), confidence_level=0.9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"controls": sample()}, "`controls` and `control_mean` go together"),
        ({"control_mean": 1.0}, "`controls` and `control_mean` go together"),
        ({"controls": sample(), "control_mean": [1.0, 2.0]}, "it has 2 numbers for 3 controls"),
        ({"controls": sample(), "control_mean": [1.0, 2.0, np.inf]}, "`control_mean` must be finite"),
        ({"controls": sample(rows=5), "control_mean": [1.0, 2.0, 3.0]}, "`controls` must have the rows of the array"),
        ({"controls": sample(7000) * 1, "control_mean": [1.0, 2.0, 3.0]}, "`controls` must have the chunks"),
    ],
)
def test_bad_controls(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        mvn_dask.estimate(sample(100_000)[:, 0] * 1, Mean(**options))


def test_replicates_of_points() -> None:
    points = NORMAL.sample(2**12, seed=1, points="sobol")
    payoff = da.exp(points * 0.2).sum(axis=1)
    plain, replicated = mvn_dask.estimate(payoff, Mean()), mvn_dask.estimate(payoff, Mean(), replicates=8)
    truth = float(np.exp(0.2 * NORMAL.mean + 0.02 * 1.5).sum())
    assert abs(replicated.value - truth) < 5 * replicated.standard_error
    assert replicated.standard_error < plain.standard_error / 20
    assert replicated.count == 8 * 2**12
    assert "`replicates=8`" in str(plain.warning)
    assert replicated.warning is None
    assert "8 independent scrambles" in replicated.method
    others = [
        float(da.exp(NORMAL.sample(2**12, seed=1, points="sobol", replicate=r) * 0.2).sum(axis=1).mean().compute())
        for r in range(8)
    ]
    assert replicated.value == pytest.approx(np.mean(others), rel=1e-13)
    # A combination, whose node stands between, and pieces of the sample itself.
    combined = mvn_dask.estimate(mvn_dask.combine(points, [1.0, 1.0, 1.0]), Mean(), replicates=4)
    assert abs(combined.value - NORMAL.mean.sum()) < 5 * combined.standard_error + 1e-12


def test_replicates_need_points() -> None:
    for array in (sample(), da.zeros(10)):
        with pytest.raises(ArgumentError, match=r"[sS]obol"):
            mvn_dask.estimate(array, Mean(), replicates=4)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (lambda _, last: mvn_dask.estimate(last, Mean(), columns=[0, 2]), "`array` must .* in column 2 "),
        (lambda x, last: mvn_dask.estimate(x, Mean(), log_weights=last[:, 2]), "`log_weights` must .* in column 0 "),
        (
            lambda x, last: mvn_dask.estimate(x[:, 0], Mean(controls=last[:, 1:], control_mean=[0.0, 0.0])),
            "`controls` must .* in column 1 ",
        ),
    ],
)
def test_errors_name_the_array_and_the_column_that_misses_a_number(asked: Any, message: str) -> None:
    x = sample(100_000)
    holed = da.where(x[:, 2:] > 3.0, np.nan, x[:, 2:])
    with pytest.raises(ArgumentError, match=message):
        asked(x, da.concatenate([x[:, :2], holed], axis=1).rechunk((100_000, 3)))


def test_repetitions_of_what_has_no_error_are_refused_before_the_pass() -> None:
    calls = []

    def look(block: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        calls.append(1)
        return block

    array = da.map_blocks(look, sample(100_000), meta=np.empty((0, 0)))
    for statistic in (Histogram([0.0, 1.0]), Extremes(2)):
        with pytest.raises(ArgumentError, match="`batches` are for the error of estimates, and"):
            mvn_dask.estimate(array, Mean(), statistic, batches=10)
    assert not calls


def test_an_event_that_never_came_has_no_error_by_weights() -> None:
    x = sample(60_000)
    found = mvn_dask.estimate(x[:, 0], Probability(lambda v: v > 99), log_weights=0.1 * x[:, 0])
    assert found.value == 0.0
    assert np.isnan(found.standard_error)
    assert "few terms" in str(found.warning)


def test_a_line_of_every_result() -> None:
    for found in mvn_dask.estimate(sample(100_000), Mean(), Moments(), Extremes(2), Histogram([0.0, 1.0])):
        assert "\n" not in repr(found)
