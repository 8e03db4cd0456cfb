"""The page: one HTML file with its style and its pictures inside, without any code to run."""

import json
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from mvn_dask.reporting.sections import figures
from mvn_dask.reporting.verdict import Verdict
from mvn_dask.reporting.words import count, share
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, inner_chunk_count
from mvn_dask.store.status import readable

if TYPE_CHECKING:
    from mvn_dask.reporting.outcome import Outcome

LONGEST_RECORD = 20_000
"""Letters of a record that are shown; names of many variables make it long."""


@cache
def _part(name: str) -> str:
    """A file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def page(report: "Outcome") -> str:
    """The whole page."""
    verdict, grade = _verdict(report)
    record = json.dumps(report.content, indent=2, ensure_ascii=False, default=str)
    if len(record) > LONGEST_RECORD:
        record = f"{record[:LONGEST_RECORD]}\n… and {len(record) - LONGEST_RECORD:,} letters more"
    tests = sum(each.tests for each in report.verdicts)
    return Template(_part("page.html")).substitute(
        name=escape(report.url.rstrip("/").rsplit("/", 1)[-1] or report.url),
        url=escape(report.url),
        version=escape(report.here.mvn_dask),
        made=f"{report.made:%Y-%m-%d %H:%M} UTC",
        style=_part("page.css"),
        verdict=verdict,
        grade=grade,
        rate=f"This page calls {share(report.error_rate)} sound samples faulty, at most: that is the error rate of all "
        f"its {tests:,} statistical tests together.",
        verdicts="\n".join(map(_line, report.verdicts)),
        facts="\n".join(f"<dt>{escape(what)}</dt><dd>{text}</dd>" for what, text in _facts(report)),
        figures=figures(report.findings, report.verdicts, report.error_rate),
        notes="\n".join(f"<li>{escape(note)}</li>" for note in _notes(report)),
        dtype=escape(report.content["array"]["dtype"]),
        record=escape(record),
    )


def _verdict(report: "Outcome") -> tuple[str, str]:
    bad = [each.title for each in report.verdicts if not each.ok]
    if bad:
        return f"This is not the sample that its record says. Look at: {escape(', '.join(bad))}.", "bad"
    if not any(each.tests for each in report.verdicts):
        return "There is nothing in this sample that could be tested.", "none"
    return "Nothing speaks against this sample.", "ok"


def _line(verdict: Verdict) -> str:
    grade = {"ok": "ok", "NOT ok": "bad"}.get(verdict.grade, "none")
    if not verdict.tests:
        chance = "no chance involved" if verdict.chance is not None else ""
    else:
        often = "nearly all sound samples" if verdict.chance == 1.0 else f"{share(verdict.chance or 0.0)} sound samples"
        chance = f"as bad in {often}; {count(verdict.tests, 'test')}"
    return (
        f'<li><b>{escape(verdict.title)}</b><span class="grade {grade}">{escape(verdict.grade)}</span>'
        f'<span class="words">{escape(verdict.words)}</span><span class="chance">{escape(chance)}</span></li>'
    )


def _facts(report: "Outcome") -> Iterable[tuple[str, str]]:
    """What stands in the record, as markup."""
    selection, sample = report.findings.selection, report.content["samples"][0]
    record, covariance = selection.record, sample["covariance"]
    size = " × ".join(f"{n:,}" for n in record.shape[:-1]) or "1"
    yield "Size", f"{size} rows of {count(selection.ndim, 'variable')}, {escape(record.dtype.name)}"
    pieces = (
        "" if record.array.inner_chunks is None else f", each a shard of {count(inner_chunk_count(record), 'piece')}"
    )
    chunks = chunk_count(record)
    shape = escape(str(record.chunks))
    yield "Chunks", f"{count(chunks, 'chunk')} of shape {shape}{pieces}; {readable(chunks * chunk_bytes(record))}"
    method = covariance.get("method")
    factor = f"{selection.ndim:,} × {selection.noise_ndim:,}" if not selection.diagonal else "diagonal"
    made = f", factorised by {escape(str(method))}" if method else ""
    yield "Covariance", f"{escape(str(covariance.get('kind')))}{made}; factor {factor}"
    key = ", ".join(map(str, sample["key"]))
    yield "Seed", f"{escape(str(sample['entropy']))}, key ({escape(key)})"
    streams = f"one stream for each {count(int(sample['stripe']), 'row')}"
    yield "Random numbers", f"{escape(str(sample['bit_generator']))}, {streams}"
    yield "Fingerprint", f"<code>{escape(str(report.content['fingerprint']))}</code>"
    yield "Begun with", _versions(report.begun.as_dict()) if report.begun else "not known any more"
    yield "Reported with", _versions(report.here.as_dict())


def _versions(environment: dict[str, str]) -> str:
    return escape(", ".join(f"{name} {value}" if name != "machine" else value for name, value in environment.items()))


def _notes(report: "Outcome") -> list[str]:
    findings = report.findings
    coarse = int((~findings.expectation.testable & ~findings.expectation.constant).sum())
    still = int(findings.expectation.constant.sum())
    told = [
        "The error rate is divided evenly over six families of tests, and in each family over its tests (Bonferroni): "
        "it holds whatever depends on what, and for any number of rows.",
        "Means are tested as normal, variances as χ², covariances by a saddlepoint approximation "
        "(Barndorff-Nielsen's r*, doi:10.1093/biomet/78.3.557), shapes by exact binomial tests of the share of numbers "
        "below fixed bounds.",
    ]
    if coarse:
        told.append(f"Not tested: {count(coarse, 'variable')} whose standard deviation rounding hides.")
    if still:
        told.append(f"Without variance: {count(still, 'variable')}, whose numbers were compared with the mean.")
    return [*told, *(f"Left out. {text}" for text in findings.selection.left_out())]
