"""Standard normal quantiles, with the same bits on every processor: no function of the C library, nothing fused.

Input: probabilities p as ``p - 0.5``, which is exact for multiples of 2**-53. Output: the numbers below which a
standard normal lies with that probability, to 1e-15 of themselves. Cost: some 70 ns a number in numpy, and a tenth of
that in `mvn_dask.compiled.point_normals`, which does the same operations in the same order.

References
----------
M. J. Wichura, Algorithm AS 241: The Percentage Points of the Normal Distribution, Applied Statistics 37 (3), 1988,
doi:10.2307/2347330: PPND16, whose coefficients these are. G. Estrin, Organization of Computer Systems, 1960,
doi:10.1145/1460361.1460365, for the order in which polynomials are summed: short chains of operations.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array

Coefficients = tuple[float, float, float, float, float, float, float, float]

CENTRAL_LIMIT = 0.180625
"""Square of ``p - 0.5`` up to which p is central: 85 in 100 are."""
CENTRAL_NUMERATOR: Coefficients = (
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
    4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
)  # fmt: skip
CENTRAL_DENOMINATOR: Coefficients = (
    1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
    3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3,
)  # fmt: skip

TAIL_ORIGIN = 1.6
TAIL_NUMERATOR: Coefficients = (
    1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
    1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
)  # fmt: skip
TAIL_DENOMINATOR: Coefficients = (
    1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
    1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
)  # fmt: skip

FAR_ORIGIN = 5.0
"""Root of ``-log(p)`` from which on other coefficients hold: p is below 1.4e-11."""
FAR_NUMERATOR: Coefficients = (
    6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
    2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
)  # fmt: skip
FAR_DENOMINATOR: Coefficients = (
    1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
    1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
)  # fmt: skip

LOG_2 = 0.6931471805599453
ATANH = tuple(1.0 / power for power in range(1, 20, 2))
"""Coefficients of ``atanh(f) / f`` in powers of f², where f² is at most 0.0295: the first left out is below 3e-17."""
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
"""Bits of √½: mantissas are taken from there to √2."""
ONE_BITS = 0x3FF << 52
EXPONENT_BIAS = 1023
_PIECE = 2**14
"""Numbers at a time: what is made of them on the way stays in the cache."""


def polynomial(coefficients: Sequence[float], t: Float64Array) -> Float64Array:
    """Sum of ``coefficients[i] * t**i``, in pairs, pairs of pairs and so on.

    >>> float(polynomial([1.0, 2.0, 3.0], np.array(10.0)))
    321.0
    """
    terms: list[Any] = list(coefficients)
    while len(terms) > 1:
        pairs, odd = zip(terms[::2], terms[1::2], strict=False), terms[len(terms) & ~1 :]
        terms = [*(low + high * t for low, high in pairs), *odd]
        t = t * t
    return np.asarray(terms[0])


def normal_quantiles(centered: Float64Array) -> Float64Array:
    """Quantiles of the standard normal distribution at probabilities ``0.5 + centered``, strictly between 0 and 1.

    Examples
    --------
    >>> normal_quantiles(np.array([-0.25, 0.0, 0.475])).round(6)
    array([-0.67449 ,  0.      ,  1.959964])
    """
    found: Float64Array = np.empty(centered.size)
    flat = centered.reshape(-1)
    for first in range(0, flat.size, _PIECE):
        piece = slice(first, first + _PIECE)
        found[piece] = _quantiles(flat[piece])
    return found.reshape(centered.shape)


def _quantiles(centered: Float64Array) -> Float64Array:
    t = CENTRAL_LIMIT - centered * centered
    found = np.asarray(centered * polynomial(CENTRAL_NUMERATOR, t) / polynomial(CENTRAL_DENOMINATOR, t))
    in_tail = t < 0.0
    tail = centered[in_tail]
    found[in_tail] = np.copysign(_upper_quantiles(0.5 - np.abs(tail)), tail)
    return found


def _upper_quantiles(p: Float64Array) -> Float64Array:
    """What a standard normal exceeds with the probability p, at most 0.075."""
    root = np.sqrt(minus_log(p))
    t = root - TAIL_ORIGIN
    found = np.asarray(polynomial(TAIL_NUMERATOR, t) / polynomial(TAIL_DENOMINATOR, t))
    far = root > FAR_ORIGIN
    t = root[far] - FAR_ORIGIN
    found[far] = polynomial(FAR_NUMERATOR, t) / polynomial(FAR_DENOMINATOR, t)
    return found


def minus_log(p: Float64Array) -> Float64Array:
    """``-log(p)`` of normal numbers from 2**-53 to 1, not too near to 1.

    >>> bool(np.isclose(minus_log(np.array([0.01])), -np.log(0.01), rtol=4e-16, atol=0.0).all())
    True
    """
    bits: npt.NDArray[np.int64] = np.ascontiguousarray(p).view(np.int64)
    exponent = (bits + (ONE_BITS - ROOT_HALF_BITS)) >> 52
    mantissa = (bits - ((exponent - EXPONENT_BIAS) << 52)).view(np.float64)
    f = (mantissa - 1.0) / (mantissa + 1.0)
    log_of_mantissa = (f + f) * polynomial(ATANH, f * f)
    return np.asarray((EXPONENT_BIAS - exponent).astype(np.float64) * LOG_2 - log_of_mantissa)
