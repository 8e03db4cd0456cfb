"""The spec of a sample: everything that decides its numbers and how it is cut into blocks.

Input: a sampler, a shape, a root of streams, chunks. Output: a `SampleSpec`, before there is any dask array. Cost: the
digests of the parameters, about 0.5 s a GiB.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, cast

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import Chunks
from mvn_dask.advice import Advice, advising_warning
from mvn_dask.errors import ArgumentError, BlockTooLargeError
from mvn_dask.event import Event
from mvn_dask.lineage import Lineage
from mvn_dask.random.streams import Root
from mvn_dask.readable import plural
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.sampling.chunking import ChunkLengths, cut_plan
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.points import SobolPoints, points_arrays, refuse_unfit, replicate_number
from mvn_dask.sampling.sampler import Sampler
from mvn_dask.sampling.workers import spool_folder, spool_setting

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
    def lengths(self) -> ChunkLengths:
        """Lengths of the array's blocks along every axis."""
        return self.recut or (*self.plan.lengths, *((length,) for length in self.lineage.event.shape))

    def __sizeof__(self) -> int:
        # For distributed, which weighs a node of a graph by its size.
        return object.__sizeof__(self) + self.broadcast.__sizeof__()

    def refuse_too_large(self, memory: int) -> None:
        """Raise a `BlockTooLargeError` if a block cannot fit into a process of so many bytes."""
        self.plan.refuse_too_large(self.broadcast.sampler.drawing_bytes, memory)
        shape = tuple(map(max, self.recut or ()))
        needed = prod(shape) * self.plan.itemsize
        if shape and needed > memory:
            raise BlockTooLargeError(
                f"a block of shape {shape} needs {plural(needed, 'byte')}, and a process has "
                f"{plural(memory, 'byte')}: use smaller `chunks`"
            )

    def with_replicate(self, replicate: int) -> "SampleSpec":
        """The spec of the same sample of Sobol' points under another scramble of the same seed.

        Raises ArgumentError, ArgumentTypeError if it is none of Sobol' points, or no scramble has that number.
        """
        number = replicate_number(replicate)
        if self.plan.points is None:
            raise ArgumentError(
                "only a sample of Sobol' points has replicates, and this one is drawn from streams: "
                "sample(2**k, seed=..., points='sobol') draws one"
            )
        beside = points_arrays(self.plan.root, self.plan.noise_ndim, number)
        broadcast = self.broadcast.with_beside(beside, spool_folder)
        plan = replace(self.plan, points=SobolPoints(number, broadcast))
        values = {**self.lineage.values, **plan.record(), "parameters": broadcast.description()}
        return replace(self, plan=plan, lineage=replace(self.lineage, values=values, carrier=broadcast))


def sample_spec(
    sampler: Sampler,
    size: tuple[int, ...],
    *,
    root: Root,
    dtype: np.dtype[np.floating[Any]],
    chunks: Chunks,
    event: Event,
    replicate: int | None = None,
) -> SampleSpec:
    """The spec of a new sample, of shape (*size, *event.shape), from a sampler in its dtype.

    With the number of a `replicate`, its normals are made of Sobol' points under that scramble.

    Warns of blocks that are far below a stripe. Raises ArgumentError, ArgumentTypeError if `chunks` makes no sense (see
    `cut_plan`), or makes too many blocks, or the dtype cannot hold a parameter; if it can be no sample of points.
    """
    for name, numbers in sampler.parameters().items():
        if numbers.dtype.kind == "f":
            checks.not_too_large(name.partition(".")[0], numbers)
    if len(size) + len(event.shape) > checks.MAX_AXES:
        raise ArgumentError(
            f"`size` and a draw of shape {event.shape} must have at most {checks.MAX_AXES} axes together: `size` has "
            f"{len(size)}"
        )
    spool_setting()  # here, where an error has a traceback that users can read: it is needed where a graph is pickled
    plan = Plan.uncut(size, sampler.ndim, sampler.noise_ndim, dtype.name, root)
    broadcast = Broadcast(sampler, spool_folder)
    if replicate is not None:
        if not sampler.is_made_of_normals:
            raise ArgumentError(
                f"`points` take the place of normals alone, and rows of {sampler.record()['kind']!r} "
                "are made of other random numbers as well: leave `points` out"
            )
        refuse_unfit(size, dtype.name, plan.noise_ndim)
        broadcast = Broadcast(sampler, spool_folder, points_arrays(root, plan.noise_ndim, replicate))
        plan = replace(plan, points=SobolPoints(replicate, broadcast))
    values = {"distribution": sampler.record(), "parameters": broadcast.description()}
    spec = cut_spec({"streams": STREAMS, **plan.record(), **values}, plan, broadcast, chunks, event)
    _warn_of_waste(spec.plan)
    return spec


def _warn_of_waste(plan: Plan) -> None:
    """Warn, with the `chunks` that would serve, of blocks far below a stripe."""
    if not plan.wastes_drawing():
        return
    way_out = f"{plan.stripe}, or a multiple of it," if plan.rows > plan.stripe else "-1,"
    text = (
        f"blocks of {plural(plan.block_rows, 'row')} are far below a stripe of {plural(plan.stripe, 'row')}, which "
        f"each of them draws from its beginning: {plan.drawn_rows / plan.rows:.0f} times the rows of the sample are "
        "drawn."
    )
    advice = Advice(
        f"Use {{chunks}}{way_out} which gives the same rows; {{shards}} make small pieces of a store for readers"
    )
    warnings.warn(advising_warning(UserWarning, text, advice), stacklevel=checks.caller_level())


def cut_spec(values: Mapping[str, Any], plan: Plan, broadcast: Broadcast, chunks: Chunks, event: Event) -> SampleSpec:
    """The spec of a sample, from what decides its values, its plan whatever its cuts, and what carries its sampler."""
    plan, recut = cut_plan(plan, event.shape, chunks, broadcast.sampler.drawing_bytes)
    plan.refuse_too_many()
    rows = ("sample",) if len(plan.size) == 1 else tuple(f"sample_{axis}" for axis in range(len(plan.size)))
    return SampleSpec(plan, Lineage(values, broadcast, rows, event), recut)
