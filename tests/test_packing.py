import struct
from base64 import b64encode
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from mvn_dask.errors import ArgumentError
from mvn_dask.packing import dates, is_missing, packing_attributes, stored_attributes, unpack

STORED = st.sampled_from(["i1", "u1", "<i2", ">i2", "<u4", "<i8", ">f4", "<f8"])
NUMBERS = st.one_of(st.none(), st.floats(-1e3, 1e3), st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=1))


@given(STORED, st.integers(0, 2**32), NUMBERS, NUMBERS, st.sampled_from([None, "true", "false"]), st.integers(-3, 9))
def test_what_xarray_reads(dtype: str, seed: int, scale: Any, offset: Any, unsigned: str | None, fill: int) -> None:
    """With float64 attributes, in which xarray calculates in float64 as well."""
    numbers = np.random.default_rng(seed).integers(0, 100, 20).astype(dtype)
    given = {"scale_factor": scale, "add_offset": offset, "_Unsigned": unsigned if numbers.dtype.kind in "iu" else None}
    attributes = {key: np.float64(value) if isinstance(value, float) else value for key, value in given.items()}
    attributes = {key: value for key, value in attributes.items() if value is not None}
    if fill >= 0 and unsigned is None:
        attributes["_FillValue"] = numbers.dtype.type(numbers[fill])
    variable = xr.Variable("x", numbers.astype(np.float64) if numbers.dtype.kind == "f" else numbers, attributes)
    theirs = xr.conventions.decode_cf_variable("x", variable)
    ours = np.where(is_missing(numbers, attributes), np.nan, unpack(numbers, attributes).astype(np.float64))
    np.testing.assert_allclose(ours, theirs.values.astype(np.float64), rtol=1e-12, atol=1e-12)


def test_integers_without_a_sign() -> None:
    numbers = np.array([-1, 5], ">i2")
    assert unpack(numbers, {"_Unsigned": "true", "scale_factor": 2.0}).tolist() == [131070, 10]
    assert unpack(np.array([65535, 5], "u2"), {"_Unsigned": "false"}).tolist() == [-1, 5]
    for fill in (-1, 65535):
        assert is_missing(numbers, {"_Unsigned": "true", "_FillValue": fill}).tolist() == [True, False]


def test_every_form_of_a_missing_value() -> None:
    numbers = np.array([1.0, -9999.9, 7.0], "f4")
    encoded = b64encode(struct.pack("<d", float(np.float32(-9999.9)))).decode()
    for attributes in ({"_FillValue": np.float32(-9999.9)}, {"missing_value": -9999.9}, {"_FillValue": encoded}):
        assert is_missing(numbers, attributes).tolist() == [False, True, False]
    assert is_missing(numbers, {"missing_value": [1.0, 7.0], "_FillValue": -9999.9}).all()
    assert not is_missing(np.array([1, 2], "i1"), {"_FillValue": 10**6, "missing_value": 1.5}).any()


def test_what_is_not_packed_is_as_it_was() -> None:
    numbers = np.array([1, 2])
    assert unpack(numbers, {"units": "m", "_FillValue": 1}) is numbers
    assert packing_attributes({"units": "m", "_FillValue": 1}) == {}
    assert packing_attributes({"scale_factor": 2.0}) == {"scale_factor": 2.0}


@pytest.mark.parametrize(
    "attributes",
    [
        {"scale_factor": "many"},
        {"scale_factor": [1.0, 2.0]},
        {"scale_factor": []},
        {"add_offset": float("nan")},
        {"add_offset": {}},
        {"_FillValue": "none"},
        {"_FillValue": "AAAA"},
        {"missing_value": ["x"]},
    ],
)
def test_attributes_that_are_no_numbers(attributes: Any) -> None:
    function = unpack if packing_attributes(attributes) else is_missing
    with pytest.raises(ArgumentError, match=f"its attribute '{next(iter(attributes))}' must be a number: it is "):
        function(np.ones(2), attributes)


def test_the_fill_value_of_zarr_marks_what_xarray_wrote_alone() -> None:
    def array(version: int, fill: object, **attributes: Any) -> Any:
        return SimpleNamespace(attrs=attributes, metadata=SimpleNamespace(zarr_format=version, fill_value=fill))

    assert stored_attributes(array(2, 0, _ARRAY_DIMENSIONS=["x"]))["_FillValue"] == 0
    for other in (array(2, 0), array(2, None, _ARRAY_DIMENSIONS=["x"]), array(3, 0, _ARRAY_DIMENSIONS=["x"])):
        assert "_FillValue" not in stored_attributes(other)


@pytest.mark.parametrize("unit", ["days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"])
def test_dates_are_spelt_as_pandas_spells_them(unit: str) -> None:
    for start in (
        "2026-01-01",
        "1999-2-3 04:05",
        "1970-01-01T00:00:00",
        "1970-01-01 00:00:00.25",
        "2000-01-01 00:00 UTC",
    ):
        numbers = np.array([0, 1, -3, 1500])
        given = {"units": f"{unit} since {start}", "calendar": "proleptic_gregorian"}
        theirs = xr.conventions.decode_cf_variable("x", xr.Variable("x", numbers, given)).to_index()
        assert dates(numbers, given) == [str(date) for date in theirs], given
    if unit not in {"nanoseconds", "microseconds"}:  # of which pandas has no halves in a float
        halves = np.array([0.5, 2.25])
        given = {"units": f"{unit} since 2026-01-01"}
        theirs = xr.conventions.decode_cf_variable("x", xr.Variable("x", halves, given)).to_index()
        assert dates(halves, given) == [str(date) for date in theirs]


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"units": "m"},
        {"units": "days"},
        {"units": "days since"},
        {"units": "days since yesterday"},
        {"units": "days since 2026-13-01"},
        {"units": "months since 2026-01-01"},
        {"units": "days since 2026-01-01", "calendar": "noleap"},
        {"units": "days since 9999-01-01"},
        {"units": "nanoseconds since 1600-01-01"},
        {"units": ["days since 2026-01-01"]},
    ],
)
def test_what_is_no_date(attributes: Any) -> None:
    assert dates(np.array([0, 10**9]), attributes) is None
