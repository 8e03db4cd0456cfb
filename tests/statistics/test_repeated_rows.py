from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.repeated_rows import RepeatedRows, RowRepeats, hashes_of
from tests.statistics.contract import check_statistic, result_of


def places(rows: Rows) -> dict[bytes, list[int]]:
    found: dict[bytes, list[int]] = {}
    for number, row in enumerate(rows):
        found.setdefault(row.tobytes(), []).append(number)
    return found


def test_contract() -> None:
    def check(result: RowRepeats, rows: Rows) -> None:
        where = list(places(rows).values())
        again = [each for each in where if len(each) > 1]
        assert (result.stride, result.different, result.repeated) == (1, len(where), len(again))
        gaps = [second - first for first, second, *_ in again]
        assert gaps.count(result.distance) == len(result.places) == max(map(gaps.count, gaps), default=0)
        assert result.places.tolist() == [each[0] for each in again if each[1] - each[0] == result.distance]

    numbers = np.random.default_rng(0).integers(0, 6, (100, 2)).astype(np.float64)
    numbers[70:90] = numbers[10:30]
    check_statistic(RepeatedRows(100), numbers, check)


def test_only_some_rows_are_looked_at_and_equal_ones_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RepeatedRows, "KEPT", 1000)
    numbers = np.random.default_rng(0).standard_normal((50_000, 1))
    numbers[30_000:35_000] = numbers[:5000]
    found = result_of(RepeatedRows(50_000), numbers, 4096)
    assert found.stride == 64
    assert abs(found.different - 45_000 / 64) < 4 * 27
    assert abs(found.repeated - 5000 / 64) < 4 * 9
    assert (found.distance, len(found.places), found.p_value < 1e-9) == (30_000, found.repeated, True)
    assert 0 <= found.places[0] < found.places[-1] < 5000


REPEATS: dict[str, tuple[Callable[[npt.NDArray[Any]], npt.NDArray[Any]], int]] = {
    "a block elsewhere": (lambda x: np.concatenate([x[:7000], x[100:130], x[7030:]]), 6900),
    "each row twice": (lambda x: np.repeat(x[:5000], 2, axis=0), 1),
    "ten times the same": (lambda x: np.tile(x[:1000], (10, 1)), 1000),
    "behind it": (lambda x: np.concatenate([x[:5000], x[4900:9900]]), 100),
}


@pytest.mark.parametrize("name", REPEATS)
def test_repeats_are_found(name: str) -> None:
    change, distance = REPEATS[name]
    found = result_of(RepeatedRows(10_000), change(np.random.default_rng(1).standard_normal((10_000, 3))), 2048)
    assert (found.distance, found.p_value < 1e-9) == (distance, True)


LAWS: dict[str, Callable[[np.random.Generator], npt.NDArray[Any]]] = {
    "continuous": lambda rng: rng.standard_normal((2000, 2)),
    "float32": lambda rng: rng.standard_normal((30_000, 1)).astype(np.float32),
    "rounded": lambda rng: rng.standard_normal((3000, 1)).round(2),
    "integers": lambda rng: rng.poisson(2.0, (3000, 2)),
    "few values": lambda rng: rng.integers(0, 2, (3000, 1)),
    "mostly zeros": lambda rng: np.maximum(rng.standard_normal((3000, 2)) - 1.0, 0.0),
    "drawn with replacement": lambda rng: rng.standard_normal((3000, 2))[rng.integers(0, 3000, 3000)],
}


@pytest.mark.parametrize("name", LAWS)
def test_independent_rows_are_seldom_called_repeated(name: str) -> None:
    """The p-value is an upper bound: below 0.2 in at most 20 % of 60 seeds, and 4 standard errors."""
    found = [
        result_of(RepeatedRows(len(rows)), rows.astype(np.float64), 4096).p_value
        for rows in (LAWS[name](np.random.default_rng(seed)) for seed in range(60))
    ]
    assert sum(each < 0.2 for each in found) <= 0.2 * 60 + 4 * np.sqrt(0.2 * 60)
    assert name != "continuous" or found == [1.0] * 60


def test_hashes_differ_and_are_spread() -> None:
    """Of 100,000 numbers that differ in few bits: in each of 64 parts as many as of random ones, by 5 errors."""
    numbers = np.arange(100_000, dtype=np.float32).astype(np.float64).reshape(-1, 1)
    for rows in (numbers, np.hstack([numbers % 317, numbers // 317]), -numbers, np.hstack([numbers, numbers])):
        found = hashes_of(rows)
        assert len(np.unique(found)) == len(found)
        counts = np.bincount((found >> np.uint64(58)).astype(np.int64), minlength=64)
        assert np.abs(counts - 100_000 / 64).max() < 5 * np.sqrt(100_000 / 64)


def test_few_rows() -> None:
    assert result_of(RepeatedRows(0), np.empty((0, 2)), 8)[:4] == (1, 0, 0, 0)
    found = result_of(RepeatedRows(2), np.array([[np.nan, 0.0], [np.nan, -0.0]]), 8)
    assert (found.distance, found.repeated, found.p_value) == (1, 1, 1.0)
