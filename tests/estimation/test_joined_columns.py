from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import pytest

import mvn_dask
from mvn_dask.errors import ArgumentError
from mvn_dask.estimation.joined_columns import joined_blocks, joined_columns
from mvn_dask.estimation.row_source import row_source


def test_columns_of_several_arrays_side_by_side() -> None:
    numbers = np.arange(24.0).reshape(6, 2, 2)
    one, other = da.from_array(numbers, chunks=(4, 2, 2)), da.from_array(np.arange(6), chunks=4)
    joined = joined_columns(row_source(one), [("log_weights", row_source(other)), ("controls", row_source(one[:, 0]))])
    assert joined.chunks == ((4, 2), (7,))
    expected = np.column_stack([numbers.reshape(6, 4), np.arange(6), numbers[:, 0]])
    np.testing.assert_array_equal(joined.compute(), expected)


def test_what_they_share_is_computed_once() -> None:
    calls = []

    def look(block: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        calls.append(1)
        return block

    x = da.map_blocks(look, da.ones((6, 2), chunks=(6, 2)), meta=np.empty((0, 0)))
    joined_columns(row_source(x + 1), [("controls", row_source(x * 2))]).compute()
    assert len(calls) == 1


def test_a_sample_beside_what_is_derived_from_it() -> None:
    x = mvn_dask.MultivariateNormal(np.zeros(30), np.ones(30)).sample(200_000, seed=1, chunks=70_000)
    joined = joined_columns(row_source(x), [("controls", row_source(x[:, 0] * 2))])
    assert joined.chunks == ((70_000, 70_000, 60_000), (31,))
    assert joined_columns(row_source(x), [("controls", row_source(x))]).chunksize[0] == 65_536


def test_other_rows_and_other_chunks() -> None:
    source = row_source(da.zeros(6, chunks=3))
    with pytest.raises(ArgumentError, match="`controls` must have the rows of the array: it has 5 rows"):
        joined_columns(source, [("controls", row_source(da.zeros(5, chunks=3)))])
    with pytest.raises(ArgumentError, match="`controls` must have the chunks of the array"):
        joined_columns(source, [("controls", row_source(da.zeros(6, chunks=2)))])


def test_blocks_beside_one_another_are_no_copies() -> None:
    made: list[Any] = []

    def remember(block: Any) -> Any:
        made.append(block)
        return block

    x = np.arange(24.0).reshape(6, 2, 2)
    one, other = da.from_array(x, chunks=(4, 2, 2)), da.from_array(np.arange(6), chunks=4)
    one = da.map_blocks(remember, one, meta=np.empty((0, 0, 0)))
    joined = joined_blocks([row_source(one), row_source(other)])
    assert joined.chunks == ((4, 2), (5,))
    first, second = (joined.blocks[number].compute(scheduler="sync") for number in range(2))
    assert (first.blocks[0].tolist(), second.blocks[1].tolist()) == (x[:4].tolist(), [4, 5])
    assert first.blocks[0] is made[0]
