"""From a sample on paper to a lazy Dask array: the waist of the house.

The graph is one blockwise layer over block numbers and one node that holds the factor, the mean and the
plan. A task gets its block's number, finds its rows and streams in the plan, and draws.
"""

from dataclasses import dataclass
from typing import cast

import dask.array as da
import numpy as np
from dask.delayed import delayed

from mvn_dask import kernel
from mvn_dask.broadcast import Broadcast
from mvn_dask.checks import FloatArray
from mvn_dask.chunking import ChunkLengths
from mvn_dask.cluster import workers
from mvn_dask.draft import Draft
from mvn_dask.plan import Plan
from mvn_dask.provenance import Provenance, fingerprint


@dataclass(frozen=True, eq=False)
class Source:
    """The one node of the graph that all tasks share."""

    plan: Plan
    """Which rows and streams make which block."""
    provenance: Provenance
    """Where the numbers come from; its carrier holds the factor and the mean."""

    @property
    def broadcast(self) -> Broadcast:
        """The factor and the mean."""
        return cast(Broadcast, self.provenance.carrier)

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self.broadcast.__sizeof__()


def draw_block(source: Source, block_id: tuple[int, ...]) -> FloatArray:
    """The task: one block, by its number along each axis of the array."""
    broadcast = source.broadcast
    return kernel.draw(broadcast.factor, broadcast.mean, source.plan, block_id[:-1])


def sample(draft: Draft) -> da.Array:
    """A lazy array of samples, shape (*size, d).

    Raises
    ------
    BlockTooLargeError
        If a block cannot fit into the memory of a process.
    """
    draft.refuse_too_large(workers().memory)
    array = _drawn(draft.plan, draft.provenance)
    return array if draft.recut is None else _recut(array, draft.recut, draft.provenance)


def _drawn(plan: Plan, provenance: Provenance) -> da.Array:
    # The fingerprint tells the values, the layout tells the blocks: both make a dask key.
    name = "-".join(filter(None, (provenance.name, plan.layout())))
    source = Source(plan, provenance)
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


def _recut(array: da.Array, lengths: ChunkLengths, provenance: Provenance) -> da.Array:
    """Cut a drawn array into blocks that no task can draw; it stays the same sample by name."""
    recut = array.rechunk(lengths)
    name = f"{provenance.name}-recut-{fingerprint(lengths)[:16]}"
    return cast(da.Array, da.map_blocks(_as_it_is, recut, name=name, dtype=array.dtype, meta=array._meta))


def _as_it_is(block: FloatArray) -> FloatArray:
    return block
