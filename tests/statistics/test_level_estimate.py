import numpy as np

from mvn_dask.statistics.confidence_interval import ConfidenceInterval
from mvn_dask.statistics.level_estimate import LevelEstimate


def estimate(levels: float | tuple[float, ...], columns: int) -> LevelEstimate:
    shape = (len(levels), columns) if isinstance(levels, tuple) else (columns,)
    value = np.arange(float(np.prod(shape))).reshape(shape)
    interval = ConfidenceInterval(value - 1, value + 1, 0.95)
    return LevelEstimate(value, value / 2, interval, np.full(columns, 9), "method", levels=levels)


def test_labels_of_levels_and_columns() -> None:
    assert [line.label for line in estimate((0.5, 0.999), 2).lines()[0]] == ["0.5, 0", "0.5, 1", "0.999, 0", "0.999, 1"]
    named = estimate((0.5, 0.999), 2).described(("oil", "gas"), np.zeros(2, np.int64))
    assert [line.label for line in named.lines()[0]] == ["0.5, oil", "0.5, gas", "0.999, oil", "0.999, gas"]
    assert [line.label for line in estimate(0.5, 2).lines()[0]] == ["0", "1"]


def test_one_column_leaves_the_levels() -> None:
    several = estimate((0.5, 0.999), 1).squeezed()
    assert np.shape(several.value) == np.shape(several.confidence_interval.low) == (2,)
    assert (several.count, several.omitted) == (9, 0)
    assert [line.label for line in several.lines()[0]] == ["0.5", "0.999"]
    assert several.to_dict()["levels"] == [0.5, 0.999]
    assert estimate((0.5,), 1).squeezed().to_dict()["value"] == [0.0]
    assert estimate(0.5, 1).squeezed().value == 0.0
