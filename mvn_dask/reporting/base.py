"""What all reports have: where the store lies, what its manifest says, and verdicts.

Input: a store that was looked at. Output: a page, text, plain numbers. Cost: the page some 0.1 s.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from mvn_dask.display.one_line import one_line
from mvn_dask.environment import Environment, environment
from mvn_dask.escaping import printable_lines
from mvn_dask.estimation.convergence import Convergence
from mvn_dask.reporting.downloads import csv_download, json_download
from mvn_dask.reporting.estimate_pictures import estimate_pictures, plain_series
from mvn_dask.reporting.notebook import framed
from mvn_dask.reporting.number_format import rate
from mvn_dask.reporting.verdict import ERROR_RATE, Verdict
from mvn_dask.signatures import short_signature

REPORT_FORMAT = "mvn_dask report"
REPORT_FORMAT_VERSION = 1
"""Version of the layout of `Report.as_dict`: another one where a field changes its meaning, or is left out."""
GRADE_CLASSES = {"ok": "ok", "warning": "warn", "NOT ok": "bad", "not tested": "none"}
"""Classes of the page's style, by the grade of a verdict."""


@short_signature
@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Report(ABC):
    r"""What a store holds, compared with what it should hold; of derived numbers, with one another.

    See Also
    --------
    mvn_dask.report : Gives it.

    Examples
    --------
    >>> import mvn_dask
    >>> mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1), "memory://report-shown")
    >>> report = mvn_dask.report("memory://report-shown")
    >>> report.ok, len(report.verdicts) > 3, report.left_out, report.html[:15]
    (True, True, [], '<!doctype html>')
    >>> report.as_dict()["shape"], report.to_csv().count("\n")
    ([1000, 2], 3)
    """

    url: str
    """Where it lies, without secrets."""
    content: Mapping[str, Any]
    """Its manifest: all that decides its numbers."""
    begun: Environment | None
    """Where it was begun; None where that is not known."""
    made: datetime
    """When this report was made, in UTC."""
    verdicts: tuple[Verdict, ...]
    """What families of tests say."""
    error_rate: float = ERROR_RATE
    """Share of sound samples for which `ok` is False, at most; of derived numbers, of independent, equally distributed
    rows."""
    convergences: Mapping[str, Convergence] = field(default_factory=dict, repr=False)
    """Estimates of first rows, by the names under which they are shown."""
    here: Environment = field(default_factory=environment)
    """Where this report was made."""

    @property
    def ok(self) -> bool:
        """Whether all verdicts are."""
        return all(verdict.ok for verdict in self.verdicts)

    @property
    @abstractmethod
    def html(self) -> str:
        """One self-contained page of less than 5 MB, which loads nothing from a network."""

    @property
    @abstractmethod
    def left_out(self) -> list[str]:
        """What was not looked at, a sentence each."""

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """Numbers and verdicts, JSON-able, of bounded size; None stands for what is no finite number.

        See Also
        --------
        to_csv : Single variables.
        """

    @property
    @abstractmethod
    def table(self) -> list[str]:
        """Lines of `to_csv`, the header first."""

    @property
    @abstractmethod
    def tabled_what(self) -> str:
        """What a line of the table is, in the plural."""

    def to_csv(self) -> str:
        """The table of all variables that were looked at, or of the estimates of columns, as a file of CSV.

        Numbers have all their digits. A name that a spreadsheet would take for a formula has an apostrophe before it.

        See Also
        --------
        as_dict : All numbers and verdicts.
        """
        return "".join(self.table)

    @property
    @abstractmethod
    def compared_with(self) -> str:
        """What `error_rate` is a share of, in the plural."""

    @property
    def name(self) -> str:
        """The last part of where the store lies."""
        return self.url.rstrip("/").rsplit("/", 1)[-1] or self.url

    def common(self) -> dict[str, Any]:
        """What is said of any store, JSON-able."""
        return {
            "format": REPORT_FORMAT,
            "format_version": REPORT_FORMAT_VERSION,
            "url": self.url,
            "ok": self.ok,
            "error_rate": self.error_rate,
            "made": self.made.isoformat(),
            "fingerprint": self.content["fingerprint"],
            "shape": self.content["array"]["shape"],
            "dtype": self.content["array"]["dtype"],
            "begun_with": self.begun.as_dict() if self.begun else None,
            "reported_with": self.here.as_dict(),
            "verdicts": [asdict(each) | {"grade": each.grade} for each in self.verdicts],
            "convergences": plain_series(self.convergences),
            "left_out": self.left_out,
        }

    def page_values(self) -> dict[str, object]:
        """What the templates of all pages take."""
        bad, warned = (
            ", ".join(each.title for each in self.verdicts if chosen(each))
            for chosen in (lambda each: not each.ok, lambda each: each.warning)
        )
        name = self.name
        return {
            "report": self,
            "name": name,
            "downloads": [json_download(name, self.as_dict()), csv_download(name, self.table, self.tabled_what)],
            "format_version": REPORT_FORMAT_VERSION,
            "tabled_what": self.tabled_what,
            "tests": sum(each.tests for each in self.verdicts),
            "bad": bad,
            "warned": warned,
            "grades": GRADE_CLASSES,
            "estimate_pictures": estimate_pictures(self.convergences),
            "manifest": json.dumps(self.content, indent=2, ensure_ascii=False, default=str),
        }

    def __repr__(self) -> str:
        shape = tuple(self.content["array"]["shape"])
        bad = [each.family for each in self.verdicts if not each.ok]
        failed = {"failed": bad} if bad else {}
        return one_line(type(self).__name__, {"url": self.url, "ok": self.ok, "shape": shape, **failed})

    def _repr_html_(self) -> str:
        """The page, as a notebook shows it."""
        return framed(self.html, f"Report on {self.name}", str(self))

    def __str__(self) -> str:
        head = f"{self.url}: {'ok' if self.ok else 'NOT ok'} (wrong for {rate(self.error_rate)} {self.compared_with})"
        left_out = [f"left out: {text}" for text in self.left_out]
        return printable_lines(
            [head, *(f"  {verdict}" for verdict in self.verdicts), *(f"  {text}" for text in left_out)]
        )
