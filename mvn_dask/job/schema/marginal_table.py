"""A marginal law: the tables in ``marginals`` of ``[distribution]``.

Input: the name of a continuous distribution of scipy.stats, and its parameters as numbers. Output: the same; whether
there is such a distribution is known where scipy is imported. Cost: none.
"""

from typing import Any

from pydantic import ConfigDict, Field

from mvn_dask.errors import ArgumentError
from mvn_dask.job.schema.base import Faults, Table, Text
from mvn_dask.job.toml_format import preview


class MarginalTable(Table):
    """A continuous distribution of scipy.stats."""

    model_config = ConfigDict(extra="allow")

    name: Text = Field(
        description="distribution of scipy.stats; its shape parameters are keys beside it, named as there",
        examples=["lognorm"],
    )
    loc: float | None = Field(default=None, description="what is added; 0 by default")
    scale: float | None = Field(default=None, description="what is multiplied with; 1 by default")

    def contradictions(self) -> Faults:
        extra = self.__pydantic_extra__ or {}
        return [
            (key, f"must be a number, not {preview(value)}")
            for key, value in extra.items()
            if not isinstance(value, (int, float)) or isinstance(value, bool) or abs(value) > 1e300
        ]

    @property
    def parameters(self) -> dict[str, float]:
        """Parameters by their names in scipy."""
        own = {"loc": self.loc, "scale": self.scale}
        given = {key: value for key, value in own.items() if value is not None}
        return given | {key: float(value) for key, value in (self.__pydantic_extra__ or {}).items()}


def as_marginals(value: object) -> Any:
    """One table as a list of it alone."""
    if isinstance(value, (dict, MarginalTable)):
        return (value,)
    if not isinstance(value, (list, tuple)) or not value:
        raise ArgumentError(f"must be a table, or a list of tables, not {preview(value)}")
    return tuple(value)
