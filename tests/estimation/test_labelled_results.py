import dask.array as da
import numpy as np

from mvn_dask.estimation.labelled_results import labelled_result
from mvn_dask.estimation.row_source import RowSource
from mvn_dask.statistics import Mean, MeanAndCovariance

ROWS = np.arange(12.0).reshape(4, 3)
OMITTED = np.array([1, 0, 2, 3])


def test_labels_and_what_was_left_out() -> None:
    source = RowSource(da.from_array(ROWS), ("oil", "gas", "coal"))
    mean = Mean().finalize(Mean().leaf(ROWS, 0))
    found = labelled_result(mean, Mean(), OMITTED, source, (0, 1, 2), single=False)
    assert found.columns == ("oil", "gas", "coal")
    assert found.omitted.tolist() == [1, 0, 2]
    both = MeanAndCovariance().finalize(MeanAndCovariance().leaf(ROWS, 0))
    found = labelled_result(both, MeanAndCovariance(), OMITTED, source, (0, 1, 2), single=False)
    assert found.mean.omitted == found.covariance.omitted == 3


def test_columns_without_names_and_single_ones() -> None:
    source = RowSource(da.from_array(ROWS))
    mean = Mean().finalize(Mean().leaf(ROWS, 0))
    assert labelled_result(mean, Mean(), OMITTED, source, (0, 1, 2), single=False).columns is None
    one = Mean().finalize(Mean().leaf(ROWS[:, 1:2], 0))
    found = labelled_result(one, Mean(), np.array([0, 0]), source, (1,), single=True)
    assert (found.value, found.columns) == (5.5, ("1",))


def test_numbers_of_a_users_statistic_stay_as_they_are() -> None:
    assert labelled_result(0.5, Mean(), OMITTED, RowSource(da.from_array(ROWS)), (0,), single=True) == 0.5
