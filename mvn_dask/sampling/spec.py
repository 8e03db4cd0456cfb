"""The spec of a sample: everything that decides its numbers and how it is cut into blocks.

Input: a sampler, a shape, a root of streams, chunks. Output: a `SampleSpec`, before there is any dask array. Cost: the
digests of the parameters, about 0.5 s a GiB.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from mvn_dask import checks
from mvn_dask.lineage import Lineage
from mvn_dask.random.streams import Root
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.sampling.chunking import ChunkLengths, RowCost, as_request
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.sampler import Sampler
from mvn_dask.sampling.workers import spool_folder, workers

STREAMS = 1
"""Version of the rule by which streams become rows. A new rule is a new number, and so new fingerprints."""


@dataclass(frozen=True, eq=False)
class SampleSpec:
    """Everything that decides a sample and its blocks."""

    plan: Plan
    """Which rows and streams make which block."""
    lineage: Lineage
    """Where the numbers come from; it carries the sampler."""
    recut: ChunkLengths | None
    """Chunks of the array, where they are not the plan's."""

    @property
    def broadcast(self) -> Broadcast:
        """What carries the sampler."""
        return cast(Broadcast, self.lineage.carrier)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return (*self.plan.size, self.plan.ndim)

    @property
    def lengths(self) -> ChunkLengths:
        """Lengths of the array's blocks along every axis."""
        return self.recut or (*self.plan.lengths, (self.plan.ndim,))

    def refuse_too_large(self, memory: int) -> None:
        """Raise if a block cannot fit into a process of so many bytes.

        Raises
        ------
        BlockTooLargeError
            With the bytes needed and the bytes there are.
        """
        self.plan.refuse_too_large(self.broadcast.sampler.nbytes, memory)
        if self.recut is not None:
            self.plan.refuse_too_large_recut(self.recut, memory)


def sample_spec(
    sampler: Sampler,
    size: tuple[int, ...],
    *,
    root: Root,
    dtype: np.dtype[np.floating[Any]],
    chunks: object,
    names: tuple[str, ...] | None,
) -> SampleSpec:
    """The spec of a new sample.

    Parameters
    ----------
    sampler : Sampler
        In that dtype.
    size : tuple of int
        Shape of the sample without the axis of the variables.
    root : Root
        Root of the stripes' streams.
    dtype : dtype
        float64 or float32: of the normals and of the result.
    chunks : object
        See `mvn_dask.sampling.chunking.as_request`.
    names : tuple of str or None
        Names of the variables.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `chunks` makes no sense, or makes too many blocks, or the dtype cannot hold a parameter.
    """
    for name, numbers in sampler.parameters().items():
        if numbers.dtype.kind == "f":
            checks.not_too_large(name.partition(".")[0], numbers)
    whole = Plan(size, sampler.ndim, sampler.noise_ndim, dtype.name, root, tuple(max(1, n) for n in size))
    broadcast = Broadcast(sampler, spool_folder)
    values = {
        "streams": STREAMS,
        **whole.record(),
        "distribution": sampler.record(),
        "parameters": broadcast.description(),
    }
    return _cut(whole, values, broadcast, chunks, names)


def resized(
    values: Mapping[str, Any], plan: Plan, broadcast: Broadcast, chunks: object, names: tuple[str, ...] | None
) -> SampleSpec:
    """The spec of a sample that was specified before, of another size perhaps.

    Parameters
    ----------
    values : mapping
        What decides its values: `mvn_dask.lineage.Lineage.values`.
    plan : Plan
        Of the size that is wanted; its cuts do not matter.
    broadcast : Broadcast
        What carries its sampler.
    chunks, names
        As for `sample_spec`.
    """
    return _cut(plan, {**values, "size": list(plan.size)}, broadcast, chunks, names)


def _cut(
    plan: Plan, values: Mapping[str, Any], broadcast: Broadcast, chunks: object, names: tuple[str, ...] | None
) -> SampleSpec:
    cost = RowCost(plan.ndim, plan.noise_ndim, plan.itemsize, broadcast.sampler.nbytes)
    request = as_request(chunks, plan.size, cost, workers)
    plan = Plan(plan.size, plan.ndim, plan.noise_ndim, plan.dtype, plan.root, request.cuts)
    plan.refuse_too_many()
    axes = len(plan.size)
    rows = ("sample",) if axes == 1 else tuple(f"sample_{axis}" for axis in range(axes))
    return SampleSpec(plan, Lineage(values, broadcast, (*rows, "variable"), names), request.recut)
