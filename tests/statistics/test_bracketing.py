import numpy as np
import pytest

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.bracketing import Bracketed, Kept, bracketed, joined
from mvn_dask.statistics.tail_moments import tail_of
from tests.statistics.ranks import without_numba

LOW, HIGH = np.array([[-0.5, 0.0, -np.inf], [1.0, 0.5, 0.25]]), np.array([[0.5, 0.0, np.inf], [1.0, 2.0, 0.75]])
SEARCHED = np.array([[True, True, True], [True, True, False]])


def column_of_everything(n: int) -> Float64Array:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n, 3)).round(1)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    rows[rng.random(rows.shape) < 0.1] = -0.0
    rows[rng.random(rows.shape) < 0.05] = np.inf
    return rows


def check(found: Bracketed, rows: Float64Array, level: int, c: int) -> None:
    values, low, high = rows[:, c], LOW[level, c], HIGH[level, c]
    within = values[(values > low) & (values < high)]
    places = values < low, values == low, (values > low) & (values < high), values == high, values > high
    expected = [*(np.count_nonzero(each) for each in places), np.count_nonzero(np.isnan(values))]
    assert found.counts[:, level, c].tolist() == expected
    end = np.cumsum(found.kept.lengths)[3 * level + c]
    np.testing.assert_array_equal(found.kept.values[end - len(within) : end], within)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("leaf_rows", [1, 64, 100, 1000])
def test_counts_and_what_is_kept(monkeypatch: pytest.MonkeyPatch, compiled: bool, leaf_rows: int) -> None:
    if not compiled:
        without_numba(monkeypatch)
    rows = column_of_everything(8 * leaf_rows)
    found = bracketed(rows, leaf_rows, LOW, HIGH, SEARCHED, summed=True)
    for level, c in np.argwhere(SEARCHED):
        check(found, rows, level, c)
        values = rows[:, c]
        above = values[values > HIGH[level, c]]
        assert found.tail[level, 0, c] == len(above)
        assert found.tail[level, 1, c] == pytest.approx(above.sum())
    assert not found.counts[:, 1, 2].any()
    assert not bracketed(rows, leaf_rows, LOW, HIGH, SEARCHED, summed=False).tail.any()


@pytest.mark.parametrize("columns", [1, 3])
def test_compiled_and_numpy_give_the_same_bits(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    rows = np.random.default_rng(0).standard_t(2, (2**13, columns))
    low, high, searched = LOW[:, :columns], HIGH[:, :columns], SEARCHED[:, :columns]
    arguments = rows, 2**10, np.ascontiguousarray(low), np.ascontiguousarray(high), np.ascontiguousarray(searched)
    compiled = bracketed(*arguments, summed=True)
    without_numba(monkeypatch)
    numpy = bracketed(*arguments, summed=True)
    for one, other in zip((*compiled.kept, *compiled[::2]), (*numpy.kept, *numpy[::2]), strict=True):
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


def test_rows_in_any_memory() -> None:
    rows = np.random.default_rng(0).standard_normal((3, 128)).T
    assert not rows.flags.c_contiguous
    found = bracketed(rows, 32, LOW, HIGH, SEARCHED, summed=True)
    check(found, rows, 0, 0)
    narrow = bracketed(rows.astype(np.float32), 32, LOW, HIGH, SEARCHED, summed=True)
    check(narrow, rows.astype(np.float32).astype(np.float64), 1, 1)


def test_tail_is_that_of_the_leaf() -> None:
    rows = np.random.default_rng(0).standard_normal((100, 1))
    found = bracketed(rows, 100, np.array([[0.0]]), np.array([[0.5]]), np.array([[True]]), summed=True)
    np.testing.assert_array_equal(found.tail[0, :, 0], tail_of(rows[rows[:, 0] > 0.5, 0]))


def test_join_of_what_was_kept() -> None:
    one, other = Kept(np.array([1.0, 2, 3]), np.array([[2, 1]])), Kept(np.array([4.0, 5]), np.array([[1, 1]]))
    whole = joined([one, other], np.array([[3, 3]]))
    assert whole.values.tolist() == [1, 2, 4, 3, 5]
    assert whole.lengths.tolist() == [[3, 2]]
    dropped = joined([one, other], np.array([[2, 3]]))
    assert dropped.values.tolist() == [3, 5]
    assert dropped.lengths.tolist() == [[0, 2]]
    assert not joined([one], np.array([[0, 0]])).values.size
