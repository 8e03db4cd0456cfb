import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import mvn_dask
from mvn_dask.errors import AlignmentError, ArgumentError, ArgumentTypeError, SpecMismatchError
from mvn_dask.store.format.described_fields import MAX_LABELS
from tests.support.stores import tree_without_locks

FRAME = pd.DataFrame([[2.0, 1.0], [1.0, 2.0]], index=["oil", "gas"], columns=["oil", "gas"])
NAMED = mvn_dask.MultivariateNormal([0.0, 1.0], FRAME).sample(100, seed=1, chunks=40)
PLAIN = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample((10, 20), seed=1)


def test_what_is_known_of_a_sample_is_taken_on() -> None:
    labelled = mvn_dask.to_xarray(NAMED)
    assert labelled.dims == ("sample", "variable")
    assert list(labelled["variable"].values) == ["oil", "gas"]
    assert labelled.chunks == NAMED.chunks, "lazy"
    assert labelled.attrs["mean"] == [0.0, 1.0]
    np.testing.assert_array_equal(labelled.sel(variable="gas"), NAMED[:, 1])


def test_a_store_gives_the_same_as_xarray_itself_and_as_the_array(tmp_path: Path) -> None:
    mvn_dask.to_zarr(NAMED, tmp_path)
    ours = mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path))
    xr.testing.assert_identical(ours, mvn_dask.to_xarray(NAMED))
    with xr.open_zarr(tmp_path) as dataset:
        theirs = dataset["samples"]
        assert theirs.attrs == ours.attrs
        assert theirs.dims == ours.dims
        assert list(theirs["variable"].values) == list(ours["variable"].values)
        np.testing.assert_array_equal(theirs, ours)


@pytest.mark.parametrize(
    ("array", "options", "dims", "names"),
    [
        (PLAIN, {}, ("sample_0", "sample_1", "variable"), None),
        (PLAIN, {"dim": ("path", "time")}, ("path", "time", "variable"), None),
        (PLAIN, {"dim": ("path", "time", "asset"), "names": ["a", "b"]}, ("path", "time", "asset"), ["a", "b"]),
        (NAMED, {"dim": "draw"}, ("draw", "variable"), ["oil", "gas"]),
        (NAMED, {"names": ("x", "y")}, ("sample", "variable"), ["x", "y"]),
        (NAMED.sum(axis=1), {}, ("dim_0",), None),
        (NAMED.sum(axis=1), {"dim": "draw"}, ("draw",), None),
        (NAMED + 1, {"dim": ["draw", "asset"], "names": ["x", "y"]}, ("draw", "asset"), ["x", "y"]),
        (NAMED.sum(), {}, (), None),
    ],
)
def test_names_of_every_kind(array: Any, options: Any, dims: tuple[str, ...], names: list[str] | None) -> None:
    labelled = mvn_dask.to_xarray(array, **options)
    assert labelled.dims == dims
    assert ([*labelled.coords[dims[-1]].values] if labelled.coords else None) == names
    assert "provenance" in labelled.attrs


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"names": ["a"]}, ArgumentError, "1 name, an array of shape"),
        ({"names": "ab"}, ArgumentTypeError, "a sequence of text"),
        ({"names": [1, 2]}, ArgumentTypeError, "a sequence of text"),
        ({"names": {"a", "b"}}, ArgumentTypeError, "which has no order: give a list"),
        ({"names": ["a", "a"]}, ArgumentError, "must differ: variables 0 and 1 are both 'a'"),
        ({"names": ["a", ""]}, ArgumentError, "must not be empty: that of variable 1 is"),
        ({"dim": ("a", "b", "c")}, ArgumentError, "must name the 2 dimensions"),
        ({"dim": ("a", "a")}, ArgumentError, "must name the 2 dimensions"),
        ({"dim": "variable"}, ArgumentError, "must name the 2 dimensions"),
        ({"dim": (1, 2)}, ArgumentTypeError, "`dim` must be a sequence of text, and 1 is none"),
        ({"dim": 5}, ArgumentTypeError, "`dim` must be a sequence of text, not 5"),
        ({"dim": {"a", "b"}}, ArgumentTypeError, "which has no order: give a list"),
        ({"names": 5}, ArgumentTypeError, "`names` must be a sequence of text, not 5"),
    ],
)
def test_names_that_do_not_fit(options: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        mvn_dask.to_xarray(NAMED, **options)
    with pytest.raises(ArgumentTypeError, match="must be a dask array"):
        mvn_dask.to_xarray(np.ones((2, 2)))  # type: ignore[arg-type]


def plain(array: da.Array, dims: tuple[Any, ...], **coords: Any) -> xr.DataArray:
    return xr.DataArray(array, dims=dims, coords=coords)


LABELLED: dict[str, tuple[xr.DataArray, tuple[str, ...], tuple[str, ...] | None]] = {
    "a sample": (mvn_dask.to_xarray(NAMED), ("sample", "variable"), ("oil", "gas")),
    "other names": (mvn_dask.to_xarray(NAMED, names=["x", "y"], dim="draw"), ("draw", "variable"), ("x", "y")),
    "no names": (plain(NAMED, ("draw", "asset")), ("draw", "asset"), None),
    "more axes": (mvn_dask.to_xarray(PLAIN, dim=("path", "time")), ("path", "time", "variable"), None),
    "derived": (mvn_dask.to_xarray(NAMED, dim="draw") + 1, ("draw", "variable"), ("oil", "gas")),
    "of fewer axes": (mvn_dask.to_xarray(NAMED, dim="draw").sum("variable"), ("draw",), None),
}


@pytest.mark.parametrize("name", LABELLED)
def test_an_array_of_xarray_is_stored_with_its_labels(name: str, tmp_path: Path) -> None:
    array, dims, names = LABELLED[name]
    mvn_dask.to_zarr(array, tmp_path, shards=None)
    mvn_dask.to_zarr(array, tmp_path)
    found = mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path))
    assert found.dims == dims
    assert ("variable" in found.coords) == (names is not None)
    assert names is None or tuple(found["variable"].values) == names
    np.testing.assert_array_equal(found, array)
    with xr.open_zarr(tmp_path) as dataset:
        xr.testing.assert_equal(dataset["samples"].load(), array.load())


def test_a_sample_with_labels_keeps_its_lineage(tmp_path: Path) -> None:
    array = mvn_dask.to_xarray(NAMED, names=["x", "y"], dim="draw")
    mvn_dask.to_zarr(array, tmp_path / "a")
    chunk = tmp_path / "a" / "samples" / "c" / "1" / "0"
    before = chunk.read_bytes()
    for repaired_with in (None, array):
        os.truncate(chunk, 5)
        assert mvn_dask.repair(tmp_path / "a", array=repaired_with).chunks == ((1, 0),)
        assert chunk.read_bytes() == before
    mvn_dask.to_zarr(mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path / "a")), tmp_path / "b")
    assert tree_without_locks(tmp_path / "b") == tree_without_locks(tmp_path / "a")
    mvn_dask.extend(tmp_path / "a", 50)
    assert mvn_dask.verify(tmp_path / "a", level="values", full=True).ok
    assert mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path / "a")).dims == ("draw", "variable")
    renamed = mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path / "b"), names=["p", "q"])
    mvn_dask.to_zarr(renamed, tmp_path / "c")
    assert mvn_dask.verify(tmp_path / "c", level="values", full=True).ok
    with pytest.raises(
        SpecMismatchError, match=r"`array.coordinates.variable.labels` is \['p', 'q'\] in the store, \['x', 'y'\] here"
    ):
        mvn_dask.to_zarr(array, tmp_path / "c")


ROW_NUMBERS = np.arange(100)
BY_DATES = pd.MultiIndex.from_arrays([[date(2026, 1, 1), date(2026, 1, 2)], ["a", "b"]], names=["t", "k"])
NAMED_BY_DATES = plain(NAMED, ("draw", "asset")).assign_coords(xr.Coordinates.from_pandas_multiindex(BY_DATES, "asset"))
REFUSED: dict[str, tuple[Any, str]] = {
    "objects as labels": (
        plain(NAMED, ("draw", "asset"), asset=[date(2026, 1, 1), date(2026, 1, 2)]),
        r"'asset' .* must hold texts, truth values, numbers or times, and .* is of the type date: array.assign_coords",
    ),
    "missing text": (
        plain(NAMED, ("draw", "asset"), sector=("asset", np.array(["a", None], dtype=object))),
        r"'sector' of `array` must hold texts, .* (None|nan) is of the type .* array.drop_vars\('sector'\)",
    ),
    "categories": (
        plain(NAMED, ("draw", "asset"), sector=("asset", pd.Categorical(["a", "b"]))),
        r"'sector' of `array` is of the type category, .*array\['sector'\].astype\(str\)",
    ),
    "objects as labels of an index": (
        NAMED_BY_DATES,
        r"array = array.reset_index\('asset'\) makes a coordinate of each level, then array.assign_coords\(t=",
    ),
    "complex labels": (
        plain(NAMED, ("draw", "asset"), phase=("asset", [1j, 2j])),
        r"'phase' of `array` is of the type complex128.*array.drop_vars\('phase'\)",
    ),
    "half a character": (plain(NAMED, ("draw", "asset"), x="\ud800"), "'x' of `array` must be text that UTF-8"),
    "many labels": (
        plain(da.zeros((MAX_LABELS, 2), chunks=(1000, 2)), ("draw", "asset"), draw=np.arange(MAX_LABELS), x=1),
        r"have 2097153 labels, 2097152 of them in 'draw', .*array.drop_vars\('draw'\)",
    ),
    "a coordinate that is no word": (
        plain(NAMED, ("draw", "asset"), **{"height above": 2.0}),
        r"the coordinate 'height above', and coordinates of a store .*: array.rename\(\{'height above': …\}\)",
    ),
    "coordinates that differ by case": (plain(NAMED, ("draw", "asset"), x=1, X=2), "differ, and not by the case"),
    "a coordinate of no name": (plain(NAMED, ("draw", "asset")).assign_coords({5: 1}), "one of `array` is named 5"),
    "the name of a coordinate": (plain(NAMED, ("draw", "asset"), x=1).rename("X"), "'X' and the coordinate 'x'"),
    "the name of a dimension": (plain(NAMED, ("draw", "asset")).rename("draw"), "'draw', and a dimension of that"),
    "a name that is no word": (mvn_dask.to_xarray(NAMED).rename("a b"), r"the name 'a b', and the array .*rename\("),
    "the mean's name": (mvn_dask.to_xarray(NAMED).rename("mean"), "the name 'mean'"),
    "a name that is no text": (mvn_dask.to_xarray(NAMED).rename(5), "its name is 5"),
    "an attribute of a time": (
        mvn_dask.to_xarray(NAMED).assign_attrs(made=datetime(2026, 1, 1)),  # noqa: DTZ001 as users have it
        r"'made' of `array` must be text, a number, .* datetime.datetime\(2026, .*attrs\['made'\] = str\(",
    ),
    "an attribute of a coordinate": (
        plain(NAMED, ("draw", "asset"), x=((), 1, {"limits": {1, 2}})),
        r"'limits' of the coordinate 'x' of `array` must be text",
    ),
    "an attribute that is an instruction": (
        mvn_dask.to_xarray(NAMED).assign_attrs(scale_factor=2.0),
        "'scale_factor' of `array`, 2.0, is one by which readers change the numbers",
    ),
    "an attribute that xarray writes": (
        plain(NAMED, ("draw", "asset"), t=((), np.datetime64("2026-01-01", "ns"), {"units": "days"})),
        "'units' of the coordinate 't' of `array`, 'days', is one by which readers",
    ),
    "numpy's array": (mvn_dask.to_xarray(NAMED).load(), r"holds a ndarray; array.chunk\(\) makes it one"),
    "a dataset": (mvn_dask.to_xarray(NAMED).to_dataset(), r"not a Dataset: name one of \['samples'\]"),
    "a dimension that is no word": (
        plain(NAMED, ("draw 1", "asset")),
        r"`array` has the dimension 'draw 1', .*: array.rename\(\{'draw 1': …\}\) names it otherwise",
    ),
    "a dimension of the array's name": (
        plain(NAMED, ("samples", "asset")),
        r"dimension 'samples'.*not 'samples' or 'mean'",
    ),
    "a dimension that is no text": (plain(NAMED, (7, "asset")), r"the dimension 7, .*: array.rename\(\{7: …\}\)"),
    "a long dimension": (plain(NAMED, ("draw", "a" * 65)), r"the dimension 'a{65}', .* at most 64 letters"),
    "blocks that differ": (mvn_dask.to_xarray(NAMED)[10:], r"Use array.chunk\(\{'sample': 40, 'variable': 2\}\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_store_keeps_is_refused(name: str, tmp_path: Path) -> None:
    array, text = REFUSED[name]
    with pytest.raises((ArgumentError, ArgumentTypeError, AlignmentError), match=text):
        mvn_dask.to_zarr(array, tmp_path / "store")
    assert not list(tmp_path.iterdir())


def test_ways_out_of_refusals_work(tmp_path: Path) -> None:
    for number, array in enumerate(
        (
            mvn_dask.to_xarray(NAMED).assign_coords(sample=ROW_NUMBERS),
            mvn_dask.to_xarray(NAMED).isel(variable=0),
            plain(NAMED, ("draw", "asset"), x=("asset", pd.Categorical(["a", "b"]))).pipe(
                lambda array: array.assign_coords(x=array["x"].astype(str))
            ),
            mvn_dask.to_xarray(mvn_dask.to_xarray(NAMED).rename("a b").data).rename("b"),
            mvn_dask.to_xarray(NAMED).assign_attrs(made=str(datetime(2026, 1, 1))),  # noqa: DTZ001 as users have it
            plain(NAMED, ("draw", "asset"), asset=[3, 4]).assign_coords(asset=["p", "q"]),
            mvn_dask.to_xarray(NAMED).load().chunk(),
            plain(NAMED, ("draw 1", "asset")).rename({"draw 1": "draw_1"}),
            mvn_dask.to_xarray(NAMED)[10:].chunk({"sample": 40, "variable": 2}),
        )
    ):
        mvn_dask.to_zarr(array, tmp_path / str(number))
        np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / str(number)), array)


def test_the_way_out_of_an_index_of_other_labels_works(tmp_path: Path) -> None:
    array = NAMED_BY_DATES.reset_index("asset")
    mvn_dask.to_zarr(array.assign_coords(t=array["t"].astype(str)), tmp_path)
    with xr.open_zarr(tmp_path) as found:
        assert found["t"].values.tolist() == ["2026-01-01", "2026-01-02"]


def test_axes_of_one_name(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate dimension names"):
        mvn_dask.to_zarr(xr.DataArray(da.ones((3, 3)), dims=("v", "v")), tmp_path)
    with pytest.warns(UserWarning, match="Duplicate dimension names"):
        assert mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path)).dims == ("v", "v")
    with pytest.raises(ArgumentError, match="`dim` must name the 2 dimensions"):
        mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path), dim=["w", "w"])
