import numpy as np
import pytest
from scipy import stats

from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.level_estimate import LevelEstimate
from mvn_dask.statistics.missing_values import MissingValues
from mvn_dask.statistics.quantile import Quantile
from tests.statistics.contract import check_statistic, passes_of, result_of
from tests.statistics.ranks import NEED_TWO, ROWS, hard_columns, shrink

LEVELS = 0.5, 0.01, 0.9, 0.999


def oracle(rows: Float64Array, q: float | tuple[float, ...]) -> Float64Array:
    found: Float64Array = np.nanquantile(rows, q, axis=0, method="inverted_cdf")
    return found


def test_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch, sigmas=0.5, KEPT_ROWS=40, PILOT_ROWS=32, ROOM=3)

    def check(result: LevelEstimate, rows: Rows) -> None:
        np.testing.assert_array_equal(result.value, oracle(rows, (0.5, 0.9)))

    rows = np.random.default_rng(0).standard_normal((130, 2))
    rows[:, 1].sort()
    check_statistic(Quantile([0.5, 0.9]), rows, check)


def test_exact_for_any_order_and_ties_in_two_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    columns = hard_columns()
    rows = np.stack(list(columns.values()), axis=1)
    result, looked_at = passes_of(Quantile(LEVELS), rows, 64)
    np.testing.assert_array_equal(result.value, oracle(rows, LEVELS))
    assert not np.signbit(result.value[:, list(columns).index("both zeros")]).any()
    assert looked_at.count(ROWS) <= 2
    for name, column in columns.items():
        for level in LEVELS:
            one, looked_at = passes_of(Quantile(level), column[:, None], 256)
            assert one.value[0] == oracle(column, level), (name, level)
            assert looked_at.count(ROWS) <= 2, (name, level)
            assert level != 0.5 or name not in NEED_TWO or looked_at.count(ROWS) == 2, name
            # Ends of the interval are values as well.
            assert {one.confidence_interval.low[0], one.confidence_interval.high[0]} <= {*column, -np.inf, np.inf}


def test_rank_is_numpys_whatever_rounds() -> None:
    rng = np.random.default_rng(0)
    levels = (
        0.1 * 3,
        0.3,
        0.7,
        0.1,
        1e-12,
        1 - 1e-12,
        np.nextafter(1.0, 0.0),
        *rng.random(20),
        *(np.arange(1, 30) / 30),
    )
    for n in (*range(1, 40), 90, 100, 1000):
        rows = rng.standard_normal((n, 1))
        np.testing.assert_array_equal(result_of(Quantile(levels), rows, 2048).value, oracle(rows, levels), str(n))


def test_missing_numbers_are_left_out_column_by_column(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((ROWS, 3))
    rows[rng.random(rows.shape) < [0.0, 0.1, 0.95]] = np.nan
    for array in (rows, np.sort(rows, axis=0), np.sort(rows, axis=0)[::-1]):
        counted = result_of(MissingValues((Quantile(LEVELS),), omit=True), array, 64).inner[0]
        np.testing.assert_array_equal(counted.value, oracle(rows, LEVELS))
        result, looked_at = passes_of(Quantile(LEVELS), array, 64)
        np.testing.assert_array_equal(result.value, oracle(rows, LEVELS))
        np.testing.assert_array_equal(result.count, np.count_nonzero(~np.isnan(rows), axis=0))
        assert looked_at.count(ROWS) <= 2
    nothing = result_of(Quantile(0.5), np.full((ROWS, 2), np.nan), 64)
    assert np.isnan(nothing.value).all()
    assert np.isnan(nothing.confidence_interval.low).all()
    np.testing.assert_array_equal(nothing.count, [0, 0])


def test_no_rows_have_no_quantile() -> None:
    result = result_of(Quantile([0.5, 0.5]), np.empty((0, 3)), 7)
    assert result.value.shape == (2, 3)
    assert np.isnan(result.value).all()
    assert np.isnan(result.standard_error).all()


def test_shapes_and_labels() -> None:
    rows = np.arange(200.0).reshape(100, 2)
    one, several = (result_of(Quantile(q), rows, 32) for q in (0.5, [0.5, 0.75]))
    assert one.value.shape == (2,)
    assert several.value.shape == several.standard_error.shape == several.confidence_interval.high.shape == (2, 2)
    np.testing.assert_array_equal(several.value[0], one.value)
    named = several.described(("oil", "gas"), np.array([0, 3]))
    assert [line.label for line in named.lines()[0]] == ["0.5, oil", "0.5, gas", "0.75, oil", "0.75, gas"]
    column = result_of(Quantile(np.array([0.5, 0.75])), rows[:, :1], 32).squeezed()
    np.testing.assert_array_equal(column.value, [98.0, 148.0])
    assert "0.75: 148" in str(column)
    assert result_of(Quantile(0.5), rows[:, :1], 32).squeezed().value == 98.0


def test_interval_holds_the_binomial_ranks() -> None:
    rows = np.arange(1.0, 101.0)[:, None]
    median = result_of(Quantile(0.5), rows, 32).squeezed()
    interval = median.confidence_interval
    # Conover: of 100 values the 40th and the 61st.
    assert (interval.low, median.value, interval.high) == (40.0, 50.0, 61.0)
    assert median.standard_error == pytest.approx(21 / (2 * stats.norm.ppf(0.975)))
    assert median.warning is None
    few = result_of(Quantile(0.99), rows, 32).squeezed()
    assert (few.confidence_interval.high, few.warning is not None) == (np.inf, True)
    assert np.isnan(few.standard_error)


@pytest.mark.parametrize(
    ("q", "said"),
    [
        (0.0, "`q` must be greater than 0 and less than 1: it is 0.0"), (1, "it is 1.0"), ([0.5, 1.5], "it is 1.5"),
        (float("nan"), "it is nan"), ([], "it is empty"), (-0.5, "it is -0.5"), (True, "it is 1.0"),
    ],
)  # fmt: skip
def test_levels_outside(q: object, said: str) -> None:
    with pytest.raises(ArgumentError, match=said.replace("[", r"\[")):
        Quantile(q)  # type: ignore[arg-type]


@pytest.mark.parametrize("q", ["0.5", None, [None], ["a"], 1j, [[0.5]]])
def test_what_is_no_level(q: object) -> None:
    with pytest.raises(ArgumentTypeError, match="`q` must be a real number"):
        Quantile(q)  # type: ignore[arg-type]


def test_repeated_levels_and_any_sequence() -> None:
    assert Quantile(np.float64(0.5)) == Quantile(0.5)
    assert Quantile(np.array([0.5, 0.5])).q == (0.5, 0.5)
    assert repr(Quantile([0.5, 0.9])) == "Quantile(q=(0.5, 0.9), confidence_level=0.95)"
