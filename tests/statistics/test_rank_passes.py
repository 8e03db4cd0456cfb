from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError
from mvn_dask.statistics.base import NextPass, Scope, Statistic
from mvn_dask.statistics.bracketing import WITHIN
from mvn_dask.statistics.expected_shortfall import ExpectedShortfall
from mvn_dask.statistics.quantile import Quantile
from mvn_dask.statistics.rank_passes import AllValues, BracketPass
from mvn_dask.statistics.row_sample import sampled
from mvn_dask.statistics.value_at_risk import ValueAtRisk
from tests.statistics.contract import digest, forest_of, passes_of, result_of
from tests.statistics.ranks import ROWS, hard_columns, shrink, without_numba


def full_pass(rows: Float64Array, q: float = 0.999) -> tuple[BracketPass, list[int]]:
    """The pass over all rows that the first rows lead to, and the rows of those before."""
    step: Statistic[Any, Any] = Quantile(q).prepared(Scope(len(rows), rows.shape[1], rows.dtype))
    looked_at: list[int] = []
    while (count := step.first_rows(len(rows))) < len(rows):
        looked_at.append(count)
        following = step.finalize(step.subtree(rows[:count], 0, count))
        assert isinstance(following, NextPass)
        step = following.statistic
    assert isinstance(step, BracketPass)
    return step, looked_at


def test_a_short_array_is_kept_and_a_long_one_has_pilots() -> None:
    x = np.random.default_rng(0).standard_normal((2**22, 1))
    assert isinstance(Quantile(0.5).prepared(Scope(2**16, 1, x.dtype)), AllValues)
    assert passes_of(Quantile(0.5), x[: 2**16], 2048)[1] == [2**16]
    # No more than a 32nd of the rows, and no pilot that would be a few times as long as the one before.
    assert [full_pass(x[:rows])[1] for rows in (2**16 + 1, 2**20, 2**22)] == [[2**14], [2**14], [2**14, 2**17]]


def test_little_leaves_a_task() -> None:
    rows = np.random.default_rng(0).standard_normal((2**21, 1))
    step, _ = full_pass(rows)
    node = forest_of(step, rows, 2048).node()
    kept, sample = (sum(part.size for part in parts) for parts in ([k.values for k in node.kept], node.sample))
    assert sample == 2**10
    assert kept + sample < 0.005 * len(rows)


def test_what_overflows_its_room_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sorted rows the bracket of the first ones holds nearly all values: none leaves a task."""
    shrink(monkeypatch)
    rows = np.arange(-float(ROWS), 0.0)[:, None]
    step, _ = full_pass(rows, 0.999)
    node = forest_of(step, rows, 16).node()
    assert node.counts[WITHIN].min() > 0.9 * ROWS > 2 * step.brackets.room.max()
    assert not sum(part.values.size for part in node.kept)
    assert passes_of(Quantile(0.999), rows, 16)[1].count(ROWS) == 2


@pytest.mark.parametrize("statistic", [Quantile((0.1, 0.999)), ExpectedShortfall((0.1, 0.999))])
def test_bits_with_and_without_numba(monkeypatch: pytest.MonkeyPatch, statistic: Quantile | ExpectedShortfall) -> None:
    shrink(monkeypatch)
    rows = np.stack([*hard_columns().values()], axis=1)
    rows[::7, 3] = np.nan
    compiled = digest(result_of(statistic, rows, 1000))
    without_numba(monkeypatch)
    assert digest(result_of(statistic, rows, 1000)) == compiled


def test_calls_of_few_numbers_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    rows = np.random.default_rng(0).standard_normal((ROWS, 3))
    expected = digest(result_of(ExpectedShortfall((0.5, 0.9)), rows, 64))
    monkeypatch.setattr(BracketPass, "CALL_NUMBERS", 2000)
    assert digest(result_of(ExpectedShortfall((0.5, 0.9)), rows, 64)) == expected


@pytest.mark.parametrize("kind", [Quantile, ExpectedShortfall])
@pytest.mark.parametrize(("decoy", "level"), [(-1.0, 0.9), (2.0, 0.1), (np.nan, 0.5)])
def test_who_knows_the_samples_makes_more_passes_and_no_error(
    monkeypatch: pytest.MonkeyPatch, kind: type[Quantile | ExpectedShortfall], decoy: float, level: float
) -> None:
    """Rows of the pilot and of the first three samples hold what the others do not, and few values are kept."""
    shrink(monkeypatch, MOST=2000)
    rows = 1.0 + np.random.default_rng(0).random((ROWS, 1)) * 2.0**-20
    rows[:1024] = decoy
    for number in range(3):
        rows[sampled(0, ROWS, 4, number)] = decoy
    present = np.sort(rows[~np.isnan(rows)])
    result, looked_at = passes_of(kind(level), rows, 64)
    if kind is Quantile:
        assert result.value[0] == present[int(np.ceil(level * len(present))) - 1]
    else:
        np.testing.assert_allclose(result.value, kind(level).finalize(rows).value, rtol=1e-12)
    assert 3 <= looked_at.count(ROWS) <= 8


def test_columns_that_are_found_are_not_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    x = np.random.default_rng(0).standard_normal(ROWS)
    rows = np.stack([x, np.sort(x)], axis=1)
    step, _ = full_pass(rows, 0.5)
    following = step.finalize(forest_of(step, rows, 64).node())
    assert isinstance(following, NextPass)
    assert isinstance(following.statistic, BracketPass)
    assert following.statistic.search.searched.tolist() == [[False, True]]
    node = forest_of(following.statistic, rows, 64).node()
    assert not node.counts[:, :, 0].any()
    assert result_of(Quantile(0.5), rows, 64).value.tolist() == [np.sort(x)[ROWS // 2 - 1]] * 2


@pytest.mark.parametrize("chunks", [4096, 7777, 30_000])
def test_estimates_of_a_lazy_array_do_not_depend_on_its_chunks(chunks: int) -> None:
    """70,000 rows are more than are kept at once; they are drawn once for the bracket's rows, and once for all."""
    rows = np.random.default_rng(0).standard_t(3, (70_000, 2))
    rows[:, 1].sort()
    statistics = Quantile((0.01, 0.5)), ValueAtRisk(0.999), ExpectedShortfall(0.99)
    with dask.config.set(scheduler="threads"):
        found = mvn_dask.estimate(da.from_array(rows, chunks=(chunks, 2)), *statistics)
    expected = [result_of(statistic, rows, 2048) for statistic in statistics]
    for one, other in zip(found, expected, strict=True):
        assert one.to_dict()["value"] == other.to_dict()["value"]
        assert one.confidence_interval.high.tolist() == other.confidence_interval.high.tolist()
    np.testing.assert_array_equal(found[1].value, np.quantile(rows, 0.999, axis=0, method="inverted_cdf"))


def test_estimates_of_one_column_leave_missing_numbers_out_and_take_batches() -> None:
    rows = np.random.default_rng(0).standard_normal(70_000)
    rows[::10] = np.nan
    array, present = da.from_array(rows, chunks=9000), rows[~np.isnan(rows)]
    with dask.config.set(scheduler="threads"):
        risk = mvn_dask.estimate(array, ValueAtRisk(0.99), nan="omit")
        batches = mvn_dask.estimate(array[1::10], ValueAtRisk(0.9), batches=7)
        long_batches = mvn_dask.estimate(da.from_array(present, chunks=9000), Quantile(0.9), batches=2)
        with pytest.raises(ArgumentError, match="`log_weights` mean nothing to ValueAtRisk"):
            mvn_dask.estimate(array, ValueAtRisk(0.99), log_weights=array)
    assert risk.value == np.quantile(present, 0.99, method="inverted_cdf")
    assert (risk.count, risk.omitted) == (63_000, 7000)
    assert batches.value == np.quantile(rows[1::10], 0.9, method="inverted_cdf")
    parts = [np.quantile(part, 0.9, method="inverted_cdf") for part in np.split(rows[1::10], 7)]
    assert batches.standard_error == pytest.approx(np.std(parts, ddof=1) / np.sqrt(7))
    halves = [np.quantile(part, 0.9, method="inverted_cdf") for part in np.split(present, 2)]
    assert long_batches.value == np.quantile(present, 0.9, method="inverted_cdf")
    assert long_batches.standard_error == pytest.approx(np.std(halves, ddof=1) / np.sqrt(2))
