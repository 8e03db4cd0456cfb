"""A report as JSON: plain dictionaries, lists, text and numbers, of bounded size."""

from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.reference import marginal_histogram
from mvn_dask.reporting.report_data import ReportData

MOST_VARIABLES = 1000
"""Variables whose moments are listed; of more, the first ones of those that were looked at."""


def as_dict(report: ReportData) -> dict[str, Any]:
    """The report; None stands for what is no finite number."""
    estimates = report.estimates
    return {
        "url": report.url,
        "ok": report.ok,
        "error_rate": report.error_rate,
        "made": report.made.isoformat(),
        "fingerprint": report.content["fingerprint"],
        "shape": report.content["array"]["shape"],
        "dtype": report.content["array"]["dtype"],
        "sample": report.content["samples"][0],
        "begun_with": report.begun.as_dict() if report.begun else None,
        "reported_with": report.here.as_dict(),
        "verdicts": [
            {
                "family": each.family,
                "title": each.title,
                "grade": each.grade,
                "ok": each.ok,
                "tests": each.tests,
                "p_value": each.p_value,
                "text": each.text,
            }
            for each in report.verdicts
        ],
        "variables": _variables(estimates),
        "correlations": _correlations(estimates),
        "distances": _distances(estimates),
        "histograms": _histograms(estimates),
        "left_out": estimates.selection.left_out(),
    }


def _plain(values: npt.NDArray[Any]) -> list[Any]:
    """Nested lists, None where a number is not finite."""
    plain = values.astype(object)
    plain[~np.isfinite(values)] = None
    return list(plain.tolist())


def _variables(estimates: Estimates) -> dict[str, Any]:
    reference, count = estimates.reference, min(MOST_VARIABLES, len(estimates.selection.columns))
    deviation = reference.deviation[:count]
    return {
        "names": [estimates.name(i) for i in range(count)],
        "mean": _plain(reference.mean[:count] + deviation * estimates.measured.mean[:count]),
        "expected_mean": _plain(reference.mean[:count]),
        "mean_errors": _plain(estimates.mean_errors[:count]),
        "standard_deviation": _plain(deviation * np.sqrt(estimates.measured.variance[:count])),
        "expected_standard_deviation": _plain(deviation),
    }


def _correlations(estimates: Estimates) -> dict[str, Any] | None:
    if estimates.rows < 2:
        return None
    return {
        "variables": estimates.selection.columns[estimates.selection.paired].tolist(),
        "sample": _plain(estimates.correlation),
        "expected": _plain(estimates.reference.correlation),
        "covariance_errors": _plain(estimates.covariance_errors),
    }


def _distances(estimates: Estimates) -> dict[str, Any] | None:
    law = estimates.reference.radial
    if law is None:
        return None
    return {
        "degrees_of_freedom": law.rank,
        "rows": int(estimates.measured.squared_lengths.counts.sum()),
        "bounds": (law.histogram.edges**2).tolist(),
        "counts": estimates.measured.lengths.tolist(),
    }


def _histograms(estimates: Estimates) -> dict[str, Any]:
    return {
        "variables": estimates.selection.columns[estimates.selection.binned].tolist(),
        "bounds": marginal_histogram(estimates.selection.binned).edges.tolist(),
        "counts": estimates.measured.histograms.tolist(),
    }
