from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import mvn_dask
from mvn_dask.errors import ArgumentError, ArgumentTypeError

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
        ({"names": "ab"}, ArgumentTypeError, "a sequence of texts"),
        ({"names": [1, 2]}, ArgumentTypeError, "a sequence of texts"),
        ({"dim": ("a", "b", "c")}, ArgumentError, "must name the 2 dimensions"),
        ({"dim": ("a", "a")}, ArgumentError, "must name the 2 dimensions"),
        ({"dim": "variable"}, ArgumentError, "must name the 2 dimensions"),
        ({"dim": (1, 2)}, ArgumentTypeError, "one text or several"),
        ({"dim": 5}, ArgumentTypeError, "`dim` must be texts, not 5"),
        ({"names": 5}, ArgumentTypeError, "`names` must be texts, not 5"),
    ],
)
def test_names_that_do_not_fit(options: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        mvn_dask.to_xarray(NAMED, **options)
    with pytest.raises(ArgumentTypeError, match="must be a dask array"):
        mvn_dask.to_xarray(np.ones((2, 2)))  # type: ignore[arg-type]
