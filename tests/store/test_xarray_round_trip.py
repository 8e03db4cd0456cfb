"""Whatever a DataArray says of itself comes back from a store, to xarray itself and to `to_xarray`."""

import string
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mvn_dask
from mvn_dask.origin_attributes import without_origin

LENGTHS = {"draw": 4, "asset": 3}
MEAN = np.array([0.5, -1.0, 2.0])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
WORDS = st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=6).filter(
    lambda word: word[0] != "_"
)
TIMES = st.integers(-(2**55), 2**55)


def labels(length: int, *, distinct: bool = False) -> st.SearchStrategy[Any]:
    """Labels of every type that a store keeps."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "int16": st.integers(-(2**15), 2**15 - 1),
        "uint64": st.integers(0, 2**64 - 1),
        "float32": st.floats(width=32, allow_nan=not distinct),
        "float64": st.floats(allow_nan=not distinct),
        "object": TEXTS,
        "M8[ns]": TIMES,
        "M8[s]": st.integers(-(2**32), 2**32),
        "M8[ms]": st.integers(-(2**42), 2**42),
        "M8[us]": st.integers(-(2**52), 2**52),
        "m8[ns]": TIMES,
        "m8[us]": TIMES,
        "m8[s]": st.integers(-(2**32), 2**32),
    }
    if not distinct:
        kinds["bool"] = st.booleans()

    def array(dtype: str) -> st.SearchStrategy[Any]:
        lists = st.lists(kinds[dtype], min_size=length, max_size=length, unique=distinct)
        kind = "int64" if "8[" in dtype else dtype
        return lists.map(lambda values: np.array(values, kind).astype(dtype))

    return st.sampled_from(sorted(kinds)).flatmap(array)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=3,
)
NAMES_OF_ATTRIBUTES = WORDS.map("a_{}".format) | st.sampled_from(["units", "long_name", "standard_name", "mean"])
SCALARS = st.one_of(
    st.builds(np.float32, st.floats(width=32, allow_nan=False, allow_infinity=False)),
    st.builds(np.uint8, st.integers(0, 255)),
    st.builds(np.bool_, st.booleans()),
)
ATTRIBUTES = st.dictionaries(NAMES_OF_ATTRIBUTES, JSON | SCALARS | hnp.arrays(np.int64, 3), max_size=3)


@st.composite
def labelled_arrays(draw: st.DrawFn) -> xr.DataArray:
    names = draw(
        st.lists(WORDS.filter(lambda word: word not in {"mean", "samples"}), min_size=9, max_size=9, unique=True)
    )
    rows, columns, name, single, along_rows, along_columns, of_both, *levels = names
    coords: dict[str, Any] = {}

    def put(coordinate: str, dims: tuple[str, ...], values: Any) -> None:
        if draw(st.booleans()):
            attributes = {} if values.dtype.kind in "mM" else draw(ATTRIBUTES)
            coords[coordinate] = (dims, values, attributes)

    put(rows, (rows,), draw(labels(4, distinct=True)))
    put(single, (), draw(labels(1))[0:1].reshape(()))
    put(along_rows, (rows,), draw(labels(4)))
    put(along_columns, (columns,), draw(labels(3)))
    put(of_both, (rows, columns), draw(labels(12)).reshape(4, 3))
    index = draw(st.sampled_from(["none", "labels", "levels"]))
    if index == "labels":
        put(columns, (columns,), draw(labels(3, distinct=True)))
    sample = mvn_dask.MultivariateNormal(MEAN, 1.0).sample(4, seed=draw(st.integers(0, 3)), chunks=2)
    array: da.Array = draw(st.sampled_from([sample, sample * 2.0]))
    found = xr.DataArray(array, dims=(rows, columns), coords=coords, name=name, attrs=draw(ATTRIBUTES))
    if index == "levels":
        values = [draw(labels(3, distinct=True)), draw(labels(3, distinct=True))]
        pairs = pd.MultiIndex.from_arrays(values, names=levels)
        found = found.assign_coords(xr.Coordinates.from_pandas_multiindex(pairs, columns))
    return found


@settings(max_examples=15, deadline=None)
@given(labelled_arrays())
def test_nothing_is_lost_on_the_way_through_a_store(array: xr.DataArray) -> None:
    with TemporaryDirectory() as folder:
        url = Path(folder) / "store"
        mvn_dask.to_zarr(array, url)
        ours = mvn_dask.to_xarray(mvn_dask.from_zarr(url))
        again = ours.assign_attrs()
        again.attrs = {key: each for key, each in without_origin(ours.attrs).items() if key in array.attrs}
        again.attrs |= {"mean": ours.attrs["mean"]} if "mean" in array.attrs else {}
        xr.testing.assert_identical(again.load(), array.copy().load())
        with xr.open_zarr(url) as dataset:
            (name,) = dataset.data_vars
            theirs = dataset[array.name]
            assert (name, theirs.dims) == (array.name, array.dims)
            levels = [*array.indexes[array.dims[1]].names] if array.dims[1] in array.indexes else []
            if len(levels) > 1:
                theirs = theirs.set_index({array.dims[1]: levels})
            theirs.attrs = {key: theirs.attrs[key] for key in array.attrs}
            for level in levels if len(levels) > 1 else []:
                theirs[level].attrs.update(array[level].attrs)
            xr.testing.assert_identical(theirs.load(), array.copy().load())
        assert mvn_dask.verify(url, level="checksum").ok
        mvn_dask.to_zarr(array, url)
        mvn_dask.to_zarr(ours, url)
