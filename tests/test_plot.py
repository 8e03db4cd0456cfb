"""Pictures of rows, of arrays of any kind."""

from pathlib import Path
from typing import Any

import dask.array as da
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr
import zarr

import mvn_dask
from mvn_dask import plot
from mvn_dask.errors import ArgumentError, ArgumentTypeError

pytestmark = pytest.mark.usefixtures("closed_figures")

NORMAL = mvn_dask.MultivariateNormal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]], names=["oil", "gas"])
ROWS = NORMAL.sample(50, seed=1).compute()


def shown(axes: Any) -> tuple[Any, list[str]]:
    (points,) = axes[1, 0].collections
    return points.get_offsets(), [each.get_xlabel() for each in axes[-1]]


def test_arrays_of_any_kind(tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS, columns=["oil", "gas"])
    mvn_dask.to_zarr(NORMAL.sample(50, seed=1, chunks=20), tmp_path / "x.zarr")
    named = [
        NORMAL.sample(50, seed=1),
        mvn_dask.from_zarr(tmp_path / "x.zarr"),
        mvn_dask.to_xarray(NORMAL.sample(50, seed=1)),
        xr.DataArray(ROWS, dims=("row", "variable"), coords={"variable": ["oil", "gas"]}),
        frame,
        pl.DataFrame({"oil": ROWS[:, 0], "gas": ROWS[:, 1]}),
        pa.table({"oil": ROWS[:, 0], "gas": ROWS[:, 1]}),
    ]
    for x in named:
        points, names = shown(plot.pairs(x, rows=30))
        np.testing.assert_allclose(points, ROWS[:30])
        assert names == ["oil", "gas"]
        plt.close("all")
    unnamed = [ROWS, ROWS.tolist(), zarr.array(ROWS), da.from_array(ROWS, chunks=(10, 1)), ROWS.reshape(50, 1, 2)]
    for x in unnamed:
        points, names = shown(plot.pairs(x, rows=30))
        np.testing.assert_allclose(points, ROWS[:30])
        assert names == ["0", "1"]
        plt.close("all")
    assert shown(plot.pairs(ROWS, ["b", "a"], names=["a", "b"]))[1] == ["b", "a"]
    assert plot.pairs(ROWS[:, 0]).shape == (1, 1)


def test_no_other_rows_are_computed() -> None:
    computed: list[int] = []

    def block(block_id: Any) -> Any:
        computed.append(block_id[0])
        return np.full((1000, 2), float(block_id[0]))

    array = da.map_blocks(block, chunks=((1000,) * 100_000, (2,)), dtype=float, meta=np.empty((0, 2)))
    plot.pairs(array, rows=1500)
    assert sorted(computed) == [0, 1]
    large = NORMAL.sample(10**12, seed=1, chunks=10**7)
    np.testing.assert_allclose(shown(plot.pairs(large, rows=50))[0], ROWS)


def test_refusals() -> None:
    with pytest.raises(ArgumentError, match="1 to 10 variables, and these are 11: name some by `variables`"):
        plot.pairs(np.zeros((5, 11)))
    with pytest.raises(ArgumentError, match="`variables` must hold numbers of variables from 0 to 1"):
        plot.pairs(ROWS, [2])
    with pytest.raises(ArgumentError, match=r"must leave a number to show: they leave the shape \(0, 2\)"):
        plot.pairs(ROWS, rows=0)
    with pytest.raises(ArgumentError, match="`names` must name every column: there are 2, and 1 of them"):
        plot.pairs(ROWS, names=["a"])
    for wrong in (1.5, da.ones(())):
        with pytest.raises((ArgumentError, ArgumentTypeError), match="`x` must"):
            plot.pairs(wrong)
    cures: list[tuple[Any, str]] = [
        ("x.zarr", r"not str: mvn_dask.from_zarr\('x.zarr'\) is that of a store"),
        (mvn_dask.MultivariateNormal([0.0], 1.0), r"not MultivariateNormal: x.plot\(\) draws the distribution"),
        (pl.DataFrame({"a": [1.0]}).lazy(), r"not LazyFrame \(polars\): give x.collect\(\)"),
        (zarr.group(), r"not Group \(zarr\): give x\['NAME'\], an array in it"),
        ({"a": [1.0]}, r"not dict: give pandas.DataFrame\(x\)"),
        (ROWS + 1j, "`x` must not be complex: the dtype of `x` is complex128; numpy.real.x. and numpy.imag.x. are its"),
        (da.from_array(ROWS + 1j), "its dtype is complex128; numpy.real.x. and numpy.imag.x. are its parts"),
    ]
    for given, text in cures:
        with pytest.raises(ArgumentTypeError, match=text):
            plot.pairs(given)
    assert dir(plot) == ["pairs"]
