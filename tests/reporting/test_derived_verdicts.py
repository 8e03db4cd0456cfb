"""The error rate is kept for any law, and every change that is planted is found and located."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mvn_dask.reporting.derived_verdicts import changes, numbers_verdict, verdicts_on_columns
from mvn_dask.reporting.verdict import Verdict
from tests.reporting.derived_stores import sound, summaries

RATE = 0.3


def verdicts(numbers: npt.NDArray[Any], chunks: Any = 1000, error_rate: float = 0.001) -> dict[str, Verdict]:
    return {each.family: each for each in verdicts_on_columns(summaries(numbers, chunks), error_rate)}


def check(seeds: int, rows: int) -> None:
    found = Counter[str]()
    for seed in range(seeds):
        bad = {name for name, each in verdicts(sound(rows, seed), (rows, 4), RATE).items() if not each.ok}
        found.update([*bad, *(["any"] if bad else [])])
    assert found["any"] <= RATE * seeds + 4 * np.sqrt(RATE * seeds), found
    assert found["numbers"] == found["chunks"] == found["repeated_rows"] == 0


def test_sound_rows_are_seldom_called_faulty() -> None:
    """At a rate of 0.3: at most 4 standard errors more in 25 seeds."""
    check(25, 2500)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [40, 2500, 100_000])
def test_sound_rows_are_seldom_called_faulty_in_500_seeds(rows: int) -> None:
    check(500, rows)


def test_lognormal_losses_are_sound() -> None:
    losses = np.exp(np.random.default_rng(5).standard_normal(100_000))
    found = verdicts(losses, 10_000)
    assert all(each.ok for each in found.values())
    assert [each.grade for each in found.values()] == ["ok"] * 6


def test_heavy_tails_are_sound() -> None:
    numbers = np.random.default_rng(7).standard_t(3, (100_000, 2))
    numbers[:, 1] = np.random.default_rng(8).standard_cauchy(100_000)
    assert all(each.ok for each in verdicts(numbers, (10_000, 2)).values())


CHANGES: dict[str, tuple[Callable[[npt.NDArray[Any]], Any], set[str]]] = {
    "a shift half way": (lambda x: np.where(np.arange(len(x)) < 30_000, x, x + 0.1), {"means_along", "shares_along"}),
    "a wider spread": (lambda x: np.where(np.arange(len(x)) < 30_000, x, 1.1 * x), {"variances_along", "shares_along"}),
    "one segment that is shifted": (lambda x: np.where(np.arange(len(x)) // 512 == 40, x + 0.6, x), {"shares_along"}),
    "a heavier tail": (
        lambda x: np.where((np.arange(len(x)) > 50_000) & (np.arange(len(x)) % 60 == 0), 9.0, x),
        {"shares_along"},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_are_found(name: str) -> None:
    change, families = CHANGES[name]
    found = verdicts(change(np.random.default_rng(1).standard_normal(60_000)), 6000)
    assert {family for family, each in found.items() if not each.ok} >= families


def test_a_change_is_located() -> None:
    losses = np.exp(np.random.default_rng(1).standard_normal((60_000, 2)))
    losses[30_000:, 1] *= 1.15
    found = summaries(losses, (6000, 2))
    verdict = verdicts_on_columns(found)[0]
    assert not verdict.ok
    assert verdict.text.startswith("column 1: mean 1.6")
    row = int(verdict.text.split("up to row ")[1].split(", ")[0].replace(",", ""))
    assert abs(row - 30_000) <= 1024
    assert changes(found.columns[0], 1e-4).tolist() == []
    (segment, *_) = changes(found.columns[1], 1e-4).tolist()
    assert abs(segment * 512 - 30_000) <= 1024


def test_one_odd_segment_is_named() -> None:
    numbers = np.random.default_rng(1).standard_normal(60_000)
    numbers[20_480:20_992] += 1.0
    text = verdicts(numbers, 6000)["shares_along"].text
    assert "of rows 20,480 to 20,991 are above" in text


def test_chunks_that_stand_twice_are_found() -> None:
    losses = np.exp(np.random.default_rng(1).standard_normal(20_000))
    losses[7000:8000] = losses[3000:4000]
    found = verdicts(losses)
    assert found["chunks"].text == "those that repeat others: 1 of 20, such as (3,) and (7,)"
    assert not found["chunks"].ok


REPEATED: dict[str, tuple[Callable[[npt.NDArray[Any]], Any], str]] = {
    "within a chunk": (
        lambda x: np.concatenate([x[:12_300], x[12_200:12_300], x[12_400:]]),
        "100 rows between row 12,200 and row 12,299 come again 100 rows later",
    ),
    "in another chunk": (
        lambda x: np.concatenate([x[:15_077], x[130:160], x[15_107:]]),
        "30 rows between row 130 and row 159 come again 14,947 rows later",
    ),
    "each twice": (
        lambda x: np.repeat(x[:10_000], 2, axis=0),
        "10,000 rows between row 0 and row 19,998 come again 1 row later",
    ),
}


@pytest.mark.parametrize("name", REPEATED)
def test_rows_that_come_again_are_found(name: str) -> None:
    change, text = REPEATED[name]
    found = verdicts(change(np.exp(np.random.default_rng(1).standard_normal((20_000, 2)))), (1000, 2))
    assert not found["repeated_rows"].ok
    assert found["repeated_rows"].text == text


def test_rows_of_few_values_come_again_without_a_fault() -> None:
    rng = np.random.default_rng(1)
    few = np.column_stack([rng.poisson(2.0, 20_000), np.maximum(rng.standard_normal(20_000) - 1.0, 0.0).round(1)])
    found = verdicts(few, (1000, 2))["repeated_rows"]
    assert found.ok
    assert "different rows" in found.text
    assert found.text.endswith(" come more than once, in no order")


def test_rows_that_come_again_in_some_columns_of_a_chunk_are_found() -> None:
    numbers = np.random.default_rng(1).standard_normal((20_000, 4))
    numbers[7000:7100, 2:] = numbers[500:600, 2:]
    found = verdicts(numbers, (1000, 2))["repeated_rows"]
    assert not found.ok
    assert found.text.startswith(
        "column 2 and those in its chunks: 100 rows between row 500 and row 599 come again 6,500"
    )


def test_constant_columns_are_a_warning() -> None:
    numbers = np.random.default_rng(1).standard_normal((20_000, 3))
    numbers[:, 1] = 5.0
    numbers[7:, 2] = np.nan
    numbers[:7, 2] = 0.25
    found = verdicts(numbers, (1000, 3))["numbers"]
    assert (found.grade, found.variables) == ("warning", (1, 2))
    assert found.text == (
        "column 1: all 20,000 numbers are 5; column 2: 19,993 missing (NaN) of 20,000 numbers; all others are 0.25"
    )


def test_missing_numbers_are_a_warning_and_located() -> None:
    numbers = np.random.default_rng(1).standard_normal((20_000, 2))
    numbers[9000:9100, 1] = np.nan
    numbers[3, 0] = -np.inf
    found = verdicts(numbers, (1000, 2))
    assert found["numbers"].grade == "warning"
    assert found["numbers"].text == (
        "column 0: 1 infinite of 20,000 numbers; column 1: 100 missing (NaN) of 20,000 numbers"
    )
    assert "are missing (NaN)" in found["shares_along"].text
    assert not found["shares_along"].ok


def test_missing_numbers_anywhere_are_no_change() -> None:
    rng = np.random.default_rng(1)
    numbers = np.where(rng.random(20_000) < 0.1, np.nan, rng.standard_normal(20_000))
    found = verdicts(numbers)
    assert all(each.ok for each in found.values())
    assert found["numbers"].grade == "warning"


def test_nothing_but_missing_numbers_is_a_fault() -> None:
    numbers = np.full((100, 5), np.nan)
    numbers[:, 0] = np.arange(100.0)
    verdict = numbers_verdict(summaries(numbers, (10, 5)))
    assert not verdict.ok
    assert verdict.text.startswith("column 1: 100 missing (NaN) of 100 numbers; ")
    assert verdict.text.endswith("; and 1 column more")


@pytest.mark.parametrize("numbers", [np.empty(0), np.ones(1), np.full(3000, 7.0)], ids=["none", "one", "constant"])
def test_nothing_to_test(numbers: npt.NDArray[Any]) -> None:
    found = verdicts(numbers, 100)
    assert [found[family].grade for family in ("means_along", "variances_along", "shares_along")] == ["not tested"] * 3
    assert all(each.ok for each in found.values())


def test_sorted_rows_are_a_change() -> None:
    found = verdicts(np.arange(10_000.0))
    assert not found["means_along"].ok
