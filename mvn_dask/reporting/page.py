"""The page: one HTML file with its style and its pictures inside, without any code to run.

Input: what a report consists of. Output: HTML, below 2 MB. Jinja2 escapes all text. Cost: some 0.1 s.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from mvn_dask.environment import Environment, environment
from mvn_dask.reporting.estimates import Estimates, largest
from mvn_dask.reporting.figures.heatmaps import heatmaps
from mvn_dask.reporting.figures.marginals import histograms
from mvn_dask.reporting.figures.qq import qq_plot
from mvn_dask.reporting.figures.running_means import running_means
from mvn_dask.reporting.figures.svg import render
from mvn_dask.reporting.number_format import signed, to_precision
from mvn_dask.reporting.verdicts import ERROR_RATE, FAMILIES, Verdict
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, inner_chunk_count

MANIFEST_LETTERS = 20_000
"""Letters of a manifest that are shown; names of many variables make it long."""
LISTED = 10
"""Variables in the table of those that are farthest off."""


@dataclass(frozen=True, eq=False)
class ReportData:
    """What a store holds, compared with what it should hold."""

    url: str
    """Where it lies, without secrets."""
    content: Mapping[str, Any]
    """Its manifest: all that decides its numbers."""
    begun: Environment | None
    """Where it was begun; None where that is not known."""
    made: datetime
    """When this report was made, in UTC."""
    estimates: Estimates = field(repr=False)
    """The numbers behind verdicts and figures."""
    verdicts: tuple[Verdict, ...]
    """What families of tests say."""
    error_rate: float = ERROR_RATE
    """Share of sound samples for which `ok` is False, at most."""
    here: Environment = field(default_factory=environment)
    """Where this report was made."""

    @property
    def ok(self) -> bool:
        """Whether all verdicts are."""
        return all(verdict.ok for verdict in self.verdicts)


def page(report: ReportData) -> str:
    """The whole page, with those pictures and tables that have something to show."""
    estimates, selection = report.estimates, report.estimates.selection
    constant, testable = estimates.reference.constant, estimates.reference.testable
    tests = {verdict.family: verdict.tests for verdict in report.verdicts}

    def single(family: str) -> float:
        """p-value at which a single test of a family fails."""
        return report.error_rate / len(FAMILIES) / max(1, tests[family])

    return render(
        "page.html",
        report=report,
        selection=selection,
        name=report.url.rstrip("/").rsplit("/", 1)[-1] or report.url,
        tests=sum(tests.values()),
        chunks=chunk_count(selection.manifest),
        inner_chunks=inner_chunk_count(selection.manifest),
        chunk_bytes=chunk_bytes(selection.manifest),
        hidden=int((~testable & ~constant).sum()),
        constant=int(constant.sum()),
        manifest=json.dumps(report.content, indent=2, ensure_ascii=False, default=str),
        manifest_letters=MANIFEST_LETTERS,
        histograms=[(_variable(estimates, column), picture) for column, picture in histograms(estimates)],
        qq_plot=qq_plot(estimates, single("distances")),
        distances=int(estimates.measured.squared_lengths.counts.sum()),
        heatmaps=heatmaps(estimates),
        untested_pairs=bool((estimates.tested_pairs == 0).any()),
        running_means=running_means(estimates, single("means")),
        farthest_off=[_variable(estimates, column) for column in farthest_off(estimates)],
    )


def farthest_off(estimates: Estimates) -> list[int]:
    """Columns whose mean or variance is farthest off, in that order."""
    if estimates.rows < 2:
        return []
    errors = np.maximum(np.abs(estimates.mean_errors), np.abs(estimates.variance_errors))
    return largest(errors, estimates.reference.testable, LISTED)


def _variable(estimates: Estimates, column: int) -> dict[str, str]:
    reference = estimates.reference
    step = reference.deviation[column] / estimates.rows**0.5
    return {
        "name": estimates.name(column),
        "mean": to_precision(estimates.mean[column], step),
        "expected_mean": to_precision(reference.mean[column], step),
        "mean_error": signed(estimates.mean_errors[column]),
        "deviation": to_precision(estimates.deviation[column], step),
        "expected_deviation": to_precision(reference.deviation[column], step),
        "variance_error": signed(estimates.variance_errors[column]),
    }
