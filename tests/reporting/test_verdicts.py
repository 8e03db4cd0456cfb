"""The error rate is kept, and every fault that is planted is found."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.verdicts import FAMILIES, verdicts_on
from tests.reporting.samples import COV, MEAN, Block, estimate, sample

RATE = 0.3
CASES: list[tuple[int, int, str, str]] = [
    (1, 1, "float64", "svd"),
    (3, 5, "float32", "svd"),
    (5, 200, "float64", "cholesky"),
]
MORE = [
    (1, 2, "float64", "svd"),
    (2, 3, "float32", "cholesky"),
    (4, 5000, "float64", "eigh"),
    (30, 500, "float32", "svd"),
    (3, 100_000, "float32", "svd"),
]


def alarms(case: tuple[int, int, str, str], seeds: int) -> Counter[str]:
    """How often each family, and any of them, calls a sound sample faulty."""
    d, n, dtype, method = case
    a = np.random.default_rng(d).standard_normal((d, d))
    if method == "eigh":
        a[:, d // 2 :] = 0
    normal = mvn_dask.MultivariateNormal(10.0 * np.arange(d), a @ a.T, method=method)  # type: ignore[arg-type]
    found: Counter[str] = Counter()
    for seed in range(seeds):
        bad = {
            v.family
            for v in verdicts_on(estimate(normal.sample(n, seed=seed, dtype=dtype, chunks=max(1, n // 3))), RATE)
            if not v.ok
        }
        found.update([*bad, *(["any"] if bad else [])])
    return found


def check(case: tuple[int, int, str, str], seeds: int) -> None:
    found = alarms(case, seeds)
    for family, rate in {"any": RATE, **dict.fromkeys(found - Counter(["any"] * seeds), RATE / len(FAMILIES))}.items():
        assert found[family] <= rate * seeds + 4 * np.sqrt(rate * seeds), (family, found)
    assert found["any"] > 0
    assert found["numbers"] == found["chunks"] == 0


@pytest.mark.parametrize("case", CASES, ids=str)
def test_sound_samples_are_seldom_called_faulty(case: tuple[int, int, str, str]) -> None:
    """At a rate of 0.3, a twentieth for each family: at most 4 standard errors more in 80 seeds."""
    check(case, 80)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES + MORE, ids=str)
def test_sound_samples_are_seldom_called_faulty_in_a_thousand_seeds(case: tuple[int, int, str, str]) -> None:
    check(case, 1000)


def change(rows: slice, what: Callable[[Block], Block]) -> Callable[[Block], Block]:
    def changed(numbers: Block) -> Block:
        numbers[rows] = what(numbers[rows].copy())
        return numbers

    return changed


CHUNK = slice(15_000, 20_000)
FAULTS: dict[str, tuple[Callable[[Block], Any], slice, set[str]]] = {
    "a shifted chunk": (lambda x: x + 0.3 * np.sqrt(np.diag(COV)), CHUNK, {"drift"}),
    "a slight shift": (lambda x: x + 0.04 * np.sqrt(np.diag(COV)), slice(None), {"means"}),
    "a scaled variance": (lambda x: MEAN + 1.06 * (x - MEAN), slice(None), {"variances", "distances"}),
    "a scaled chunk": (lambda x: MEAN + 1.15 * (x - MEAN), CHUNK, {"distances"}),
    "a wrong sign": (lambda x: x * [-1, 1, 1, 1], slice(None), {"covariances", "distances"}),
    "swapped columns": (lambda x: x[:, [1, 0, 2, 3]], CHUNK, {"drift", "distances"}),
    "swapped columns of equal moments": (
        lambda x: MEAN + ((x - MEAN) / np.sqrt(np.diag(COV)))[:, [0, 2, 1, 3]] * np.sqrt(np.diag(COV)),
        slice(None),
        {"covariances"},
    ),
    "heavy tails": (
        lambda x: MEAN + (x - MEAN) * np.sqrt(2.0 / np.random.default_rng(0).chisquare(4, (len(x), 1))),
        CHUNK,
        {"distances", "marginals"},
    ),
    "zeros": (lambda x: 0 * x, slice(15_000, 15_100), {"distances"}),
    "a NaN": (lambda x: x * np.nan, slice(7, 8), {"numbers"}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted_faults_are_found(name: str) -> None:
    what, rows, families = FAULTS[name]
    bad = {verdict.family for verdict in verdicts_on(estimate(sample(), change(rows, what))) if not verdict.ok}
    assert bad >= families
    if rows == slice(None):
        assert "numbers" not in bad


def test_a_chunk_that_stands_twice_is_found() -> None:
    def copy(numbers: Block) -> Block:
        numbers[30_000:35_000] = numbers[10_000:15_000]
        return numbers

    found = {verdict.family: verdict for verdict in verdicts_on(estimate(sample(), copy))}
    assert found["chunks"].text == "those that repeat others: 1 of 8, such as (2, 0) and (6, 0)"
    assert not found["chunks"].ok
    assert found["means"].ok


def test_a_constant_that_is_none_is_found() -> None:
    def stray(numbers: Block) -> Block:
        numbers[77, 0] = 1.5
        return numbers

    x = mvn_dask.MultivariateNormal([1.0, 2.0], [0.0, 4.0]).sample(1000, seed=1, chunks=100)
    assert all(verdict.ok for verdict in verdicts_on(estimate(x)))
    found = {verdict.family: verdict for verdict in verdicts_on(estimate(x, stray))}
    assert found["numbers"].text == "1 number of variables without variance not at the mean"
    assert not found["numbers"].ok


def test_many_equal_chunks_are_counted() -> None:
    x = sample(1000, chunks=10)
    found = {
        verdict.family: verdict for verdict in verdicts_on(estimate(x, lambda numbers: np.tile(numbers[:10], (100, 1))))
    }
    assert found["chunks"].text.startswith("those that repeat others: 99 of 100, such as (0, 0) and (99, 0)")
