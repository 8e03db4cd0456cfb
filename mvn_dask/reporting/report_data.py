"""What is known once a store was looked at: what pages and numbers are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mvn_dask.provenance import Environment, environment
from mvn_dask.reporting.findings import Findings
from mvn_dask.reporting.judging import ERROR_RATE
from mvn_dask.reporting.verdict import Verdict


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a store holds, beside what it should hold."""

    url: str
    """Where it lies, without secrets."""
    content: Mapping[str, Any]
    """Its plan record: all that decides its numbers."""
    begun: Environment | None
    """Where it was begun; None where that is not known."""
    made: datetime
    """When this report was, in UTC."""
    findings: Findings = field(repr=False)
    """The numbers behind verdicts and figures."""
    verdicts: tuple[Verdict, ...]
    """What families of tests say."""
    error_rate: float = ERROR_RATE
    """Share of sound samples for which `ok` is False, at most."""
    here: Environment = field(default_factory=environment)
    """Where this report was made."""

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against the sample."""
        return all(verdict.ok for verdict in self.verdicts)
