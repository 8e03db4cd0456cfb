"""The estimates of a job. Input: results by table; output: values that print, and become plain dictionaries."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import sections
from mvn_dask.display.markup import Html
from mvn_dask.display.one_line import OneLine
from mvn_dask.escaping import printable
from mvn_dask.readable import plural


@dataclass(frozen=True, eq=False, repr=False)
class TableEstimate(OneLine, Shown):
    """What a table ``[[estimate]]`` asked for.

    See Also
    --------
    mvn_dask.job.job_estimates.JobEstimates : All of a job.

    Examples
    --------
    >>> import mvn_dask
    >>> job = mvn_dask.Job.from_mapping({
    ...     "version": 1,
    ...     "distribution": {"mean": [0.0, 1.0], "cov": [4.0, 9.0]},
    ...     "sample": {"size": 1000, "seed": 42},
    ...     "output": {"url": "memory://one-estimate"},
    ...     "estimate": [{"name": "average", "statistic": "mean", "column": 1}],
    ... })
    >>> [found] = job.estimate().estimates
    >>> found.name, found.table["statistic"], found.result.count
    ('average', 'mean', 1000)
    """

    name: str
    """The name of the table, or what is estimated of what."""
    table: Mapping[str, Any]
    """The keys of the table, as they are written."""
    result: Any
    """The result of the statistic."""

    def _essentials(self) -> Mapping[str, object]:
        return {"name": self.name, "result": self.result}

    def _summary(self) -> str:
        return self.name

    def _shown(self) -> Iterable[Html]:
        shown: Iterable[Html] = self.result._shown()
        return shown

    def __str__(self) -> str:
        lines = str(self.result).split("\n")
        return "\n".join([printable(self.name), *(f"  {printable(line)}" for line in lines)])


@dataclass(frozen=True, eq=False, repr=False)
class JobEstimates(OneLine, Shown):
    """What the tables ``[[estimate]]`` of a job asked for, in their order.

    See Also
    --------
    mvn_dask.Job.estimate : Gives it.

    Examples
    --------
    >>> import mvn_dask
    >>> job = mvn_dask.Job.from_mapping({
    ...     "version": 1,
    ...     "distribution": {"mean": [0.0, 1.0], "cov": [4.0, 9.0]},
    ...     "sample": {"size": 1000, "seed": 42},
    ...     "output": {"url": "memory://estimates"},
    ...     "estimate": [{"name": "average", "statistic": "mean", "column": 1}],
    ... })
    >>> found = job.estimate()
    >>> found["average"].count, len(found), found.to_dict()["shape"]
    (1000, 1, [1000, 2])
    """

    fingerprint: str
    """SHA-256 of everything that decides the values of the sample."""
    shape: tuple[int, ...]
    """Shape of the sample, the variables last."""
    estimates: tuple[TableEstimate, ...]
    """One for each table: `name`, `table` (its keys, as they are written) and `result`, whose fields are those of the
    statistic's result in Python; null stands for what is not known, or not finite."""

    def __getitem__(self, key: int | str) -> Any:
        """The result of a table, by its number or its name."""
        if isinstance(key, int):
            return self.estimates[key].result
        found = [each.result for each in self.estimates if each.name == key]
        if not found:
            raise KeyError(key)
        return found[0]

    def __len__(self) -> int:
        return len(self.estimates)

    def __iter__(self) -> Iterator[Any]:
        return (each.result for each in self.estimates)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, texts, lists and dictionaries; None stands for what is not known, or not finite.

        See Also
        --------
        mvn_dask.statistics.results.Result.to_dict : That of one result.
        """
        estimates = [
            {"name": each.name, "table": dict(each.table), "result": each.result.to_dict()} for each in self.estimates
        ]
        content: dict[str, Any] = _finite(
            {"fingerprint": self.fingerprint, "shape": self.shape, "estimates": estimates}
        )
        return content

    def _essentials(self) -> Mapping[str, object]:
        return {
            "fingerprint": self.fingerprint[:16],
            "shape": self.shape,
            "names": [each.name for each in self.estimates],
        }

    def _summary(self) -> str:
        return f"sample {self.fingerprint[:16]} of {plural(self.shape[0], 'row', ',')}"

    def _shown(self) -> Iterator[Html]:
        def part(place: int) -> tuple[Iterable[Html], str]:
            found = self.estimates[place]
            return found._shown(), str(found.result._summary())

        yield from sections([each.name for each in self.estimates], part, "estimate")

    def __str__(self) -> str:
        head = f"sample {self.fingerprint[:16]} of {plural(self.shape[0], 'row')}"
        return "\n\n".join([head, *map(str, self.estimates)])


def _finite(value: Any) -> Any:
    """What JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
