"""From a sample on spec to a lazy Dask array: the waist of the house.

The graph is one blockwise layer over block numbers and one node that holds the factor, the mean and the
plan. A task gets its block's number, finds its rows and streams in the plan, and draws.
"""

from dataclasses import dataclass
from typing import cast

import dask.array as da
import numpy as np
from dask.delayed import delayed

from mvn_dask._typing import FloatArray
from mvn_dask.hashing import fingerprint
from mvn_dask.lineage import Lineage
from mvn_dask.sampling import kernel
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.sampling.chunking import ChunkLengths
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.spec import SampleSpec
from mvn_dask.sampling.workers import workers


@dataclass(frozen=True, eq=False)
class Source:
    """The one node of the graph that all tasks share."""

    plan: Plan
    """Which rows and streams make which block."""
    lineage: Lineage
    """Where the numbers come from; its carrier holds the factor and the mean."""

    @property
    def broadcast(self) -> Broadcast:
        """The factor and the mean."""
        return cast(Broadcast, self.lineage.carrier)

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self.broadcast.__sizeof__()


def draw_block(source: Source, block_id: tuple[int, ...]) -> FloatArray:
    """The task: one block, by its number along each axis of the array."""
    broadcast = source.broadcast
    return kernel.draw(broadcast.factor, broadcast.mean, source.plan, block_id[:-1])


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
    # The fingerprint tells the values, the layout tells the blocks: both make a dask key.
    name = "-".join(filter(None, (lineage.name, plan.layout())))
    source = Source(plan, lineage)
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
    """Cut a drawn array into blocks that no task can draw; it stays the same sample by name."""
    recut = array.rechunk(lengths)
    name = f"{lineage.name}-recut-{fingerprint(lengths)[:16]}"
    return cast(da.Array, da.map_blocks(_as_it_is, recut, name=name, dtype=array.dtype, meta=array._meta))


def _as_it_is(block: FloatArray) -> FloatArray:
    return block
