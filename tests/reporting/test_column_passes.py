"""What passes over the chunks of a store find is what `mvn_dask.estimate` finds, bit for bit."""

from typing import Any

import dask
import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.column_passes import ColumnQuestion, answers_to
from mvn_dask.reporting.column_selection import ColumnSelection
from mvn_dask.statistics import ExpectedShortfall, Extremes, Moments, Quantile
from tests.reporting.derived_stores import opened, sound, stored
from tests.statistics.contract import digest

STATISTICS = (Moments(), Quantile((0.5, 0.99)), ExpectedShortfall(0.95), Extremes(3))


def bits(result: Any) -> str:
    return digest(result.described(None, 0).to_dict())


@pytest.mark.parametrize(
    ("chunks", "scheduler"), [((777, 4), "synchronous"), ((2048, 4), "threads"), ((100_000, 4), "threads")], ids=str
)
def test_they_are_those_of_estimate(chunks: Any, scheduler: str) -> None:
    numbers = sound(70_000, 1)
    numbers[5, 0] = np.nan
    url = stored(numbers, chunks)
    at = opened(url)
    selection = ColumnSelection(at.manifest)
    with dask.config.set(scheduler=scheduler):
        found = answers_to(at, selection, [ColumnQuestion(70_000, STATISTICS), ColumnQuestion(4096, STATISTICS)])
    for question, rows in enumerate((70_000, 4096)):
        expected = mvn_dask.estimate(mvn_dask.from_zarr(url)[:rows], *STATISTICS, nan="omit")
        for place, result in enumerate(expected):
            assert bits(found.results[question, place, 0]) == bits(result)
    assert found.missing.tolist() == [1, 0, 0, 0]
    assert found.chunks.values == -(-70_000 // chunks[0])


def test_chunks_that_cut_the_columns() -> None:
    numbers = sound(3000, 2)
    at = opened(stored(numbers, (700, 3)))
    found = answers_to(at, ColumnSelection(at.manifest), [ColumnQuestion(3000, (Extremes(2),))])
    whole = mvn_dask.estimate(mvn_dask.from_zarr(stored(numbers)), Extremes(2))
    joined = np.concatenate([found.results[0, 0, part].largest for part in (0, 3)], axis=1)
    np.testing.assert_array_equal(joined, whole.largest)


def test_sorted_rows_take_one_pass_more() -> None:
    numbers = np.sort(np.random.default_rng(1).standard_normal(200_000))
    at = opened(stored(numbers, 30_000))
    found = answers_to(at, ColumnSelection(at.manifest), [ColumnQuestion(200_000, (Quantile(0.9),))])
    assert found.results[0, 0, 0].value == np.quantile(numbers, 0.9, method="inverted_cdf")


def test_discrete_chunks_that_may_be_equal_by_chance_are_not_compared() -> None:
    """Twelve integers each, of which a million pairs would be equal now and then."""
    counts = np.random.default_rng(1).integers(0, 10, 1200)
    at = opened(stored(counts, 12))
    assert answers_to(at, ColumnSelection(at.manifest), []).chunks.values == 0
    at = opened(stored(counts, 300))
    assert answers_to(at, ColumnSelection(at.manifest), []).chunks.values == 4
