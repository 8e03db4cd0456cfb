"""Time that writing takes, from one chunk that is written where the store goes, and removed.

Input: a prepared job. Output: seconds. Cost: drawing one chunk, and writing it.
"""

import uuid

import numpy as np

from mvn_dask.execution.ranges import BlockNumbers
from mvn_dask.job.preparation import PreparedJob
from mvn_dask.store.format.layout import chunk_index, chunk_shape, encode
from mvn_dask.store.format.writer_note import WRITER


def write_seconds(prepared: PreparedJob, missing: BlockNumbers) -> float:
    """Seconds that writing these chunks takes, one after the other.

    Raises what writing raises: no permission, no space, …. Nothing is left behind, neither the chunk nor a folder;
    after a kill, what is left is a temporary file of a store, which the next job removes.
    """
    if not len(missing):
        return 0.0
    storage, manifest, plan = prepared.storage, prepared.manifest, prepared.spec.plan
    index = chunk_index(manifest, int(missing[0]))
    # Numbers of the sample, since file systems and networks may compress others.
    start, stop = plan.bounds(index[: len(plan.size)])
    block = prepared.spec.broadcast.sampler.draw(plan, start, stop).reshape(chunk_shape(manifest, index))
    # On the way to a file that every store has: no other file in its folder is a store's own.
    key = f"{WRITER}.{uuid.uuid4().hex}.partial"
    seconds = storage.probe(key, encode(manifest, np.asarray(block, manifest.dtype)))
    return seconds * len(missing)
