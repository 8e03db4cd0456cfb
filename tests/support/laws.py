"""Laws of scipy that not every version of it knows to enough digits."""

import math

from scipy import stats

_F = stats.f(5, 7)
F_LAWS = [_F] if math.isclose(_F.ppf(_F.cdf(1e-5)), 1e-5, rel_tol=1e-10) else []
"""Since scipy 1.17; before it scipy's quantile function, which is its own, has 7 digits in the lower tail."""
