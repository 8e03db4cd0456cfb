"""The page: one HTML file with its style and its pictures inside, without any code to run.

Input: a report. Output: HTML, below 2 MB. Jinja2 escapes all text in the templates, markupsafe all text in the
pictures. Cost: some 0.1 s.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.heatmaps import heatmaps
from mvn_dask.reporting.figures.marginals import histograms
from mvn_dask.reporting.figures.qq import qq_plot
from mvn_dask.reporting.figures.running_means import running_means
from mvn_dask.reporting.number_format import plural, rate, signed, to_precision
from mvn_dask.reporting.report_data import ReportData
from mvn_dask.reporting.verdicts import FAMILIES
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, inner_chunk_count
from mvn_dask.store.status import readable

MANIFEST_LETTERS = 20_000
"""Letters of a manifest that are shown; names of many variables make it long."""
LISTED = 10
"""Variables in the table of those that are farthest off."""
GRADES = {"ok": "ok", "NOT ok": "bad", "not tested": "none"}
"""Classes of the style by the grade of a verdict."""


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("mvn_dask.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    templates.filters |= {"rate": rate, "plural": plural}
    return templates


def page(report: ReportData) -> str:
    """The whole page."""
    grade, summary = _summary(report)
    constant, testable = report.estimates.reference.constant, report.estimates.reference.testable
    return (
        _templates()
        .get_template("page.html")
        .render(
            report=report,
            name=report.url.rstrip("/").rsplit("/", 1)[-1] or report.url,
            grade=grade,
            summary=summary,
            tests=sum(verdict.tests for verdict in report.verdicts),
            grades=GRADES,
            facts=_facts(report),
            hidden=int((~testable & ~constant).sum()),
            constant=int(constant.sum()),
            manifest=_manifest(report),
            **figures(report),
        )
    )


def figures(report: ReportData) -> dict[str, Any]:
    """Pictures and tables, as far as there is something to show."""
    estimates = report.estimates
    tests = {verdict.family: verdict.tests for verdict in report.verdicts}

    def single(family: str) -> float:
        """p-value at which a single test of a family fails."""
        return report.error_rate / len(FAMILIES) / max(1, tests[family])

    return {
        "selection": estimates.selection,
        "histograms": [(_variable(estimates, column), picture) for column, picture in histograms(estimates)],
        "qq_plot": qq_plot(estimates, single("distances")),
        "distances": int(estimates.measured.squared_lengths.counts.sum()),
        "heatmaps": heatmaps(estimates),
        "untested_pairs": bool((estimates.tested_pairs == 0).any()),
        "running_means": running_means(estimates, single("means")),
        "farthest_off": [_variable(estimates, column) for column in farthest_off(estimates)],
    }


def farthest_off(estimates: Estimates) -> list[int]:
    """Columns whose mean or variance is farthest off, in that order."""
    if estimates.rows < 2:
        return []
    errors = np.maximum(np.abs(estimates.mean_errors), np.abs(estimates.variance_errors))
    testable = estimates.reference.testable
    order = np.argsort(np.where(testable, -errors, 1.0), kind="stable")[:LISTED]
    return [int(i) for i in order if testable[i]]


def _variable(estimates: Estimates, column: int) -> dict[str, str]:
    mean, deviation = (float(each[column]) for each in (estimates.reference.mean, estimates.reference.deviation))
    step = deviation / estimates.rows**0.5
    return {
        "name": estimates.name(column),
        "mean": to_precision(estimates.mean(column), step),
        "expected_mean": to_precision(mean, step),
        "mean_error": signed(float(estimates.mean_errors[column])),
        "deviation": to_precision(estimates.deviation(column), step),
        "expected_deviation": to_precision(deviation, step),
        "variance_error": signed(float(estimates.variance_errors[column])),
    }


def _summary(report: ReportData) -> tuple[str, str]:
    """Class of the style, and a sentence."""
    bad = [verdict.title for verdict in report.verdicts if not verdict.ok]
    if bad:
        return "bad", f"This is not the sample that its manifest describes. Look at: {', '.join(bad)}."
    if not any(verdict.tests for verdict in report.verdicts):
        return "none", "There is nothing in this sample that could be tested."
    return "ok", "No test contradicts this sample."


def _facts(report: ReportData) -> Iterator[tuple[str, str]]:
    """What the manifest says, as terms and descriptions."""
    selection, sample = report.estimates.selection, report.content["samples"][0]
    manifest, chunks = selection.manifest, chunk_count(selection.manifest)
    distribution = sample["distribution"]
    size = " × ".join(f"{n:,}" for n in manifest.shape[:-1]) or "1"
    yield "Size", f"{size} rows of {plural(selection.ndim, 'variable')}, {manifest.dtype.name}"
    inner = ""
    if manifest.array.inner_chunks is not None:
        inner = f", each a shard of {plural(inner_chunk_count(manifest), 'inner chunk')}"
    nbytes = readable(chunks * chunk_bytes(manifest))
    yield "Chunks", f"{plural(chunks, 'chunk')} of shape {manifest.chunks}{inner}; {nbytes}"
    yield "Distribution", distribution["kind"].replace("_", " ")
    if "covariance" in distribution:
        covariance, factor = distribution["covariance"], distribution["factor"]
        method = f", factorised by {covariance['method']}" if covariance.get("method") else ""
        size = f"{sample['ndim']:,} × {sample['noise_ndim']:,}"
        yield "Covariance", f"{covariance['kind']}{method}; factor {factor['kind']}, {size}"
    yield "Seed", f"{sample['entropy']}, key ({', '.join(map(str, sample['key']))})"
    yield "Random numbers", f"{sample['bit_generator']}, one stream for each {plural(int(sample['stripe']), 'row')}"
    yield "Fingerprint", report.content["fingerprint"]
    yield "Begun with", _versions(report.begun.as_dict()) if report.begun else "not known any more"
    yield "Reported with", _versions(report.here.as_dict())


def _versions(environment: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" if name != "machine" else value for name, value in environment.items())


def _manifest(report: ReportData) -> str:
    text = json.dumps(report.content, indent=2, ensure_ascii=False, default=str)
    if len(text) <= MANIFEST_LETTERS:
        return text
    return f"{text[:MANIFEST_LETTERS]}\n… and {len(text) - MANIFEST_LETTERS:,} letters more"
