import numpy as np
import numpy.typing as npt
import pytest

from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.probability import Probability
from mvn_dask.statistics.results import Estimate
from tests.statistics.contract import check_statistic


def positive(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = np.asarray((rows > 0).reshape(len(rows), -1).all(axis=1))
    return found


@pytest.mark.parametrize("columns", [1, 3])
def test_contract(columns: int) -> None:
    def check(result: Estimate, rows: Rows) -> None:
        assert result.value == positive(rows).mean()
        assert result.count == len(rows)

    check_statistic(Probability(positive), np.random.default_rng(0).standard_normal((117, columns)), check)


def test_rows_of_one_column_come_as_numbers() -> None:
    shapes = []

    def event(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        shapes.append(rows.shape)
        return np.ones(len(rows), np.bool_)

    Probability(event).leaf(np.zeros((5, 1)), 0)
    Probability(event).leaf(np.zeros((5, 2)), 0)
    assert shapes == [(5,), (5, 2)]


def test_events_of_another_shape_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"one bool a row: of rows of shape \(4, 2\) it gives bool of shape \(4, 2"):
        Probability(lambda rows: rows > 0).leaf(np.zeros((4, 2)), 0)
    with pytest.raises(ArgumentError, match="it gives float64"):
        Probability(lambda rows: rows[:, 0]).leaf(np.zeros((4, 2)), 0)
    with pytest.raises(ArgumentTypeError, match="`event` must be a function of rows, not float"):
        Probability(0.5)  # type: ignore[arg-type]


def test_events_cannot_change_the_rows() -> None:
    rows = np.ones((4, 2))
    with pytest.raises(ValueError, match="read-only"):
        Probability(lambda rows: np.negative(rows, out=rows)[:, 0] > 0).leaf(rows, 0)
    rows[:] = 2.0  # ours still
