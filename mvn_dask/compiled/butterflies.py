"""Fourier transforms of 2, 3, 4 and 5 complex numbers, of which longer ones are made.

Input: complex numbers as pairs of real ones: numpy's arrays, or vectors of compiled code, for which the same formulas
are evaluated in the same order. Output: their transform, with the sign of numpy's. Cost: 4, 16, 16 and 48 operations.

References
----------
H. J. Nussbaumer, Fast Fourier Transform and Convolution Algorithms, 2nd ed., 1982, section 4.2.
"""

from collections.abc import Callable, Sequence
from typing import Any

Number = Any
"""What can be added, subtracted and multiplied, by a float too."""
Complex = tuple[Number, Number]
"""A real part and an imaginary part."""

RADICES = (4, 2, 3, 5)
"""Lengths of transforms that have a formula, in the order in which they are taken out of a length."""
SIN_60 = 0.8660254037844386
COS_72, SIN_72 = 0.30901699437494745, 0.9510565162951535
COS_144, SIN_144 = -0.8090169943749475, 0.5877852522924731


def butterfly(numbers: Sequence[Complex]) -> list[Complex]:
    """The Fourier transform of 2, 3, 4 or 5 complex numbers.

    >>> butterfly([(1.0, 0.0), (2.0, 0.0), (4.0, 0.0), (8.0, 0.0)])
    [(15.0, 0.0), (-3.0, 6.0), (-5.0, 0.0), (-3.0, -6.0)]
    """
    return _FORMULAS[len(numbers)](*numbers)


def rotate(number: Complex, cosine: Number, sine: Number) -> Complex:
    """A complex number times ``cosine - 1j * sine``."""
    real, imaginary = number
    return real * cosine + imaginary * sine, imaginary * cosine - real * sine


def _add(one: Complex, other: Complex) -> Complex:
    return one[0] + other[0], one[1] + other[1]


def _subtract(one: Complex, other: Complex) -> Complex:
    return one[0] - other[0], one[1] - other[1]


def _scale(number: Complex, factor: float) -> Complex:
    return number[0] * factor, number[1] * factor


def _both_turns(one: Complex, other: Complex) -> tuple[Complex, Complex]:
    """``one - 1j * other`` and ``one + 1j * other``."""
    return (one[0] + other[1], one[1] - other[0]), (one[0] - other[1], one[1] + other[0])


def _two(a: Complex, b: Complex) -> list[Complex]:
    return [_add(a, b), _subtract(a, b)]


def _three(a: Complex, b: Complex, c: Complex) -> list[Complex]:
    total = _add(b, c)
    middle = _subtract(a, _scale(total, 0.5))
    return [_add(a, total), *_both_turns(middle, _scale(_subtract(b, c), SIN_60))]


def _four(a: Complex, b: Complex, c: Complex, d: Complex) -> list[Complex]:
    even, odd = _add(a, c), _add(b, d)
    second, fourth = _both_turns(_subtract(a, c), _subtract(b, d))
    return [_add(even, odd), second, _subtract(even, odd), fourth]


def _five(a: Complex, b: Complex, c: Complex, d: Complex, e: Complex) -> list[Complex]:
    outer, inner = _add(b, e), _add(c, d)
    outer_gap, inner_gap = _subtract(b, e), _subtract(c, d)
    one = _add(a, _add(_scale(outer, COS_72), _scale(inner, COS_144)))
    two = _add(a, _add(_scale(outer, COS_144), _scale(inner, COS_72)))
    second, fifth = _both_turns(one, _add(_scale(outer_gap, SIN_72), _scale(inner_gap, SIN_144)))
    third, fourth = _both_turns(two, _subtract(_scale(outer_gap, SIN_144), _scale(inner_gap, SIN_72)))
    return [_add(a, _add(outer, inner)), second, third, fourth, fifth]


_FORMULAS: dict[int, Callable[..., list[Complex]]] = {2: _two, 3: _three, 4: _four, 5: _five}
