"""Numbers as people write them: 1e9, 1_000_000, "2 GiB".

TOML has no integer with an exponent: ``1e9`` is a float to it, and quoted, or on a command line, a text. All
that stand for an integer exactly are taken as one; everything else is refused.
"""

import re
from decimal import Decimal, InvalidOperation

from mvn_dask.errors import ArgumentError
from mvn_dask.job.spelling import shown

_INTEGER = re.compile(r"[+-]?(\d+_)*\d+(\.(\d+_)*\d*)?([eE][+-]?\d{1,4})?", re.ASCII)
_BYTES = re.compile(r"(?P<number>[0-9][0-9_]*(\.[0-9_]*)?([eE]\+?[0-9]{1,2})?)\s*(?P<unit>[A-Za-z]*)", re.ASCII)
EXACT = 2**53
"""Integers up to here are floats of their own; beyond, a float may stand for a neighbour of what was written."""
DIGITS = 1000
"""Digits of an integer, at most."""
MOST_BYTES = 2**63
"""Bytes, at most: fewer than these."""
_POWERS = {prefix: power for power, prefix in enumerate("kmgtp", start=1)}


def integer(value: object, least: int | None = None) -> int:
    """An integer, whichever way it is written.

    Parameters
    ----------
    value : int, float or str
        A float must be integral, and at most 2**53; a text is exact at any size.
    least : int, optional
        The smallest that is allowed.

    Raises
    ------
    ArgumentError
        A ValueError, for anything else.

    Examples
    --------
    >>> integer("1e9"), integer("1_000_000"), integer(2.5e3)
    (1000000000, 1000000, 2500)
    """
    rule = "must be an integer" if least is None else f"must be an integer of at least {least}"
    number = _as_integer(value, rule)
    if least is not None and number < least:
        raise ArgumentError(f"{rule}, not {shown(value)}")
    if abs(number) >= 10**DIGITS:
        raise ArgumentError(f"must be an integer of at most {DIGITS} digits")
    return number


def _as_integer(value: object, rule: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        if abs(value) <= EXACT:
            return int(value)
        raise ArgumentError(f'{rule}, and {shown(value)} is not exact: write all digits, or "{value:g}" in quotes')
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        number = _exact(value)
        if number is not None:
            return number
    raise ArgumentError(f"{rule}, not {shown(value)}")


def _exact(text: str) -> int | None:
    try:
        number = Decimal(text.strip().replace("_", ""))
    except InvalidOperation:
        return None
    _, digits, exponent = number.as_tuple()
    # Before any power of ten is made: it may have thousands of digits.
    if not isinstance(exponent, int) or len(digits) + exponent > 2 * DIGITS or len(digits) > 2 * DIGITS:
        return None
    return int(number) if number == number.to_integral_value() else None


def nbytes(value: object) -> int:
    """Bytes, at least 1: a number of them, or a text with a unit.

    Parameters
    ----------
    value : int, float or str
        Units are B, kB, MB, GB, TB and PB, powers of 1000; KiB, MiB, GiB, TiB and PiB, powers of 1024; the
        B may be left out, and case does not matter.

    Raises
    ------
    ArgumentError
        A ValueError, for anything else.

    Examples
    --------
    >>> nbytes("2 GiB"), nbytes("512MB"), nbytes(1024), nbytes("1.5 KiB")
    (2147483648, 512000000, 1024, 1536)
    """
    rule = 'must be a size such as "2 GiB" or "512 MB", or bytes'
    if not isinstance(value, str):
        number = _as_integer(value, rule)
    else:
        found = _BYTES.fullmatch(value.strip())
        unit = None if found is None else _unit(found["unit"])
        if found is None or unit is None:
            raise ArgumentError(f"{rule}, not {shown(value)}")
        number = int(Decimal(found["number"].replace("_", "")) * unit)
    if not 1 <= number < MOST_BYTES:
        raise ArgumentError(f"{rule}, at least 1 and less than 2**63, not {shown(value)}")
    return number


def _unit(text: str) -> int | None:
    """Bytes of a unit, or None if it is none."""
    prefix = text.lower().removesuffix("b")
    if not prefix:
        return 1
    base = 1024 if prefix.endswith("i") else 1000
    power = _POWERS.get(prefix.removesuffix("i"))
    return None if power is None else base**power
