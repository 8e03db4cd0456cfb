"""A report as numbers that any language reads."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mvn_dask.reporting.expectation import edges

if TYPE_CHECKING:
    from mvn_dask.reporting.findings import Findings
    from mvn_dask.reporting.outcome import Outcome

MOST = 1000
"""Variables whose numbers are told; of more than that, the first ones of those that were looked at."""


def as_dict(report: "Outcome") -> dict[str, Any]:
    """Plain dictionaries, lists, words and numbers; None for what is no finite number."""
    findings = report.findings
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
                "chance": each.chance,
                "words": each.words,
            }
            for each in report.verdicts
        ],
        "variables": _variables(findings),
        "correlations": _correlations(findings),
        "distances": _distances(findings),
        "histograms": _histograms(findings),
        "left_out": findings.selection.left_out(),
    }


def _plain(values: npt.NDArray[Any]) -> list[Any]:
    """Nested lists, None where a number is not finite."""
    plain = values.astype(object)
    plain[~np.isfinite(values)] = None
    return list(plain.tolist())


def _variables(findings: "Findings") -> dict[str, Any]:
    expectation, count = findings.expectation, min(MOST, len(findings.selection.columns))
    deviation = expectation.deviation[:count]
    return {
        "names": [findings.name(i) for i in range(count)],
        "mean": _plain(expectation.mean[:count] + deviation * findings.shift[:count]),
        "wanted_mean": _plain(expectation.mean[:count]),
        "mean_errors": _plain(findings.mean_errors[:count]),
        "standard_deviation": _plain(deviation * np.sqrt(findings.ratio[:count])),
        "wanted_standard_deviation": _plain(deviation),
    }


def _correlations(findings: "Findings") -> dict[str, Any] | None:
    if findings.rows < 2:
        return None
    return {
        "variables": findings.selection.columns[findings.selection.paired].tolist(),
        "sample": _plain(findings.correlation),
        "expected": _plain(findings.expectation.correlation),
        "covariance_errors": _plain(findings.covariance_errors),
    }


def _distances(findings: "Findings") -> dict[str, Any] | None:
    lengths = findings.expectation.lengths
    if lengths is None:
        return None
    return {
        "degrees_of_freedom": lengths.rank,
        "rows": int(findings.summary.whitened.sum()),
        "bounds": (lengths.edges**2).tolist(),
        "counts": findings.summary.lengths.tolist(),
    }


def _histograms(findings: "Findings") -> dict[str, Any]:
    return {
        "variables": findings.selection.columns[findings.selection.binned].tolist(),
        "bounds": edges().tolist(),
        "counts": findings.summary.counts.tolist(),
    }
