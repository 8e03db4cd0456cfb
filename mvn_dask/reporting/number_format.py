"""Numbers as text for people: significant digits, signs, shares."""

from math import floor, isfinite, log10

from mvn_dask.readable import MINUS, decimal, number, to_precision

__all__ = ["MINUS", "decimal", "expected_count", "number", "percent", "rate", "signed", "to_precision"]

MILLION = 10**6


def signed(value: float) -> str:
    """A number with its sign and one digit after the point.

    >>> signed(1.26), signed(-0.04), signed(1e12)
    ('+1.3', '−0.0', '+1e+12')
    """
    if not isfinite(value):
        return number(value)
    sign = MINUS if value < 0 else "+"
    return f"{sign}{abs(value):.1f}" if abs(value) < MILLION else f"{sign}{abs(value):.3g}"


def rate(value: float) -> str:
    """A rate as a share of many.

    >>> rate(0.34), rate(0.001), rate(1e-9), rate(1.0)
    ('34 in 100', '1 in 1,000', 'less than 1 in a million', 'all')
    """
    if value >= 1:
        return "all"
    if value >= 0.02:
        return f"{100 * value:.0f} in 100"
    return f"1 in {1 / value:,.0f}" if value * MILLION >= 1 else "less than 1 in a million"


def p_number(value: float) -> str:
    """A p-value as people write it; an empty text where there is none.

    >>> p_number(0.34), p_number(0.0312), p_number(0.00002), p_number(1e-9), p_number(1.0), p_number(float("nan"))
    ('0.34', '0.03', '0.00002', '< 1e-6', '1', '')
    """
    if not isfinite(value):
        return ""
    if value < 1e-6:
        return "< 1e-6"
    if value > 0.99:
        return "1" if value >= 1 else "> 0.99"
    places = 2 if value >= 0.01 else -floor(log10(value))
    return f"{value:.{places}f}"


def p_text(value: float) -> str:
    """A p-value with its letter.

    >>> p_text(0.0312), p_text(1e-9)
    ('p = 0.03', 'p < 1e-6')
    """
    text = p_number(value)
    return f"p {text}" if text[:1] in "<>" else f"p = {text}"


def percent(value: float) -> str:
    """A share in percent.

    >>> percent(0.02275), percent(1e-9), percent(0.0)
    ('2.275 %', '1e-07 %', '0 %')
    """
    return f"{number(100 * value)} %"


def expected_count(value: float) -> str:
    """How many there should be, which is seldom a whole number.

    >>> expected_count(15000.3), expected_count(0.0312345)
    ('15,000', '0.03123')
    """
    return f"{value:,.0f}" if value >= 1000 else number(value)
