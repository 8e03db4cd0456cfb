"""From a factor and a plan to a lazy Dask array: the waist of the house.

The graph is one blockwise layer over block numbers and one node that holds the factor, the mean and the
plan. A task gets its block's number, finds its rows and streams in the plan, and draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import dask.array as da
import numpy as np
from dask.delayed import delayed

from mvn_dask import checks, kernel
from mvn_dask.broadcast import Broadcast
from mvn_dask.checks import FloatArray
from mvn_dask.chunking import ChunkLengths, Rows, as_request
from mvn_dask.cluster import spool_folder, workers
from mvn_dask.covariance import Covariance
from mvn_dask.plan import Plan
from mvn_dask.provenance import Provenance, fingerprint
from mvn_dask.streams import Root

STREAMS = 1
"""Version of the rule by which streams become rows. A new rule is a new number, and so new fingerprints."""


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


def sample(
    mean: FloatArray,
    covariance: Covariance,
    size: tuple[int, ...],
    *,
    root: Root,
    dtype: np.dtype[np.floating],
    chunks: object,
    names: tuple[str, ...] | None,
) -> da.Array:
    """A lazy array of samples.

    Parameters
    ----------
    mean : ndarray, shape (d,)
        The mean, float64.
    covariance : Covariance
        Of dimension d; factorised here unless it already is.
    size : tuple of int
        Shape of the sample without the axis of the variables.
    root : Root
        Root of the stripes' streams.
    dtype : dtype
        float64 or float32: of the normals, of the factor and of the result.
    chunks : object
        See `mvn_dask.chunking.as_request`.
    names : tuple of str or None
        Names of the variables.

    Returns
    -------
    dask.array.Array, shape (*size, d)

    Raises
    ------
    BlockTooLargeError
        If a block cannot fit into the memory of a process.
    ArgumentError, ArgumentTypeError
        If `chunks` makes no sense.
    """
    with np.errstate(over="ignore"):
        factor = covariance.factorize().astype(dtype)
        mean = mean.astype(dtype, copy=False)
    for argument, numbers in {"mean": mean, **factor.arrays()}.items():
        checks.not_too_large(argument, numbers)
    checks.not_too_small("cov", covariance.diagonal(), dtype)
    where = workers()
    rows = Rows(factor.ndim, factor.noise_ndim, dtype.itemsize, factor.nbytes)
    request = as_request(chunks, size, rows, where)
    plan = Plan(size, factor.ndim, factor.noise_ndim, dtype.name, root, request.cuts)
    plan.refuse_too_many()
    plan.refuse_too_large(factor.nbytes, where.memory)
    provenance = _provenance(plan, Broadcast(factor, mean, spool_folder), covariance, names)
    array = _drawn(plan, provenance)
    if request.recut is None:
        return array
    plan.refuse_too_large_recut(request.recut, where.memory)
    return _recut(array, request.recut, provenance)


def _provenance(plan: Plan, broadcast: Broadcast, covariance: Covariance, names: tuple[str, ...] | None) -> Provenance:
    values = {
        "streams": STREAMS,
        **plan.record(),
        "covariance": covariance.record(),
        **broadcast.digests,
    }
    return Provenance(values, broadcast, _dimensions(plan), names)


def _dimensions(plan: Plan) -> tuple[str, ...]:
    axes = len(plan.size)
    return (*(("sample",) if axes == 1 else tuple(f"sample_{axis}" for axis in range(axes))), "variable")


def sample_again(
    values: Mapping[str, object],
    plan: Plan,
    broadcast: Broadcast,
    chunks: tuple[int, ...],
    names: tuple[str, ...] | None,
) -> da.Array:
    """The lazy array of a sample that was specified before, from what decides its values.

    Parameters
    ----------
    values : mapping
        `mvn_dask.provenance.Provenance.values`, of the plan's size.
    plan : Plan
        Its cuts do not matter.
    broadcast : Broadcast
        Factor and mean.
    chunks : tuple of int
        Lengths of a block along every axis, that of the variables included.
    names : tuple of str or None
        Names of the variables.
    """
    factor = broadcast.factor
    where = workers()
    request = as_request(chunks, plan.size, Rows(factor.ndim, factor.noise_ndim, plan.itemsize, factor.nbytes), where)
    plan = replace(plan, cuts=request.cuts)
    plan.refuse_too_many()
    plan.refuse_too_large(factor.nbytes, where.memory)
    provenance = Provenance(values, broadcast, _dimensions(plan), names)
    array = _drawn(plan, provenance)
    return array if request.recut is None else _recut(array, request.recut, provenance)


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
