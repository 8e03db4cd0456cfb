"""A report about the store of a sample: verdicts, numbers, and one HTML file with its style and its pictures inside.

Input: estimates of a finished sample. Output: a `SampleReport`. Cost: the page some 0.1 s.
"""

from dataclasses import dataclass, field
from typing import Any

from mvn_dask.reporting.asked_and_drawn import comparisons
from mvn_dask.reporting.base import Report
from mvn_dask.reporting.downloads import csv_lines
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.svg import render
from mvn_dask.reporting.plain_numbers import plain
from mvn_dask.reporting.reference import marginal_histogram
from mvn_dask.reporting.reproduction import python_lines, shell_command
from mvn_dask.reporting.sample_pictures import sample_pictures
from mvn_dask.reporting.variable_table import LISTED, farthest_off, tabled, variable_columns
from mvn_dask.reporting.verdicts import FAMILIES
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, inner_chunk_count

MOST_VARIABLES = 1000
"""Variables whose moments are listed in JSON; of more, the first ones of those that were looked at."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
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

    @property
    def table(self) -> list[str]:
        columns = variable_columns(self.estimates)
        heads = [name.removesuffix("s") for name in columns]
        return csv_lines([heads, *zip(*columns.values(), strict=True)])

    @property
    def tabled_what(self) -> str:
        return "variables"

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.common(),
            "sample": self.content["samples"][0],
            **self.estimates.reference.diagnostics.as_dict(),
            **_numbers_of(self.estimates),
        }


def _numbers_of(estimates: Estimates) -> dict[str, Any]:
    reference, measured, selection = estimates.reference, estimates.measured, estimates.selection
    law = reference.radial
    return {
        "normal_scores": reference.laws.of_scores,
        "variables": variable_columns(estimates, MOST_VARIABLES),
        "correlations": {
            "variables": selection.columns[selection.paired].tolist(),
            "sample": plain(estimates.correlation),
            "expected": plain(reference.correlation),
            "covariance_errors": plain(estimates.covariance_errors),
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
        **sample_pictures(estimates, limits, report.error_rate / len(FAMILIES)),
        "comparisons": comparisons(estimates),
        "python": python_lines(report.url),
        "shell": shell_command(report.url),
        "has_options": "://" in report.url and not report.url.startswith("memory:"),
        "farthest_off": farthest_off(estimates),
        "listed": LISTED,
        "tabled": tabled(estimates),
    }
