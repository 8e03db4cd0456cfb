"""Lengths of Fourier transforms, their radices, and the cosines and sines that they need.

Input: a length; complex columns. Output: its factors, tables, and transforms, with the same bits on every machine: not
the cosines of a C library, but series of additions and multiplications, each rounded as IEEE 754 says. Cost: O(length)
for tables.
"""

from math import isqrt, pi

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.compiled.butterflies import RADICES, Complex, butterfly, rotate

SERIES_TERMS = 9
"""Terms of a series for angles up to an eighth of a turn: the next one is less than 1e-17."""


def radices_of(length: int) -> tuple[int, ...]:
    """Factors whose product a length is, in the order in which they are taken: 4, 2, 3, 5 and larger primes.

    >>> radices_of(480), radices_of(14), radices_of(1)
    ((4, 4, 2, 3, 5), (2, 7), ())
    """
    found = []
    for radix in RADICES:
        while length % radix == 0:
            found.append(radix)
            length //= radix
    radix = 7
    while length > 1:
        if radix * radix > length:
            radix = length
        while length % radix == 0:
            found.append(radix)
            length //= radix
        radix += 2
    return tuple(found)


def fast_length(least: int) -> int:
    """The least even number without other prime factors than 2, 3 and 5 that is not less than another.

    >>> fast_length(1), fast_length(254), fast_length(514)
    (2, 256, 540)
    """
    best = 1 << max(1, (least - 1).bit_length())
    five = 2
    while five < best:
        three = five
        while three < best:
            two = three << max(0, (-(-least // three) - 1).bit_length())
            best = min(best, two)
            three *= 3
        five *= 5
    return best


def columns_of(length: int) -> int:
    """The largest divisor of a length that is not more than its root: so many columns a long transform is cut into.

    >>> columns_of(200), columns_of(13)
    (10, 1)
    """
    return next(each for each in range(isqrt(length), 0, -1) if length % each == 0)


def circle(length: int) -> Float64Array:
    """Cosines and sines of all multiples of a full turn's part, shape (2, length).

    >>> circle(4)
    array([[ 1.,  0., -1.,  0.],
           [ 0.,  1.,  0., -1.]])
    """
    octant, rest = np.divmod(8 * np.arange(length, dtype=np.int64), length)
    rest = np.where(octant % 2, length - rest, rest)
    cosine, sine = _series(rest / length * (pi / 4))
    swapped = (octant + 1) // 2 % 2 == 1
    cosine, sine = np.where(swapped, sine, cosine), np.where(swapped, cosine, sine)
    # Adding 0.0 gives a zero one sign.
    cosine = np.where((octant >= 2) & (octant < 6), -cosine, cosine) + 0.0
    return np.stack([cosine, np.where(octant >= 4, -sine, sine) + 0.0])


def _series(angle: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Cosine and sine of angles from 0 to an eighth of a turn."""
    square = angle * angle
    cosine, sine = np.zeros_like(angle), np.zeros_like(angle)
    for term in range(SERIES_TERMS, 0, -1):
        # 1 - x²/(1·2) · (1 - x²/(3·4) · (…)), and the same for the sine over the angle.
        cosine = square * ((1.0 - cosine) / ((2 * term - 1) * (2 * term)))
        sine = square * ((1.0 - sine) / ((2 * term) * (2 * term + 1)))
    return 1.0 - cosine, angle - angle * sine


def fourier(real: FloatArray, imaginary: FloatArray, tables: FloatArray) -> Complex:
    """Fourier transforms of complex columns, shape (length, width), by Stockham's algorithm in a fixed order.

    `tables` is `circle` of the length, in the precision of the columns. 4 log2(length) operations a number, at about
    1 ns each; compiled code makes the same bits.

    Examples
    --------
    >>> real, imaginary = fourier(np.array([[1.0], [2.0], [4.0]]), np.zeros((3, 1)), circle(3))
    >>> (real + 1j * imaginary)[:, 0].round(3)
    array([ 7.+0.j   , -2.+1.732j, -2.-1.732j])

    References
    ----------
    C. Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992, section 1.7.
    """
    length, width = real.shape
    rest = length
    for radix in radices_of(length):
        rest //= radix
        parts = real.reshape(radix, rest, -1), imaginary.reshape(radix, rest, -1)
        numbers = list(zip(*parts, strict=True))
        found = butterfly(numbers) if radix in RADICES else _any_radix(numbers, tables[:, :: length // radix])
        target = np.empty((2, rest, radix, parts[0].shape[2]), real.dtype)
        # The first place is not rotated: a multiplication by 1 would change the sign of a zero.
        places = np.arange(1, rest) * (length // (rest * radix))
        for each, number in enumerate(found):
            cosine, sine = tables[:, each * places, None]
            rotated = rotate((number[0][1:], number[1][1:]), cosine, sine) if each else (number[0][1:], number[1][1:])
            for part in range(2):
                target[part, 0, each], target[part, 1:, each] = number[part][0], rotated[part]
        real, imaginary = target.reshape(2, length, width)
    return real, imaginary


def _any_radix(numbers: list[Complex], tables: npt.NDArray[np.floating[npt.NBitBase]]) -> list[Complex]:
    """The transform of any number of complex numbers, by its definition."""
    found = []
    for each in range(len(numbers)):
        real, imaginary = numbers[0]
        for other in range(1, len(numbers)):
            cosine, sine = tables[:, each * other % len(numbers)]
            one, two = rotate(numbers[other], cosine, sine)
            real, imaginary = real + one, imaginary + two
        found.append((real, imaginary))
    return found
