"""What a report consists of: the input of the page, and of the numbers in JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mvn_dask.environment import Environment, environment
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.verdict import Verdict
from mvn_dask.reporting.verdicts import ERROR_RATE


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
