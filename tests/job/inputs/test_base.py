from typing import Any

import numpy as np
import pytest

from mvn_dask.errors import InvalidDistributionError
from mvn_dask.job.inputs.base import Origin, name_difference, table_input

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


def test_differences_in_words() -> None:
    assert name_difference(["a"], ["a"]) == ""
    assert name_difference(["a"], ["a", "b"]) == "there are 1 of one and 2 of the other"
    assert name_difference(["a", "b"], ["a", "c"]) == 'variable 2 is "b" in one and "c" in the other'
    assert name_difference(["a", "b", "c"], ["a", "c", "b"]).endswith(" (the same names in another order)")
