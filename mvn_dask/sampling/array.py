"""The lazy Dask array of a sample.

Input: a `SampleSpec`. Output: an array whose graph is one blockwise layer over block numbers, and one node that holds
the parameters and the plan. Cost: two numbers a block.
"""

from dataclasses import dataclass
from typing import cast

import dask.array as da
import numpy as np
from dask.delayed import delayed

from mvn_dask._typing import FloatArray
from mvn_dask.hashing import fingerprint
from mvn_dask.lineage import Lineage
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.sampling.chunking import ChunkLengths
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.spec import SampleSpec
from mvn_dask.sampling.workers import workers


@dataclass(frozen=True, eq=False)
class SampleSource:
    """The one node of the graph that all tasks share."""

    plan: Plan
    """Which rows and streams make which block."""
    lineage: Lineage
    """Where the numbers come from; it carries the sampler."""

    @property
    def broadcast(self) -> Broadcast:
        """What carries the sampler."""
        return cast(Broadcast, self.lineage.carrier)

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self.broadcast.__sizeof__()


def draw_block(source: SampleSource, block_id: tuple[int, ...]) -> FloatArray:
    """The task: one block, by its number along each axis of the array."""
    # A task gets its number alone: rows and streams follow from it and the plan, so the graph does not grow with them.
    block, plan = block_id[:-1], source.plan
    rows = source.broadcast.sampler.draw(plan, *plan.bounds(block))
    return rows.reshape(*plan.block_size(block), plan.ndim)


def sample(spec: SampleSpec) -> da.Array:
    """A lazy array of samples, shape (*size, d).

    Raises
    ------
    BlockTooLargeError
        If a block cannot fit into the memory of a process.
    """
    spec.refuse_too_large(workers().memory)
    array = _drawn(spec.plan, spec.lineage)
    return array if spec.recut is None else _recut(array, spec.recut, spec.lineage)


def _drawn(plan: Plan, lineage: Lineage) -> da.Array:
    # The fingerprint stands for the values, the layout for the blocks: two cuts of the same values must not share keys.
    name = "-".join(filter(None, (lineage.name, plan.layout())))
    source = SampleSource(plan, lineage)
    return cast(
        da.Array,
        da.map_blocks(
            draw_block,
            source=delayed(source, name=name.replace("mvn", "mvn-source", 1), traverse=False),
            name=name,
            chunks=(*plan.lengths, (plan.ndim,)),
            dtype=plan.dtype,
            meta=np.empty((0,) * (len(plan.size) + 1), plan.dtype),
        ),
    )


def _recut(array: da.Array, lengths: ChunkLengths, lineage: Lineage) -> da.Array:
    """Cut a drawn array into blocks that no task can draw; its name stays that of the sample."""
    recut = array.rechunk(lengths)
    name = f"{lineage.name}-recut-{fingerprint(lengths)[:16]}"
    return cast(da.Array, da.map_blocks(_identity, recut, name=name, dtype=array.dtype, meta=array._meta))


def _identity(block: FloatArray) -> FloatArray:
    return block
