"""Which columns are looked at, which chunks hold them, and what they are called."""

from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.column_selection import MOST_DESCRIBED, ColumnSelection
from mvn_dask.reporting.scan import chunk_range
from mvn_dask.store.format.layout import chunk_count
from tests.reporting.derived_stores import opened, stored

SHAPES: list[tuple[tuple[int, ...], Any]] = [
    ((50,), 20),
    ((50, 3), (20, 3)),
    ((50, 40), (20, 7)),
    ((50, 6, 5), (20, 4, 3)),
    ((0, 3), (1, 2)),
    ((), -1),
]


def selection(shape: tuple[int, ...], chunks: Any) -> ColumnSelection:
    return ColumnSelection(opened(stored(da.zeros(shape, chunks=chunks))).manifest)


@pytest.mark.parametrize(("shape", "chunks"), SHAPES, ids=str)
def test_rows_lie_along_the_first_axis(shape: tuple[int, ...], chunks: Any) -> None:
    found = selection(shape, chunks)
    assert (found.rows, found.ncolumns) == (shape[0] if shape else 1, int(np.prod(shape[1:])))
    assert len(found.columns) == min(found.ncolumns, MOST_DESCRIBED)
    assert bool(found.left_out()) == (found.ncolumns > MOST_DESCRIBED)


@pytest.mark.parametrize(("shape", "chunks"), SHAPES, ids=str)
def test_chunks_of_first_rows_and_parts(shape: tuple[int, ...], chunks: Any) -> None:
    found = selection(shape, chunks)
    for rows in {0, min(1, found.rows), min(30, found.rows), found.rows}:
        for parts in ({int(found.parts[0])}, set(found.parts.tolist())):
            ranges = [chunk_range(found.manifest, n, found.row_axes) for n in range(chunk_count(found.manifest))]
            expected = [each.number for each in ranges if each.low in parts and each.first < rows]
            assert found.chunks_of(parts, rows).tolist() == expected


def test_names() -> None:
    normal = mvn_dask.MultivariateNormal([0.0, 0.0], 1.0, names=["oil", "gas"])
    mvn_dask.to_zarr(mvn_dask.to_xarray(normal.sample(10, seed=1)) * 2, "memory://names-of-columns")
    assert ColumnSelection(opened("memory://names-of-columns").manifest).name(1) == "gas"
    assert selection((50,), 20).name(0) == "the numbers"
    assert selection((50, 3), (20, 3)).name(2) == "column 2"
    assert selection((50, 6, 5), (20, 6, 5)).name(7) == "dim_1=1, dim_2=2"
