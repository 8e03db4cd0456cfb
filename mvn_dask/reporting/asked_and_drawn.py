"""What was asked of a sample beside what was drawn, for all variables together.

Input: estimates. Output: a few lines of text. Cost: none.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.readable import plural
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.number_format import number


class Comparison(NamedTuple):
    """A line of the comparison."""

    what: str
    """What is compared."""
    asked: str
    """What was asked for."""
    drawn: str
    """What the store holds."""
    difference: str
    """How far they are apart."""


def comparisons(estimates: Estimates) -> list[Comparison]:
    """Lines of the comparison; of what is not known, none."""
    selection, reference, measured = estimates.selection, estimates.reference, estimates.measured
    rows = plural(selection.rows, "row", ",")
    bad = f"{plural(measured.nonfinite, 'number', ',')} infinite or NaN" if measured.nonfinite else "all are finite"
    lines = [Comparison("Rows", rows, rows, bad)]
    tested, scored = reference.testable, " of scores" if reference.laws.of_scores else ""
    if selection.rows < 2 or not tested.any():
        return lines
    sides = [
        ("Means", reference.mean, estimates.mean, estimates.mean_errors),
        ("Standard deviations", reference.deviation, estimates.deviation, estimates.variance_errors),
    ]
    lines += [
        Comparison(f"{what}{scored}", _span(asked[tested]), _span(drawn[tested]), _errors(errors[tested]))
        for what, asked, drawn, errors in sides
    ]
    above = np.triu(estimates.tested_pairs, 1)
    if above.any():
        pairs = (reference.correlation, estimates.correlation, estimates.covariance_errors)
        asked, drawn, errors = (each[above] for each in pairs)
        lines.append(Comparison(f"Correlations{scored}", _span(asked), _span(drawn), _errors(errors)))
    return lines


def _span(values: Float64Array) -> str:
    low, high = (number(float(each)) for each in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"


def _errors(errors: Float64Array) -> str:
    """Their root mean square, which is about 1 by chance, and the largest one."""
    typical, largest = sqrt(float(np.mean(errors**2))), float(np.abs(errors).max())
    return f"{number(typical, 3)} standard errors (root mean square), {number(largest, 3)} at most"
