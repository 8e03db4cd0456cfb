"""The lazy Dask array of a sample.

Input: a `SampleSpec`. Output: an array whose graph is one blockwise layer over block numbers, and one node that holds
the spec. Cost: two numbers a block.
"""

from dataclasses import replace
from typing import cast

import dask.array as da
import numpy as np
from dask.delayed import delayed
from dask.layers import ArrayBlockIdDep

from mvn_dask._typing import FloatArray
from mvn_dask.execution.array_source import meta_of
from mvn_dask.execution.blocks import refuse_query_planning
from mvn_dask.hashing import fingerprint
from mvn_dask.sampling.spec import SampleSpec
from mvn_dask.sampling.workers import workers


def draw_block(block_id: tuple[int, ...], spec: SampleSpec) -> FloatArray:
    """The task: one block, by its number along each axis of the array."""
    # A task gets its number alone: rows and streams follow from it and the plan, so the graph does not grow with them.
    plan = spec.plan
    block = block_id[: len(plan.size)]
    rows = spec.broadcast.sampler.draw(plan, *plan.bounds(block))
    return rows.reshape(*plan.block_size(block), *spec.lineage.event.shape)


def sample(spec: SampleSpec) -> da.Array:
    """A lazy array of shape (*size, *event_shape); a `BlockTooLargeError` if a block cannot fit into a process."""
    refuse_query_planning()
    spec.refuse_too_large(workers().memory)
    plan, lineage = spec.plan, spec.lineage
    # The fingerprint stands for the values, the layout for the blocks: two cuts of the same values must not share keys.
    # So must two shapes of a draw, which decide no value.
    shape = lineage.event.shape
    of_shape = "" if len(shape) == 1 else "x".join(map(str, shape))
    name = "-".join(filter(None, (lineage.name, of_shape, plan.layout())))
    chunks = (*plan.lengths, *((length,) for length in shape))
    axes = tuple(range(len(chunks)))
    # What `da.map_blocks` makes of a function that takes its `block_id`, in half of the time.
    drawn = da.blockwise(
        draw_block,
        axes,
        ArrayBlockIdDep(chunks),
        axes,
        # The one node that all tasks share.
        spec=delayed(replace(spec, recut=None), name=name.replace("mvn", "mvn-source", 1), traverse=False),
        name=name,
        new_axes=dict(zip(axes, chunks, strict=True)),
        align_arrays=False,
        meta=meta_of(name, spec, len(chunks), plan.dtype),
    )
    if spec.recut is None:
        return cast(da.Array, drawn)
    # Blocks that no task can draw are cut from others; the name stays that of the sample.
    name = "-".join(filter(None, (lineage.name, of_shape, f"recut-{fingerprint(spec.recut)[:16]}")))
    meta = meta_of(name, spec, len(chunks), plan.dtype)
    return cast(da.Array, da.map_blocks(np.asarray, drawn.rechunk(spec.recut), name=name, meta=meta))
