import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import ArgumentError
from mvn_dask.estimation.row_source import PIECE_BYTES, column_numbers, leaf_rows, row_source, sample_in

NORMAL = mvn_dask.MultivariateNormal(np.zeros(30), np.ones(30))


@pytest.mark.parametrize("chunks", [100_000_000, 1_000, "auto"])
def test_a_sample_is_drawn_in_pieces_whatever_its_chunks(chunks: int | str) -> None:
    source = row_source(NORMAL.sample(10**8, seed=1, chunks=chunks))
    rows, columns = source.array.chunksize
    assert columns == 30
    assert PIECE_BYTES / 2 < rows * 30 * 8 <= PIECE_BYTES
    assert rows % leaf_rows(30) == 0


def test_pieces_hold_the_same_rows() -> None:
    x = NORMAL.sample(200_000, seed=1, chunks=33_333)
    np.testing.assert_array_equal(row_source(x).array[100_000:100_100].compute(), x[100_000:100_100].compute())


def test_rows_of_a_sample_of_several_axes() -> None:
    x = NORMAL.sample((50, 40), seed=1, chunks=(7, 40, 30))
    source = row_source(x)
    assert (source.rows, source.columns) == (50, 1200)
    np.testing.assert_array_equal(source.array.compute(), x.compute())


def test_derived_arrays_stay_as_they_are() -> None:
    x = NORMAL.sample(10_000, seed=1, chunks=1_000)
    assert sample_in(x) is not None
    assert sample_in(x + 1) is None
    assert row_source(x + 1).array.chunksize == (1_000, 30)


def test_numbers_of_columns() -> None:
    source = row_source(da.zeros((5, 3), chunks=5))
    assert column_numbers(None, source) == ((0, 1, 2), False)
    assert column_numbers(-1, source) == ((2,), True)
    assert column_numbers(np.int64(1), source) == ((1,), True)
    assert column_numbers((2, 0), source) == ((2, 0), False)
    with pytest.raises(ArgumentError, match="'a' is none: none has a name"):
        column_numbers("a", source)
    assert column_numbers(None, row_source(da.zeros(5, chunks=5))) == ((0,), True)
