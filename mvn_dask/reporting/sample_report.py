"""A report about the store of a sample: verdicts, numbers, and one HTML file with its style and its pictures inside.

Input: estimates of a finished sample. Output: a `SampleReport`. Cost: the page some 0.1 s.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.reporting.base import Report
from mvn_dask.reporting.estimates import Estimates, largest
from mvn_dask.reporting.figures.svg import render
from mvn_dask.reporting.reference import marginal_histogram
from mvn_dask.reporting.sample_pictures import sample_pictures
from mvn_dask.reporting.verdicts import FAMILIES
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, inner_chunk_count

MOST_VARIABLES = 1000
"""Variables whose moments are listed in JSON; of more, the first ones of those that were looked at."""
LISTED = 10
"""Variables in the table of those that are farthest off."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SampleReport(Report):
    """What the store of a sample holds, compared with what its distribution says."""

    estimates: Estimates = field(repr=False)
    """The numbers behind verdicts and figures."""

    @property
    def html(self) -> str:
        return str(render("page.html", **_page_values(self)))

    @property
    def left_out(self) -> list[str]:
        return self.estimates.selection.left_out()

    @property
    def compared_with(self) -> str:
        return "sound samples"

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.common(),
            "sample": self.content["samples"][0],
            **self.estimates.reference.diagnostics.as_dict(),
            **_numbers_of(self.estimates),
        }


def _plain(values: npt.NDArray[Any]) -> list[Any]:
    """Nested lists, None where a number is not finite."""
    plain = values.astype(object)
    plain[~np.isfinite(values)] = None
    return list(plain.tolist())


def _numbers_of(estimates: Estimates) -> dict[str, Any]:
    reference, measured, selection = estimates.reference, estimates.measured, estimates.selection
    law, shown = reference.radial, slice(min(MOST_VARIABLES, len(selection.columns)))
    return {
        "normal_scores": reference.laws.of_scores,
        "variables": {
            "names": [estimates.name(column) for column in range(shown.stop)],
            "mean": _plain(estimates.mean[shown]),
            "expected_mean": _plain(reference.mean[shown]),
            "mean_errors": _plain(estimates.mean_errors[shown]),
            "standard_deviation": _plain(estimates.deviation[shown]),
            "expected_standard_deviation": _plain(reference.deviation[shown]),
        },
        "correlations": {
            "variables": selection.columns[selection.paired].tolist(),
            "sample": _plain(estimates.correlation),
            "expected": _plain(reference.correlation),
            "covariance_errors": _plain(estimates.covariance_errors),
        }
        if estimates.selection.rows > 1
        else None,
        "distances": {
            "degrees_of_freedom": law.rank,
            "rows": int(measured.squared_lengths.counts.sum()),
            "bounds": (law.histogram.edges**2).tolist(),
            "counts": measured.lengths.tolist(),
        }
        if law is not None
        else None,
        "histograms": {
            "variables": selection.columns[selection.binned].tolist(),
            "bounds": marginal_histogram(selection.binned).edges.tolist(),
            "counts": measured.histograms.tolist(),
        },
    }


def _page_values(report: SampleReport) -> dict[str, object]:
    """What the template of the page takes, with those pictures that have something to show."""
    estimates, manifest, reference = report.estimates, report.estimates.selection.manifest, report.estimates.reference
    # p-values at which a single test of a family fails.
    limits = {each.family: report.error_rate / len(FAMILIES) / max(1, each.tests) for each in report.verdicts}
    return {
        **report.page_values(),
        "families": len(FAMILIES),
        "chunks": chunk_count(manifest),
        "inner_chunks": inner_chunk_count(manifest),
        "chunk_bytes": chunk_bytes(manifest),
        "hidden": int((~reference.testable & ~reference.constant).sum()),
        "constant": int(reference.constant.sum()),
        **sample_pictures(estimates, limits),
        "farthest_off": farthest_off(estimates),
    }


def farthest_off(estimates: Estimates) -> list[int]:
    """Columns whose mean or variance is farthest off, in that order."""
    if estimates.selection.rows < 2:
        return []
    errors = np.maximum(np.abs(estimates.mean_errors), np.abs(estimates.variance_errors))
    return largest(errors, estimates.reference.testable, LISTED)
