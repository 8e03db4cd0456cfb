"""Bytes, durations, counts and values as people read them. Input: numbers, values; output: texts of bounded length."""

from math import floor, isfinite, log10
from reprlib import Repr

MAX_DIGITS = 640
"""Digits of an integer in an argument, a job file or a record, at most: so many Python reads and writes under whatever
limit `sys.set_int_max_str_digits` gave it."""
SHOWN_DIGITS = 60
"""Digits of an integer that an error shows, at most."""
MINUS = "−"


def readable_bytes(nbytes: float) -> str:
    """Bytes in the largest unit that they fill.

    Examples
    --------
    >>> readable_bytes(3 * 2**29), readable_bytes(12)
    ('1.5 GiB', '12 B')
    """
    units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    step = 0
    while nbytes >= 1024 and step < len(units) - 1:
        nbytes, step = nbytes / 1024, step + 1
    # As an integer where it has more than three digits, which :.3g would write as 1.01e+03.
    return f"{nbytes:.0f} {units[step]}" if nbytes >= 999.5 else f"{nbytes:.3g} {units[step]}"


def duration(seconds: float) -> str:
    """Seconds in the two largest units that they fill.

    Examples
    --------
    >>> duration(0.25), duration(80), duration(8000), duration(2e5)
    ('0.25 s', '1 min 20 s', '2 h 13 min', '2 d 7 h')
    """
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour} h"
    return f"{hours} h {minute} min" if hours else f"{minutes} min {rest} s"


def number(value: float, digits: int = 4) -> str:
    """A number with so many significant digits.

    >>> number(0.0123456), number(-1234567.0), number(3.0), number(float("inf"))
    ('0.01235', '−1.235e+06', '3', '∞')
    """
    if not isfinite(value):
        return "∞" if value > 0 else f"{MINUS}∞" if value < 0 else "no number"
    return f"{value:.{digits}g}".replace("-", MINUS, 1) if value < 0 else f"{value:.{digits}g}"


def decimal(value: float, places: int) -> str:
    """A number with so many digits after the point, and 0 without a sign.

    >>> decimal(-0.126, 2), decimal(-0.001, 2)
    ('−0.13', '0.00')
    """
    return f"{value:z.{places}f}".replace("-", MINUS)


def to_precision(value: float, step: float) -> str:
    """A number with as many digits as tell it from one that is a tenth of a step away.

    >>> to_precision(0.0123456, 0.001), to_precision(-12.0, 5.0), to_precision(1e9, 1e-3)
    ('0.0123', '−12.0', '1e+09')
    """
    if not (isfinite(value) and isfinite(step)) or step <= 0:
        return number(value)
    places = max(0, 1 - floor(log10(step)))
    if places > 12 or abs(value) >= 10**9:
        return number(value, 8)
    return decimal(value, places)


def plural(value: int, what: str, form: str = "") -> str:
    """A number of things, whose name takes an s or es; `form` is a format of integers, as "," for thousands set apart.

    Examples
    --------
    >>> plural(1, "row"), plural(12345, "row"), plural(12345, "row", ","), plural(2, "entry"), plural(2, "process")
    ('1 row', '12345 rows', '12,345 rows', '2 entries', '2 processes')
    """
    if value != 1:
        what = f"{what[:-1]}ies" if what.endswith("ry") else f"{what}es" if what.endswith("ss") else f"{what}s"
    return f"{value:{form}} {what}"


class _ShortRepr(Repr):
    def repr_int(self, value: int, level: int) -> str:  # noqa: ARG002
        return integer_text(value)


_SHORT = _ShortRepr()
_SHORT.maxstring = _SHORT.maxother = SHOWN_DIGITS


def integer_text(value: int) -> str:
    """An integer for an error: its digits, or its size where they are many.

    Examples
    --------
    >>> integer_text(-42), integer_text(10**5000)
    ('-42', 'an integer of 16610 bits')
    """
    # Python refuses to write integers of more than 4,300 digits.
    return str(value) if abs(value) < 10**SHOWN_DIGITS else f"an integer of {value.bit_length()} bits"


def short_repr(value: object) -> str:
    """The `repr` of a value for an error: not the whole of a long one, and without fail for any integers in it.

    Examples
    --------
    >>> print(short_repr((3, 10**5000)), short_repr("x" * 100))
    (3, an integer of 16610 bits) 'xxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxx'
    """
    return _SHORT.repr(value)
