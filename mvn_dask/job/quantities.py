"""Integers and byte sizes as people write them: 1e9, 1_000_000, "2 GiB". Input: a TOML value; output: an exact int.

In TOML ``1e9`` is a float, or a string where it is quoted. Whatever stands for an integer exactly is accepted as one.
"""

import re
from decimal import Decimal

from mvn_dask.errors import ArgumentError
from mvn_dask.job.toml_format import preview
from mvn_dask.readable import MAX_DIGITS

_INTEGER = re.compile(r"[+-]?(\d+_)*\d+(\.(\d+_)*\d*)?([eE][+-]?\d{1,4})?", re.ASCII)
MAX_EXACT_FLOAT = 2**53
"""Up to here every integer is a float; beyond, a float may stand for the integer next to the one that was written."""
TOO_MANY_DIGITS = f"must be an integer of at most {MAX_DIGITS} digits"
"""What an error says of an integer with more digits."""
BYTE_LIMIT = 2**63
"""Byte sizes are less than this."""


def integer(value: object, least: int | None = None) -> int:
    """An integer, of at least `least`, from any of its notations.

    A float must be integral, and at most 2**53; a text is exact at any size. Raises ArgumentError for anything else.

    Examples
    --------
    >>> integer("1e9"), integer("1_000_000"), integer(2.5e3)
    (1000000000, 1000000, 2500)
    """
    rule = "must be an integer" if least is None else f"must be an integer of at least {least}"
    number = _as_integer(value, rule)
    if abs(number) >= 10**MAX_DIGITS:
        raise ArgumentError(TOO_MANY_DIGITS)
    if least is not None and number < least:
        raise ArgumentError(f"{rule}, not {preview(value)}")
    return number


def _as_integer(value: object, rule: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        if abs(value) <= MAX_EXACT_FLOAT:
            return int(value)
        raise ArgumentError(f'{rule}, and {preview(value)} is not exact: write all digits, or "{value:g}" in quotes')
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        number = Decimal(value.strip().replace("_", ""))
        # Before any power of ten is computed: int(Decimal("1e9999")) has 10,000 digits.
        if number.adjusted() >= MAX_DIGITS:
            raise ArgumentError(TOO_MANY_DIGITS)
        if number.adjusted() >= -MAX_DIGITS and number == number.to_integral_value():
            return int(number)
    raise ArgumentError(f"{rule}, not {preview(value)}")


def byte_count(value: object) -> int:
    """A number of bytes, at least 1, from a number or a text with a unit. Raises ArgumentError for anything else.

    Examples
    --------
    >>> byte_count("2 GiB"), byte_count("512MB"), byte_count(1024), byte_count("1.5 KiB")
    (2147483648, 512000000, 1024, 1536)
    """
    from mvn_dask.sampling.chunking import byte_size  # takes dask, which takes a second

    rule = 'must be a size such as "2 GiB" or "512 MB", or bytes'
    try:
        number = byte_size(value) if isinstance(value, str) else _as_integer(value, rule)
    except ArgumentError as error:
        raise ArgumentError(f"{rule}, not {preview(value)}") from error
    if not 1 <= number < BYTE_LIMIT:
        raise ArgumentError(f"{rule}, at least 1 and less than 2**63, not {preview(value)}")
    return number
