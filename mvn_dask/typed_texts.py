"""Numbers, truth values and times as texts, from which they are read back bit for bit.

Input: an array, or texts and the name of a type. Output: a text for each entry, or the array. Cost: O(n), a second for
a million times. Numbers are spelt as Python spells them, times as pandas does.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.errors import ArgumentError
from mvn_dask.readable import short_repr

TEXT = "text"
"""The type of labels that are texts."""
BOOLEAN = "bool"
"""The type of labels that are True or False."""
NOT_A_TIME = "NaT"
"""How a missing point in time, or span of time, is spelt."""
_NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
TIME_UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
"""Units of times, by numpy's names."""
LABEL_DTYPES = {
    name: np.dtype(name)
    for name in (*_NUMBERS, *(f"{kind}64[{unit}]" for kind in ("datetime", "timedelta") for unit in TIME_UNITS))
}
"""Types of labels that are neither texts nor truth values, by their names."""
_TRUTH_VALUES = {"True": True, "False": False}
_MISSING = np.iinfo(np.int64).min
"""The integer by which numpy marks a missing time."""
_DAY = 86_400 * 10**9
"""Nanoseconds of a day."""
_SPAN = re.compile(r"(-?[0-9]+) days (\+?)([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{6}(?:[0-9]{3})?)?")


def texts_of(array: npt.NDArray[Any]) -> tuple[str, ...]:
    """The entries of an array of truth values, numbers or times, in C order, as texts.

    Times are written without the parts of a second that are zero.

    >>> texts_of(np.array([0.5, np.nan])), texts_of(np.array(["2026-01-02", "NaT"], "datetime64[s]"))
    (('0.5', 'nan'), ('2026-01-02 00:00:00', 'NaT'))
    """
    flat = array.reshape(-1)
    if flat.dtype.kind == "M":
        return tuple(map(_time_text, np.datetime_as_string(flat).tolist()))
    if flat.dtype.kind == "m":
        unit = _nanoseconds(flat.dtype)
        pairs = zip(flat.astype(np.int64).tolist(), np.isnat(flat).tolist(), strict=True)
        return tuple(NOT_A_TIME if missing else _span_text(number * unit) for number, missing in pairs)
    return tuple(map(str, flat.tolist()))


def array_of(dtype: str, texts: Sequence[str]) -> npt.NDArray[Any]:
    """The inverse of `texts_of`, one-dimensional; of objects where they are texts. `ArgumentError` if some are none.

    >>> array_of("float64", ("10.0", "20.5"))
    array([10. , 20.5])
    """
    if dtype == TEXT:
        return np.array(texts, dtype=object)
    try:
        if dtype == BOOLEAN:
            return np.array([_TRUTH_VALUES[each] for each in texts], np.bool_)
        kind = LABEL_DTYPES[dtype]
        if kind.kind == "M":
            return np.array(texts, dtype=kind)
        if kind.kind == "m":
            unit = _nanoseconds(kind)
            numbers = [_MISSING if each == NOT_A_TIME else _in_units(each, unit) for each in texts]
            return np.array(numbers, np.int64).view(kind)
        return np.array([float(each) if kind.kind == "f" else int(each) for each in texts], kind)
    except (KeyError, ValueError, OverflowError) as error:
        raise ArgumentError(f"labels of the type {short_repr(dtype)} cannot be read: {error}") from error


def in_known_unit(name: str, times: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Times in seconds or a finer unit of `TIME_UNITS`; an ArgumentError where none holds them."""
    kind, unit = "datetime64" if times.dtype.kind == "M" else "timedelta64", np.datetime_data(times.dtype)[0]
    found = times.astype(f"{kind}[{unit if unit in TIME_UNITS else 's'}]")
    if not np.array_equal(found.astype(times.dtype), times, equal_nan=True) or unit in {"ps", "fs", "as"}:
        raise ArgumentError(f"`{name}` holds times in {unit}, which seconds to nanoseconds do not hold: round them")
    return found


def _time_text(text: str) -> str:
    if text == NOT_A_TIME:
        return text
    day, _, time = text.partition("T")
    second, _, fraction = time.partition(".")
    return f"{day} {second}{_fraction(int(fraction.ljust(9, '0')))}"


def _span_text(nanoseconds: int) -> str:
    """A span of time as pandas writes it.

    >>> _span_text(90 * 10**9), _span_text(-1)
    ('0 days 00:01:30', '-1 days +23:59:59.999999999')
    """
    days, rest = divmod(nanoseconds, _DAY)
    seconds, fraction = divmod(rest, 10**9)
    sign = "+" if days < 0 else ""
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{days} days {sign}{clock}{_fraction(fraction)}"


def _nanoseconds(dtype: np.dtype[Any]) -> int:
    """Nanoseconds of the unit of a type of times."""
    return int(10 ** (9 - 3 * list(TIME_UNITS).index(np.datetime_data(dtype)[0])))


def _in_units(text: str, unit: int) -> int:
    """A span of time in units of so many nanoseconds."""
    number, rest = divmod(_span(text), unit)
    if rest:
        raise ValueError(f"{short_repr(text)} is no whole number of units of {unit} ns")
    return number


def _span(text: str) -> int:
    """Nanoseconds of a span of time."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{short_repr(text)} is no span of time")
    days, _, hours, minutes, seconds, fraction = match.groups(default="")
    whole = int(days) * 86_400 + int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return whole * 10**9 + int(fraction[1:].ljust(9, "0"))


def _fraction(nanoseconds: int) -> str:
    if not nanoseconds:
        return ""
    return f".{nanoseconds:09}" if nanoseconds % 1000 else f".{nanoseconds // 1000:06}"
