"""The verdict of a family of tests that share an error rate, by Bonferroni's inequality.

Input: a p-value a test. Output: a verdict with the most extreme one in words. Cost: a look at the p-values.
"""

from collections.abc import Callable

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.verdict import Verdict


def bonferroni(
    family: str,
    title: str,
    p_values: Float64Array,
    error_rate: float,
    describe: Callable[..., str],
    nothing_tested: str = "",
    variables: Callable[..., tuple[int, ...]] | None = None,
) -> Verdict:
    """The verdict of a family that has an error rate; NaN is no test.

    `describe` takes the index of the smallest p-value, and so does `variables`, which gives the numbers of those that
    the text names.

    The p-value of the family is its smallest, times the number of tests: it holds whatever depends on what.
    """
    tests = int(np.count_nonzero(np.isfinite(p_values)))
    if not tests:
        return Verdict(family, title, ok=True, tests=0, p_value=None, text=nothing_tested)
    index = np.unravel_index(int(np.nanargmin(p_values)), p_values.shape)
    p_value = min(1.0, tests * float(p_values[index]))
    named = () if variables is None else tuple(map(int, variables(*index)))
    text = describe(*index)
    return Verdict(family, title, p_value >= error_rate, tests, p_value, text, variables=named)
