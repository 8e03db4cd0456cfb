import math
from fractions import Fraction

import numpy as np
import pytest

from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError
from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.expected_shortfall import ExpectedShortfall
from mvn_dask.statistics.level_estimate import LevelEstimate
from mvn_dask.statistics.missing_values import MissingValues
from tests.statistics.contract import check_statistic, digest, passes_of, result_of
from tests.statistics.ranks import ROWS, hard_columns, shrink, without_numba

LEVELS = 0.5, 0.9, 0.99, 0.9995


def oracle(values: Float64Array, level: float) -> float:
    """Acerbi and Tasche's fractional tail, rounded twice."""
    n, ordered = len(values), np.sort(values).tolist()
    if not np.isfinite(ordered).all():
        return _infinite(ordered, level)
    size = n * (1 - Fraction(level))
    whole = int(size)
    total = Fraction(math.fsum(ordered[n - whole :]))
    return float((total + (size - whole) * Fraction(ordered[n - whole - 1])) / size)


def _infinite(ordered: list[float], level: float) -> float:
    tail = ordered[int(len(ordered) * level) :]
    return tail[-1] if np.isinf(tail[-1]) else -np.inf if np.isinf(tail[0]) else float(np.mean(tail))


def test_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch, sigmas=0.5, KEPT_ROWS=40, PILOT_ROWS=32, ROOM=3)

    def check(result: LevelEstimate, rows: Rows) -> None:
        expected = [[oracle(column, level) for column in rows.T] for level in (0.5, 0.9)]
        np.testing.assert_allclose(result.value, expected, rtol=1e-12)

    rows = np.random.default_rng(0).standard_normal((130, 2))
    rows[:, 1].sort()
    check_statistic(ExpectedShortfall([0.5, 0.9]), rows, check)


def test_exact_for_any_order_and_ties_in_two_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    columns = hard_columns()
    rows = np.stack(list(columns.values()), axis=1)
    result, looked_at = passes_of(ExpectedShortfall(LEVELS), rows, 64)
    assert looked_at.count(ROWS) <= 2
    for place, (name, column) in enumerate(columns.items()):
        expected = [oracle(column, level) for level in LEVELS]
        np.testing.assert_allclose(result.value[:, place], expected, rtol=1e-12, atol=1e-13, err_msg=name)
        one, looked_at = passes_of(ExpectedShortfall(0.99), column[:, None], 64)
        np.testing.assert_allclose(one.value, expected[2], rtol=1e-12, err_msg=name)
        assert looked_at.count(ROWS) <= 2, name
    assert not result.standard_error[:, list(columns).index("constant")].any()


def test_any_number_of_rows_and_part_of_a_value() -> None:
    rng = np.random.default_rng(0)
    for n in (*range(1, 30), 99, 100, 101):
        rows = rng.integers(0, 6, (n, 1)).astype(np.float64)
        for level in (0.1 * 3, 0.5, 0.9, 0.99):
            value = result_of(ExpectedShortfall(level), rows, 8).value[0]
            assert value == pytest.approx(oracle(rows[:, 0], level), rel=1e-12, abs=1e-14), (n, level)


@pytest.mark.parametrize("order", ["independent", "sorted"])
def test_bits_with_and_without_numba(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    shrink(monkeypatch)
    rows = np.random.default_rng(0).standard_t(3, (ROWS, 3))
    if order == "sorted":
        rows = np.sort(rows, axis=0)
    compiled = [digest(result_of(ExpectedShortfall(LEVELS), rows, leaf_rows)) for leaf_rows in (128, 1000)]
    without_numba(monkeypatch)
    assert [digest(result_of(ExpectedShortfall(LEVELS), rows, leaf_rows)) for leaf_rows in (128, 1000)] == compiled


def test_standard_error_is_manistre_and_hancocks(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    for rows in (np.random.default_rng(0).standard_normal((ROWS, 1)), np.arange(float(ROWS))[:, None]):
        result = result_of(ExpectedShortfall(0.9), rows, 64).squeezed()
        tail, at_risk = np.sort(rows[:, 0])[-2000:], np.sort(rows[:, 0])[-2001]
        variance = (np.var(tail, ddof=1) + 0.9 * (tail.mean() - at_risk) ** 2) / 2000
        assert result.standard_error == pytest.approx(np.sqrt(variance), rel=1e-9)
        assert result.warning is None


def test_few_values_in_the_tail_are_said() -> None:
    rows = np.random.default_rng(0).standard_normal((4000, 1))
    assert "400 values in the tail, below 500" in result_of(ExpectedShortfall(0.9), rows, 64).warning
    one = result_of(ExpectedShortfall(0.99), rows[:10], 64).squeezed()
    assert one.value == rows[:10].max()
    assert np.isnan(one.standard_error)


def test_missing_numbers_are_left_out_column_by_column(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((ROWS, 2))
    rows[rng.random(rows.shape) < [0.2, 1.0]] = np.nan
    for array in (rows, np.sort(rows, axis=0)):
        result = result_of(MissingValues((ExpectedShortfall(0.9),), omit=True), array, 64).inner[0]
        present = rows[~np.isnan(rows[:, 0]), 0]
        np.testing.assert_allclose(result.value, [oracle(present, 0.9), np.nan], rtol=1e-12)


def test_no_rows_have_no_shortfall() -> None:
    result = result_of(ExpectedShortfall(0.9), np.empty((0, 2)), 7)
    assert np.isnan(result.value).all()
    assert np.isnan(result.confidence_interval.low).all()


def test_levels_outside() -> None:
    with pytest.raises(ArgumentError, match=r"`level` must be greater than 0 and less than 1: it is 1\.0"):
        ExpectedShortfall(1.0)
