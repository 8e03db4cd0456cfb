"""Numbers that an array's attributes give another meaning, by the CF conventions of climate data and of xarray.

Input: stored numbers, and the attributes beside them. Output: the numbers that are meant, and which are missing. Cost:
a pass over the numbers for each attribute. netCDF and Zarr files hold small integers in place of decimals, which
``scale_factor`` and ``add_offset`` turn back, and mark missing entries by a ``_FillValue`` or ``missing_value``.

References
----------
CF Conventions 1.11, sections 2.5.1 (missing data), 4.4 (time) and 8.1 (packed data), https://cfconventions.org.
"""

import re
import struct
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.errors import ArgumentError

PACKING_ATTRIBUTES = ("scale_factor", "add_offset", "_Unsigned")
"""Attributes that give every number another value."""
_TIME_UNITS = {
    **dict.fromkeys(("day", "days", "d"), 86_400 * 10**9),
    **dict.fromkeys(("hour", "hours", "hr", "h"), 3_600 * 10**9),
    **dict.fromkeys(("minute", "minutes", "min"), 60 * 10**9),
    **dict.fromkeys(("second", "seconds", "sec", "s"), 10**9),
    **dict.fromkeys(("millisecond", "milliseconds", "ms"), 10**6),
    **dict.fromkeys(("microsecond", "microseconds", "us"), 10**3),
    **dict.fromkeys(("nanosecond", "nanoseconds", "ns"), 1),
}
"""Nanoseconds of each unit of time."""
_SINCE = re.compile(
    rf"(?P<unit>{'|'.join(_TIME_UNITS)}) since (?P<day>\d{{1,4}}-\d{{1,2}}-\d{{1,2}})"
    r"(?:[ t](?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?(?: ?(?:z|utc))?"
)
_FIRST_YEAR, _LAST_YEAR = 1678, 2261
"""Years of which an int64 counts the nanoseconds; outside of them numpy gives other dates."""
_CALENDARS = {"standard", "gregorian", "proleptic_gregorian"}
MISSING_MARKS = ("_FillValue", "missing_value")
"""Attributes that say which numbers stand for none."""


def stored_attributes(array: Any) -> dict[str, Any]:
    """The attributes of a Zarr array or of another with `attrs`, with those that Zarr's version 2 keeps elsewhere."""
    found = dict(array.attrs)
    metadata = getattr(array, "metadata", None)
    # Zarr's own fill value is that of chunks that were never written. xarray, which names the dimensions so, writes its
    # missing value there; in version 3 it has an attribute.
    if getattr(metadata, "zarr_format", 3) == 2 and "_ARRAY_DIMENSIONS" in found:
        fill = getattr(metadata, "fill_value", None)
        found |= {} if fill is None else {"_FillValue": fill}
    return found


def packing_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Those attributes under which the numbers mean others."""
    return {key: attributes[key] for key in PACKING_ATTRIBUTES if key in attributes}


def unpack(numbers: npt.NDArray[Any], attributes: Mapping[str, Any]) -> npt.NDArray[Any]:
    """The numbers that are meant: float64 where they are packed, and as they are elsewhere.

    Raises
    ------
    ArgumentError
        If an attribute is no number.

    Examples
    --------
    >>> unpack(np.array([50, -150], "i2"), {"scale_factor": 0.5, "add_offset": 1.0})
    array([ 26., -74.])
    """
    numbers = _with_sign(numbers, attributes)
    scale, offset = (_number(attributes, key) for key in ("scale_factor", "add_offset"))
    if scale is None and offset is None:
        return numbers
    with np.errstate(over="ignore"):  # what is too large is infinite, and refused by its place
        found = numbers.astype(np.float64)
        if scale is not None:
            found *= scale
        if offset is not None:
            found += offset
    return found


def is_missing(numbers: npt.NDArray[Any], attributes: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
    """Which of the stored numbers stand for none.

    Examples
    --------
    >>> is_missing(np.array([50, -1], "i2"), {"_FillValue": -1})
    array([False,  True])
    """
    found = np.zeros(numbers.shape, dtype=np.bool_)
    for fill in _fill_values(attributes):
        found |= (numbers == fill) | (_with_sign(numbers, attributes) == fill)
    return found


def dates(numbers: npt.NDArray[Any], attributes: Mapping[str, Any]) -> list[str] | None:
    """The dates that numbers mean whose unit is "days since 2026-01-01" or the like, as pandas writes them.

    None if the unit is another, or the calendar, or if there is a date that `numpy.datetime64` does not hold.

    Examples
    --------
    >>> dates(np.array([0, 31]), {"units": "days since 2026-01-01"})
    ['2026-01-01 00:00:00', '2026-02-01 00:00:00']
    """
    match = _SINCE.fullmatch(str(attributes.get("units", "")).strip().lower())
    if match is None or attributes.get("calendar", "standard") not in _CALENDARS:
        return None
    year, month, day = (int(part) for part in match["day"].split("-"))
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    unit = _TIME_UNITS[match["unit"]]
    try:
        start = np.datetime64(f"{year:04}-{month:02}-{day:02}T{match['time'] or '00:00'}", "ns").astype(np.int64)
    except ValueError:
        return None
    # In Python's numbers, which are exact for integers; a float may hold no more than microseconds.
    scaled = [
        number * unit if isinstance(number, int) else round(number * unit / 1000) * 1000 for number in numbers.tolist()
    ]
    found = [int(start) + number for number in scaled]
    if not all(-(2**63) < number < 2**63 for number in found):
        return None
    return [_written(np.datetime64(number, "ns")) for number in found]


def _written(date: np.datetime64) -> str:
    text, _, fraction = str(date).replace("T", " ").partition(".")
    digits = "" if int(fraction) == 0 else fraction[:6] if fraction.endswith("000") else fraction
    return f"{text}.{digits}" if digits else text


def _with_sign(numbers: npt.NDArray[Any], attributes: Mapping[str, Any]) -> npt.NDArray[Any]:
    """Integers as those of the same bits with or without a sign, which some formats do not have."""
    kind = {"true": "u", "false": "i"}.get(str(attributes.get("_Unsigned")).lower())
    if kind is None or numbers.dtype.kind not in "iu":
        return numbers
    return numbers.astype(numbers.dtype.newbyteorder("=")).view(f"{kind}{numbers.dtype.itemsize}")


def _fill_values(attributes: Mapping[str, Any]) -> Iterator[float]:
    for key in MISSING_MARKS:
        given = attributes.get(key)
        if isinstance(given, str) and key == "_FillValue":
            # xarray writes those of decimals as the bytes of a float64, in base64, since JSON has no NaN.
            try:
                (given,) = struct.unpack("<d", b64decode(given, validate=True))
            except (ValueError, struct.error):
                raise _no_number(key, given) from None
        for fill in np.ravel(np.asarray([] if given is None else given)).tolist():
            # Python's numbers are compared in the type of the array, in which the files were written.
            yield _as_number(key, fill)


def _number(attributes: Mapping[str, Any], key: str) -> float | None:
    """A number, which netCDF may hold as an array of one."""
    if key not in attributes:
        return None
    given = np.ravel(np.asarray(attributes[key])).tolist()
    number = float(_as_number(key, given[0])) if len(given) == 1 else np.nan
    if not np.isfinite(number):
        raise _no_number(key, attributes[key])
    return number


def _as_number(key: str, value: Any) -> float:
    if isinstance(value, (int, float)):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        raise _no_number(key, value) from None


def _no_number(key: str, value: object) -> ArgumentError:
    return ArgumentError(f"its attribute {key!r} must be a number: it is {str(value)[:60]!r}")
