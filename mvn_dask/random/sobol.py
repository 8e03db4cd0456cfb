"""Sobol' points, scrambled: numbers that fill the unit cube more evenly than independent ones, addressed by row.

Input: a dimension, a root of streams and a number of the scramble; then a range of rows. Output: direction numbers and
a shift; then the points less ½. Cost: 20 ms and 20 µs a dimension for the directions, once; 4 ns a number in numpy.

Points have 52 bits, and lie in the middle of their cells: ``(2 n + 1) / 2**53``, never 0 or 1. Row i is the exclusive
or of the shift and of the directions at the bits of the Gray code ``i ^ i >> 1``, in Antonov and Saleev's order. The
first 2**k rows of any run are a net.

References
----------
I. M. Sobol', On the distribution of points in a cube and the approximate evaluation of integrals, 1967,
doi:10.1016/0041-5553(67)90144-9. S. Joe and F. Y. Kuo, Constructing Sobol sequences with better two-dimensional
projections, 2008, doi:10.1137/070709359, whose direction numbers these are (new-joe-kuo-6.21201). I. A. Antonov and
V. M. Saleev, 1979, doi:10.1016/0041-5553(79)90085-5. J. Matoušek, On the L2-discrepancy for anchored boxes, 1998,
doi:10.1006/jcom.1998.0489, for the linear matrix scramble.
"""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError, UnsupportedOperationError
from mvn_dask.random.streams import Root
from mvn_dask.readable import short_repr

Words = npt.NDArray[np.uint64]

BITS = 52
"""Bits of a point."""
MAX_DIMENSIONS = 21_201
"""Dimension of the points, at most: that of Joe and Kuo's table."""
SCRAMBLES = 2**63
"""Child of a sample's root whose own children are the streams of scrambles: no stripe has that number."""
CENTER = 2.0**-53 - 0.5
"""What is added to ``n * 2**-52``: the sum is exact."""
_TABLE_DIGEST = "6d6b51d7f9d00ffdaecfc56f7e2857895c9fc972a6b69e1404989dc9cb3a735d"
_BLOCK_ROWS = 2**10


def direction_numbers(ndim: int) -> Words:
    """Direction numbers of the sequence without a scramble, shape (BITS, ndim); the highest bit of each is 2**51.

    Raises
    ------
    ArgumentError
        If `ndim` is not from 1 to `MAX_DIMENSIONS`.
    UnsupportedOperationError
        If scipy's table is not Joe and Kuo's.

    Examples
    --------
    >>> direction_numbers(3)[:3] / 2.0**BITS
    array([[0.5  , 0.5  , 0.5  ],
           [0.25 , 0.75 , 0.75 ],
           [0.125, 0.625, 0.375]])
    """
    if not 1 <= ndim <= MAX_DIMENSIONS:
        raise ArgumentError(
            f"Sobol' points have from 1 to {MAX_DIMENSIONS} dimensions: these would have {short_repr(ndim)}"
        )
    polynomials, initial = (part[:ndim] for part in _joe_kuo_table())
    found: Words = np.zeros((BITS, ndim), np.uint64)
    # The first dimension is van der Corput's sequence, whose row of the table stands for no recurrence.
    found[:, 0] = 1
    degrees = np.array([int(polynomial).bit_length() - 1 for polynomial in polynomials])
    for degree in range(1, degrees.max() + 1):
        columns = np.flatnonzero(degrees == degree)
        columns = columns[columns > 0]
        found[:, columns] = _recurrence(polynomials[columns], initial[columns, :degree].T)
    return found << np.arange(BITS - 1, -1, -1, dtype=np.uint64)[:, None]


def _recurrence(polynomials: Words, initial: Words) -> Words:
    """Odd numbers m of some dimensions, shape (BITS, dimensions), from the first ones, as many as a degree."""
    degree, one = len(initial), np.uint64(1)
    found: Words = np.empty((BITS, len(polynomials)), np.uint64)
    found[:degree] = initial
    for row in range(degree, BITS):
        found[row] = found[row - degree]
        for power in range(1, degree + 1):
            coefficients = polynomials >> np.uint64(degree - power) & one
            found[row] ^= (coefficients * found[row - power]) << np.uint64(power)
    return found


def _joe_kuo_table() -> tuple[Words, Words]:
    """Primitive polynomials, shape (MAX_DIMENSIONS,), and the first direction numbers, shape (MAX_DIMENSIONS, 18)."""
    from importlib.resources import files

    import scipy

    with (files(scipy) / "stats" / "_sobol_direction_numbers.npz").open("rb") as file:
        table: Any = np.load(file, allow_pickle=False)
        polynomials, initial = (table[name].astype("<i8") for name in ("poly", "vinit"))
    # Another table would give other numbers for the same seed.
    if hashlib.sha256(initial.tobytes() + polynomials.tobytes()).hexdigest() != _TABLE_DIGEST:
        raise UnsupportedOperationError("this release of scipy has other direction numbers than new-joe-kuo-6.21201")
    return polynomials.astype(np.uint64), initial.astype(np.uint64)


def scrambled_directions(ndim: int, root: Root, replicate: int) -> tuple[Words, Words]:
    """Direction numbers, shape (BITS, ndim), and shift, shape (ndim,), of a scramble; others for every `replicate`.

    Notes
    -----
    Dimension j takes words ``53 j`` to ``53 j + 52`` of the stream of child ``(SCRAMBLES, replicate)`` of the root. The
    upper bits of the first 52 are the columns of a lower triangular matrix of zeros and ones with ones on its diagonal,
    by which the bits of the directions are multiplied; those of the last are the shift. A dimension's scramble does not
    depend on how many there are.

    Raises what `direction_numbers` raises.
    """
    directions = direction_numbers(ndim)
    generator = root.child(SCRAMBLES).child(replicate).generator()
    words = generator.integers(0, 2**64, (ndim, BITS + 1), np.uint64).T >> np.uint64(64 - BITS)
    diagonal = np.uint64(1) << np.arange(BITS - 1, -1, -1, dtype=np.uint64)
    found = np.zeros_like(directions)
    for bit, word in zip(diagonal, words, strict=False):
        # From the highest bit on: it moves into itself, and at random into those below.
        column = word & (bit - np.uint64(1)) | bit
        found ^= np.where(directions & bit != 0, column, np.uint64(0))
    return found, np.ascontiguousarray(words[BITS])


def block_of_points(directions: Words, bits: int) -> Words:
    """The first 2**bits points without a shift, shape (2**bits, ndim)."""
    found: Words = np.zeros((2**bits, directions.shape[1]), np.uint64)
    for bit in range(bits):
        # The Gray code of the second half is that of the first in reverse, with one bit more.
        np.bitwise_xor(found[: 2**bit][::-1], directions[bit], out=found[2**bit : 2 ** (bit + 1)])
    return found


def first_point_of_block(directions: Words, shift: Words, bits: int, block: int) -> Words:
    """What the points of a block of 2**bits rows are the exclusive or of, beside `block_of_points`, shape (ndim,)."""
    row, found = block << bits, shift.copy()
    code = row ^ row >> 1
    for bit in range(code.bit_length()):
        if code >> bit & 1:
            found ^= directions[bit]
    return found


def centered_points(directions: Words, shift: Words, start: int, stop: int) -> Float64Array:
    """Points of the rows from `start` on up to `stop`, less ½, shape (stop - start, ndim).

    Examples
    --------
    >>> centered_points(direction_numbers(2), np.zeros(2, np.uint64), 0, 4).round(6) + 0.5
    array([[0.  , 0.  ],
           [0.5 , 0.5 ],
           [0.75, 0.25],
           [0.25, 0.75]])
    """
    bits = min(_BLOCK_ROWS, max(1, stop - start)).bit_length() - 1
    within, height = block_of_points(directions, bits), 2**bits
    found: Float64Array = np.empty((stop - start, len(shift)))
    for block in range(start // height, -(-stop // height)):
        top = block * height
        first, last = max(start, top), min(stop, top + height)
        base = first_point_of_block(directions, shift, bits, block)
        found[first - start : last - start] = within[first - top : last - top] ^ base
    found *= 2.0**-BITS
    found += CENTER
    return found
