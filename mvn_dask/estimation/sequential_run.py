"""Rounds of rows, each as long as the error of those before asks for.

Input: a distribution, a function of its rows, a statistic, a goal, and what an earlier run has kept. Output: an
estimate. Cost: that of the rows, each drawn once, but for up to a leaf a round.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import dask.array as da
import numpy as np

from mvn_dask import checks
from mvn_dask.display.fragments import badge, facts
from mvn_dask.display.markup import Content, Html
from mvn_dask.display.previews import preview
from mvn_dask.distribution.base import Distribution
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.estimation.identity import identity_of
from mvn_dask.estimation.kept_state import Nodes, StateFile
from mvn_dask.estimation.passes import Part, forests_of
from mvn_dask.estimation.row_function import Function, applied, evaluated
from mvn_dask.estimation.row_source import PIECE_BYTES, RowSource, leaf_rows
from mvn_dask.execution.client import thread_count
from mvn_dask.random.streams import SeedLike, as_root
from mvn_dask.readable import plural
from mvn_dask.sampling.array import sample
from mvn_dask.sampling.spec import SampleSpec
from mvn_dask.signatures import short_signature
from mvn_dask.statistics.base import NextPass, Request, Scope, Statistic
from mvn_dask.statistics.forest import Forest
from mvn_dask.statistics.mean import Mean
from mvn_dask.statistics.missing_values import Counted, MissingValues
from mvn_dask.statistics.probability import Probability
from mvn_dask.statistics.results import Estimate, Result

PILOT_ROWS = 1000
"""Rows of the first round."""
LEAST_EVENTS = 30
"""Events of a probability, at least, before a relative error is believed."""
MARGIN, LEAST_GROWTH, MOST_GROWTH = 1.02, 1.1, 4.0
"""By how much more rows are planned than the errors ask for; and a round's rows over those before."""


@short_signature
@dataclass(frozen=True, repr=False)
class SequentialEstimate(Result):
    """An estimate of as many rows as its precision took.

    See Also
    --------
    mvn_dask.estimate_until : Gives it.
    mvn_dask.statistics.results.Estimate : An estimate of a fixed number of rows.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Mean
    >>> normal = mvn_dask.MultivariateNormal([1.0], [[1.0]])
    >>> found = mvn_dask.estimate_until(normal, None, Mean(), atol=0.05, seed=1)
    >>> found.stopped_by, found.confidence_interval.high - found.value < 0.05
    ('goal', True)
    >>> found.standard_error * found.count**0.5 < 1.5
    True
    """

    estimate: Estimate
    """That of `mvn_dask.estimate` of the first `count` rows, to the bit."""
    stopped_by: Literal["goal", "max_rows"]
    """Whether it is as precise as was asked for, or rows ended before."""
    rounds: tuple[int, ...]
    """Rows after each round of this call."""

    @property
    def value(self) -> Any:
        """That of the estimate."""
        return self.estimate.value

    @property
    def standard_error(self) -> Any:
        """That of the estimate."""
        return self.estimate.standard_error

    @property
    def confidence_interval(self) -> Any:
        """That of the estimate."""
        return self.estimate.confidence_interval

    @property
    def count(self) -> int:
        """Rows that it rests on."""
        return self.rounds[-1]

    def _summary(self) -> Content:
        return self.estimate._summary()

    def _shown(self) -> Iterator[Html]:
        yield from self.estimate._shown()
        reached = self.stopped_by == "goal"
        yield facts({
            "stopped by": badge("goal", "ok") if reached else badge("max_rows", "warn"),
            "rounds": preview([f"{rows:,}" for rows in self.rounds], "round"),
        })  # fmt: skip

    def __str__(self) -> str:
        return f"{self.estimate}\nstopped by {self.stopped_by} after {plural(len(self.rounds), 'round')}"


@dataclass(frozen=True)
class Goal:
    """A tolerance."""

    rtol: float | None
    atol: float | None

    def __post_init__(self) -> None:
        if self.rtol is None and self.atol is None:
            raise ArgumentError("give `rtol` or `atol`: without a tolerance no number of rows is enough")
        for name, value in (("rtol", self.rtol), ("atol", self.atol)):
            if value is None:
                continue
            number = checks.real_number(name, value, "positive")
            if not 0.0 < number < math.inf:
                raise ArgumentError(f"`{name}` must be positive: it is {value}")
            object.__setattr__(self, name, number)

    def ratio(self, estimate: Estimate, events: float) -> float:
        """The half-width of the widest interval over its goal; at most 1 where it is reached."""
        interval = estimate.confidence_interval
        half = (np.asarray(interval.high) - np.asarray(interval.low)) / 2.0
        absolute = self.atol or 0.0
        relative = (self.rtol or 0.0) * np.abs(estimate.value) if events >= LEAST_EVENTS else 0.0
        with np.errstate(all="ignore"):
            ratios = half / np.maximum(absolute, relative)
        return math.inf if np.isnan(ratios).any() else float(np.max(ratios))


def next_rows(rows: int, ratio: float) -> int:
    """Rows after the next round, where the half-width of so many is `ratio` times its goal.

    >>> next_rows(1000, 1.5), next_rows(1000, 1.01), next_rows(1000, 9.0)
    (2295, 1100, 4000)
    """
    wanted = MARGIN * rows * ratio * ratio
    return math.ceil(min(max(wanted, LEAST_GROWTH * rows), MOST_GROWTH * rows))


@dataclass(frozen=True, eq=False)
class SequentialRun:
    """What is drawn and computed."""

    distribution: Distribution
    function: Function | None
    statistic: Statistic[Any, Any]
    spec: SampleSpec
    """The spec of as many rows as there may be."""
    columns: int
    """Numbers that the function gives of a row."""
    leaf: int = field(init=False)
    """Rows of a leaf."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "leaf", leaf_rows(self.columns))

    @classmethod
    def begin(
        cls, distribution: Distribution, function: Function | None, statistic: Request[Any], most: int, seed: SeedLike,
        level: float,
    ) -> "SequentialRun":  # fmt: skip
        """Raises ArgumentError and ArgumentTypeError for what cannot be computed."""
        if not isinstance(distribution, Distribution):
            raise ArgumentTypeError(f"`distribution` must be one of mvn_dask's, not {type(distribution).__name__}")
        if not isinstance(statistic, Request):
            raise ArgumentTypeError(f"`statistic` must be one of mvn_dask.statistics, not {statistic!r}")
        if function is not None and not callable(function):
            raise ArgumentTypeError(f"`function` must be a function of rows, or None, not {type(function).__name__}")
        if statistic.further_arrays:
            raise ArgumentError("a statistic with `controls` cannot be estimated until: they are of a fixed array")
        spec = distribution.spec((most,), root=as_root(seed).child(0), dtype=np.dtype(np.float64), chunks="auto")
        first = spec.broadcast.sampler.draw(spec.plan, 0, min(most, 16)).reshape(-1, *distribution.event_shape)
        columns = evaluated(first, function=function).shape[1]
        prepared = statistic.prepared(Scope(most, columns, np.dtype(np.float64), level))
        if prepared.first_rows(most) < most:
            raise ArgumentError(
                f"{type(statistic).__name__} looks at its rows more than once, and cannot be estimated until: "
                "mvn_dask.estimate gives it for a number of rows"
            )
        return cls(distribution, function, prepared, spec, columns)

    def identity(self, statistic: Request[Any]) -> dict[str, Any]:
        """What decides the nodes, by names that errors use."""
        values = {name: value for name, value in self.spec.lineage.values.items() if name != "size"}
        seed = {name: values.pop(name) for name in list(values) if name in self.spec.plan.root.record()}
        return {
            "seed": seed,
            "distribution": values,
            "function": identity_of(self.function),
            "statistic": identity_of(statistic),
        }

    def until(self, goal: Goal, most: int, file: StateFile | None) -> SequentialEstimate:
        rows, kept = (0, {}) if file is None else file.read()
        if rows > most:
            raise ArgumentError(f"`state` holds {plural(rows, 'row')} already, and `max_rows` is {most}")
        nodes: Nodes = {key: Counted(*node) for key, node in kept.items()}
        # The last round is looked at again, so that a run that was killed goes on as it would have.
        done, rows, rounds = rows // self.leaf * self.leaf, max(PILOT_ROWS, rows), []
        while True:
            nodes, estimate = self._round(nodes, done, rows)
            done = rows // self.leaf * self.leaf
            rounds.append(rows)
            # No more rows would make it finite.
            if isinstance(self.statistic, Mean) and not np.isfinite(estimate.value).all():
                raise ArgumentError(
                    f"`function` must give finite numbers: the mean of the first {plural(rows, 'row')} is "
                    f"{estimate.value}"
                )
            if file is not None:
                file.write(rows, nodes)
            ratio = goal.ratio(estimate, self._events(estimate))
            if ratio <= 1.0 or rows == most:
                return SequentialEstimate(estimate, "goal" if ratio <= 1.0 else "max_rows", tuple(rounds))
            rows = min(most, next_rows(rows, ratio))

    def _events(self, estimate: Estimate) -> float:
        """Events that a probability rests on; no bound for anything else."""
        if not isinstance(self.statistic, Probability):
            return math.inf
        return float(np.max(estimate.value)) * float(np.max(estimate.count))

    def _round(self, nodes: Nodes, done: int, rows: int) -> tuple[Nodes, Estimate]:
        """Nodes of the whole leaves of so many rows, and the estimate, from the nodes of the leaves that are done."""
        whole = rows // self.leaf * self.leaf
        # What is begun of a last leaf is computed again when there is more of it.
        parts = [Part((self.statistic,), done, whole, rows=whole), Part((self.statistic,), whole, rows, rows=rows)]
        parts = [part for part in parts if part.start < part.stop]
        source = RowSource(self._array(done, rows))
        found = forests_of(source, parts, columns=None, leaf_rows=self.leaf, omit=False) if parts else {}
        kept: Forest[Counted, Counted] = Forest(MissingValues((self.statistic,), omit=False), rows, self.leaf)
        kept.add_nodes(nodes)
        if parts and parts[0].stop == whole:
            kept.merge(found[0])
        nodes = kept.nodes()
        if parts and parts[-1].stop > whole:
            kept.merge(found[len(parts) - 1])
        result = kept.result()
        (estimate,) = result.inner if isinstance(result, Counted) else (result,)
        if isinstance(estimate, NextPass) or not isinstance(estimate, Estimate):
            raise ArgumentError(
                f"`statistic` must give one Estimate: {type(self.statistic).__name__} gives {type(estimate).__name__}"
            )
        return nodes, estimate.squeezed() if np.size(estimate.value) == 1 else estimate

    def _array(self, done: int, rows: int) -> da.Array:
        """The function of the first rows, in blocks of which one begins with the first that is not done."""
        row = self.spec.plan.ndim * 8
        height = max(self.spec.plan.stripe, PIECE_BYTES // row // self.spec.plan.stripe * self.spec.plan.stripe)
        # Work for all threads, in whole stripes.
        share = -(-(rows - done) // (4 * thread_count()) // self.spec.plan.stripe) * self.spec.plan.stripe
        height = max(self.spec.plan.stripe, min(height, share))
        lengths = [length for start, stop in ((0, done), (done, rows)) for length in _cut(stop - start, height)]
        spec = self.distribution.spec(
            (rows,), root=self.spec.plan.root, dtype=np.dtype(np.float64),
            chunks=(tuple(lengths), *self.distribution.event_shape),
        )  # fmt: skip
        return applied(self.function, sample(spec), self.columns)


def _cut(rows: int, height: int) -> list[int]:
    return [height] * (rows // height) + ([rows % height] if rows % height else [])
