import sys

import numpy as np
import pytest

from mvn_dask.readable import MAX_DIGITS, duration, plural, readable_bytes, short_repr

DURATIONS = [
    (0, "0 s"),
    (0.0012, "0.0012 s"),
    (9.96, "10 s"),
    (59.4, "59 s"),
    (59.7, "60 s"),
    (60, "1 min 0 s"),
    (3599.6, "1 h 0 min"),
    (86399, "23 h 59 min"),
    (86400, "1 d 0 h"),
    (np.float64(8000), "2 h 13 min"),
]


@pytest.mark.parametrize(("seconds", "text"), DURATIONS)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("nbytes", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1000 * 2**20, "1000 MiB"), (2**60, "1024 PiB")]
)
def test_bytes(nbytes: int, text: str) -> None:
    assert readable_bytes(nbytes) == text


def test_plurals() -> None:
    assert [plural(count, "chunk") for count in (0, 1, 2, 1000)] == ["0 chunks", "1 chunk", "2 chunks", "1000 chunks"]
    assert [plural(count, "row", ",") for count in (1, 1000, -12345)] == ["1 row", "1,000 rows", "-12,345 rows"]


def test_values_in_errors_are_short_whatever_they_hold() -> None:
    huge = 10**5000
    for value in (huge, -huge, [huge], {"a": (huge, {huge})}, [[[huge]]], "x" * 10**6, [huge] * 10**5, np.float64(1)):
        assert len(short_repr(value)) < 400
    for plain in (3, -(2**63), [1, "a", None, True], (1.5,), {"a": [1]}):
        assert short_repr(plain) == repr(plain)


def test_python_always_reads_as_many_digits_as_are_allowed() -> None:
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(sys.int_info.str_digits_check_threshold)
    try:
        assert str(int("9" * MAX_DIGITS)) == "9" * MAX_DIGITS
    finally:
        sys.set_int_max_str_digits(limit)
