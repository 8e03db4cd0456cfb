"""Verdicts on a store: families of tests, and how often a sound sample would be called faulty.

Input: estimates. Output: ten verdicts. `ERROR_RATE` is that of all together. Each family of tests has an equal part
of it, and each test an equal part of its family's. Checks that no sound sample fails take no part. Cost: a p-value a
number. Shapes are tested by shares of numbers below fixed bounds, which are exactly binomial; bounds lie so close that
nothing broad lies between them, and so far out that a single number too many in a tail is seen.
"""

from collections.abc import Callable
from dataclasses import replace
from math import sqrt

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.readable import plural
from mvn_dask.reporting.bonferroni import bonferroni
from mvn_dask.reporting.certain_verdicts import chunks_verdict, factor_verdict, numbers_verdict
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.marginal_tests import compare_marginals
from mvn_dask.reporting.number_format import decimal, expected_count, number, percent, signed, to_precision
from mvn_dask.reporting.p_values import binomial_p_value, chi2_p_value
from mvn_dask.reporting.pairs import compare_pairs, share_of_equal_signs
from mvn_dask.reporting.reference import MAX_ROUNDING
from mvn_dask.reporting.row_repeats import repeated_rows_verdict
from mvn_dask.reporting.verdict import ERROR_RATE, Verdict
from mvn_dask.statistics.base import Indices

LENGTH_BINS_PER_BOUND = 4
"""Bins of lengths of whitened rows between two bounds: an eighth."""
NO_VARIABLE = "no variable to test: there are no rows, or rounding hides what varies"
NO_PAIR = "nothing to test: fewer than two rows, or no two variables that vary"
DEPENDENT_ROWS = "not tested: the rows are Sobol' points, which are not independent"


def _of_columns(estimates: Estimates, chosen: Indices | None = None) -> Callable[..., tuple[int, ...]]:
    """Numbers of variables, by their places among those whose moments are taken, or among some of these."""
    columns = estimates.selection.columns if chosen is None else estimates.selection.columns[chosen]
    return lambda *places: tuple(columns[list(places)].tolist())


def means(estimates: Estimates, error_rate: float) -> Verdict:
    """Means: normal around the expected ones, of normal variables exactly so for any number of rows."""
    errors, reference = estimates.mean_errors, estimates.reference

    def describe(i: int) -> str:
        step = reference.deviation[i] / sqrt(estimates.selection.rows)
        return f"{estimates.name(i)}: {_describe_mean(estimates.mean[i], reference.mean[i], step, errors[i])}"

    return bonferroni(
        "means", "Means", estimates.mean_p_values, error_rate, describe, NO_VARIABLE, _of_columns(estimates)
    )


def _describe_mean(mean: float, expected: float, step: float, error: float) -> str:
    seen, should = to_precision(mean, step), to_precision(expected, step)
    return f"mean {seen}, expected {should}, {signed(error)} standard errors"


def variances(estimates: Estimates, error_rate: float) -> Verdict:
    """Variances: (n - 1) s² / σ² is exactly χ² with n - 1 degrees of freedom, of normal variables."""
    degrees = estimates.variance_degrees

    def describe(i: int) -> str:
        expected = estimates.reference.deviation[i]
        step = expected * sqrt(2.0 / degrees)
        return (
            f"{estimates.name(i)}: {to_precision(estimates.deviation[i], step)}, expected "
            f"{to_precision(expected, step)}; the variance is off by "
            f"{signed(estimates.variance_errors[i])} standard errors"
        )

    named, p_values = _of_columns(estimates), estimates.variance_p_values
    return bonferroni("variances", "Standard deviations", p_values, error_rate, describe, NO_PAIR, named)


def covariances(estimates: Estimates, error_rate: float) -> Verdict:
    """Covariances of pairs around the sample means, by a saddlepoint approximation."""
    p_values = _each_pair_once(estimates)

    def describe(*pair: int) -> str:
        one, other = (estimates.name(estimates.selection.paired[each]) for each in pair)
        return (
            f"{one} and {other}: correlation {decimal(estimates.correlation[pair], 4)}, expected "
            f"{decimal(estimates.reference.correlation[pair], 4)}; the covariance is off by "
            f"{signed(estimates.covariance_errors[pair])} standard errors"
        )

    named = _of_columns(estimates, estimates.selection.paired)
    return bonferroni("covariances", "Covariances of pairs", p_values, error_rate, describe, NO_PAIR, named)


def signs(estimates: Estimates, error_rate: float) -> Verdict:
    """Pairs of elliptical variables by the share of rows in which both are on the same side of their medians."""
    rows, share = estimates.selection.rows, share_of_equal_signs(estimates.reference.correlation)
    p_values = _each_pair_once(estimates)

    def describe(*pair: int) -> str:
        one, other = (estimates.name(estimates.selection.paired[each]) for each in pair)
        seen = int(estimates.measured.same_signs[pair])
        where = "on the same side of both medians"
        return f"{one} and {other}: {_describe_share('', where, seen, float(share[pair]), rows)}"

    named = _of_columns(estimates, estimates.selection.paired)
    return bonferroni("covariances", "Signs of pairs", p_values, error_rate, describe, NO_PAIR, named)


def _each_pair_once(estimates: Estimates) -> Float64Array:
    p_values = compare_pairs(estimates).p_values
    return np.where(np.triu(np.ones(p_values.shape, bool), 1), p_values, np.nan)


def pairs(estimates: Estimates, error_rate: float) -> Verdict:
    """Pairs by their covariances, or by their signs where these are not known."""
    return (covariances if estimates.reference.laws.pairs_known else signs)(estimates, error_rate)


def drift(estimates: Estimates, error_rate: float) -> Verdict:
    """Means and variances of segments of the rows: they find where something changes on the way."""
    p_values = estimates.segment_p_values

    def describe(kind: int, segment: int, i: int) -> str:
        return describe_segment(estimates, segment, i, of_variance=bool(kind))

    title, named = "Means and variances along the rows", _of_columns(estimates, estimates.selection.segmented)
    return bonferroni("drift", title, p_values, error_rate, describe, NO_VARIABLE, lambda *place: named(place[-1]))


def describe_segment(estimates: Estimates, segment: int, i: int, *, of_variance: bool) -> str:
    """The mean or the standard deviation of a variable, by its position in `segmented`, in a segment of the rows."""
    selection, reference, measured = estimates.selection, estimates.reference, estimates.measured
    column = selection.segmented[i]
    mean, deviation, rows = reference.mean[column], reference.deviation[column], measured.segment_rows[segment]
    if of_variance:
        step, seen = deviation / sqrt(2.0 * rows), deviation * sqrt(estimates.segment_variances[segment, i])
        error = signed(estimates.segment_variance_errors[segment, i])
        text = (
            f"standard deviation {to_precision(seen, step)}, expected {to_precision(deviation, step)}; the variance is "
            f"off by {error} standard errors"
        )
    else:
        step, seen = deviation / sqrt(rows), mean + deviation * measured.segment_means[segment, i]
        text = _describe_mean(seen, mean, step, estimates.segment_errors[segment, i])
    return f"{estimates.name(column)} in {selection.row_range(segment)}: {text}"


def marginals(estimates: Estimates, error_rate: float) -> Verdict:
    """Shapes of single variables."""
    binned, rows, cdf = estimates.selection.binned, estimates.selection.rows, estimates.reference.laws.marginal_cdf
    tests = compare_marginals(estimates)
    bounds, below, p_values = tests.bounds, tests.below, tests.p_values

    def describe(i: int, j: int) -> str:
        bound, seen = bounds[j], int(below[i, j])
        side, seen = ("below", seen) if bound < 0 else ("above", rows - seen)
        region = f"more than {number(abs(bound))} standard deviations {side} the mean" if bound else "above the mean"
        expected = float(cdf(np.array(-abs(bound))))
        return f"{estimates.name(binned[i])}: {_describe_share('', region, seen, expected, rows)}"

    named = _of_columns(estimates, binned)
    title = "Shapes of single variables"
    return bonferroni("marginals", title, p_values, error_rate, describe, NO_VARIABLE, lambda i, _: named(i))


def _describe_share(what: str, region: str, seen: int, expected: float, rows: int) -> str:
    return (
        f"{percent(seen / rows)}{what} lie {region}, expected {percent(expected)}; "
        f"{plural(seen, 'row', ',')}, expected {expected_count(expected * rows)}"
    )


def distances(estimates: Estimates, error_rate: float) -> Verdict:
    """Squared Mahalanobis distances: their shape, and their mean in each segment of the rows."""
    law, measured, title = estimates.reference.radial, estimates.measured, "Mahalanobis distances"
    counts, means = measured.squared_lengths.counts, measured.squared_lengths.means[:, 0]
    total, untested = int(counts.sum()), estimates.reference.no_radial_law
    if law is None or not total:
        untested = untested or "nothing to test: there are no rows"
    elif law.rounding > MAX_ROUNDING:
        dtype = estimates.selection.manifest.dtype
        untested = f"not tested: rounding of {dtype} hides the directions of the smallest variance"
    if law is None or untested:
        return Verdict("distances", title, ok=True, tests=0, p_value=None, text=untested)
    bounds = law.histogram.edges[LENGTH_BINS_PER_BOUND - 1 :: LENGTH_BINS_PER_BOUND]
    below = np.cumsum(measured.lengths)[LENGTH_BINS_PER_BOUND - 1 : -1 : LENGTH_BINS_PER_BOUND]
    shape = binomial_p_value(below, total, law.cdf(bounds - law.rounding), law.cdf(bounds + law.rounding))
    rounding = 2.0 * law.rounding / sqrt(law.rank) + law.rounding**2 / law.rank
    degrees = law.squared_degrees * counts.astype(np.float64)
    along = np.where(counts > 0, chi2_p_value(means / law.rank * degrees, degrees, rounding), np.nan)

    def describe(i: int) -> str:
        if i < len(bounds):
            p, seen = float(law.cdf(bounds[i])), int(below[i])
            side, seen, p = ("below", seen, p) if p < 0.5 else ("above", total - seen, 1.0 - p)
            return _describe_share(" of the squared distances", f"{side} {number(bounds[i] ** 2)}", seen, p, total)
        segment = i - len(bounds)
        error = (means[segment] / law.rank - 1.0) / sqrt(2.0 / degrees[segment])
        return (
            f"the mean squared distance in {estimates.selection.row_range(segment)} is {number(means[segment], 5)}, "
            f"expected {law.rank}, {signed(error)} standard errors"
        )

    return bonferroni("distances", title, np.concatenate([shape, along]), error_rate, describe)


def repeated_rows(estimates: Estimates, error_rate: float) -> Verdict:
    """Rows that come again at one distance, by two variables of each part: `ComparedRows`."""
    repeats = estimates.measured.repeats
    columns = estimates.selection.columns.tolist()
    names = [estimates.name(columns.index(variables[0])) for variables in repeats]
    return repeated_rows_verdict(list(repeats.values()), names, error_rate)


FAMILIES = (means, variances, pairs, marginals, distances, drift, repeated_rows)
"""Families of tests that share the error rate."""


def verdicts_on(estimates: Estimates, error_rate: float = ERROR_RATE) -> tuple[Verdict, ...]:
    """All verdicts."""
    own = error_rate / len(FAMILIES)
    found = [family(estimates, own) for family in FAMILIES]
    if estimates.reference.laws.of_scores:
        # Rows that come again are the same, whatever they are compared by.
        found = [
            each if each.family == "repeated_rows" else replace(each, title=f"{each.title} (normal scores)")
            for each in found
        ]
    if estimates.selection.has_points:
        found = [replace(each, ok=True, tests=0, p_value=None, text=DEPENDENT_ROWS) for each in found]
    chunks = chunks_verdict(estimates.selection.manifest, estimates.measured.chunks)
    return (*found, numbers_verdict(estimates), chunks, factor_verdict(estimates))
