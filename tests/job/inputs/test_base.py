from typing import Any

import numpy as np
import pytest

from mvn_dask.errors import InvalidDistributionError
from mvn_dask.job.inputs.base import Origin, table_input

COV, MEAN = Origin("job.toml", "cov", "a.csv"), Origin("job.toml", "mean", "a.csv")


def test_every_shape() -> None:
    for origin in [COV, MEAN]:
        for count in [1, 2, 3]:
            for width in [1, 2, 3]:
                table: tuple[Any, ...] = (np.ones((count, width)), None, None)
                if count == width and origin is COV:
                    assert table_input(origin, *table).array.shape == (count, count)
                elif 1 in {count, width}:
                    assert table_input(origin, *table).array.shape == (max(count, width),)
                else:
                    with pytest.raises(InvalidDistributionError, match=f"it has {count} rows of {width} numbers"):
                        table_input(origin, *table)


def test_labels_that_count_are_no_names() -> None:
    assert table_input(COV, np.eye(2), ["0", "1"], ["0", "1"]).names is None
    assert table_input(COV, np.eye(2), ["1", "0"], ["1", "0"]).names == ("1", "0")


def test_rows_name_where_columns_do_not() -> None:
    assert table_input(COV, np.eye(2), None, ["a", "b"]).names == ("a", "b")


def test_labels_that_disagree() -> None:
    with pytest.raises(InvalidDistributionError) as caught:
        table_input(COV, np.eye(2), ["b", "a"], ["a", "b"])
    assert str(caught.value) == (
        "job.toml: distribution.cov: a.csv: its rows and its columns must agree: variable 0 is 'a' in one and 'b' in "
        "the other (the same labels in another order)"
    )
    with pytest.raises(InvalidDistributionError, match="its rows and its columns must agree: variable 0 is '0' in one"):
        table_input(COV, np.eye(2), ["1", "0"], ["0", "1"])
