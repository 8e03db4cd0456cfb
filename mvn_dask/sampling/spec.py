"""A sample on spec: everything that decides its numbers and how it is cut, before there is any dask array."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import FloatArray
from mvn_dask.covariance import Covariance, Factor
from mvn_dask.lineage import Lineage
from mvn_dask.random.streams import Root
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.sampling.chunking import ChunkLengths, Rows, as_request
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.workers import spool_folder, workers

STREAMS = 1
"""Version of the rule by which streams become rows. A new rule is a new number, and so new fingerprints."""


@dataclass(frozen=True, eq=False)
class SampleSpec:
    """A sample on spec."""

    plan: Plan
    """Which rows and streams make which block."""
    lineage: Lineage
    """Where the numbers come from; its carrier holds the factor and the mean."""
    recut: ChunkLengths | None
    """Chunks of the array, where they are not the plan's."""

    @property
    def broadcast(self) -> Broadcast:
        """The factor and the mean."""
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
        self.plan.refuse_too_large(self.broadcast.factor.nbytes, memory)
        if self.recut is not None:
            self.plan.refuse_too_large_recut(self.recut, memory)


def sample_spec(
    mean: FloatArray,
    covariance: Covariance,
    size: tuple[int, ...],
    *,
    root: Root,
    dtype: np.dtype[np.floating],
    chunks: object,
    names: tuple[str, ...] | None,
    factor: Factor | None = None,
) -> SampleSpec:
    """Put a sample on spec.

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
        See `mvn_dask.sampling.chunking.as_request`.
    names : tuple of str or None
        Names of the variables.
    factor : Factor, optional
        In that dtype: the factor that another machine made of this covariance, taken as it is.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `chunks` makes no sense, or makes too many blocks.
    """
    with np.errstate(over="ignore"):
        factor = covariance.factorize().astype(dtype) if factor is None else factor
        mean = mean.astype(dtype, copy=False)
    for argument, numbers in {"mean": mean, **factor.arrays()}.items():
        checks.not_too_large(argument, numbers)
    checks.not_too_small("cov", covariance.diagonal(), dtype)
    request = as_request(chunks, size, _rows(factor, dtype), workers)
    plan = Plan(size, factor.ndim, factor.noise_ndim, dtype.name, root, request.cuts)
    plan.refuse_too_many()
    broadcast = Broadcast(factor, mean, spool_folder)
    values = {"streams": STREAMS, **plan.record(), "covariance": covariance.record(), **broadcast.digests}
    return SampleSpec(plan, Lineage(values, broadcast, _dimensions(plan), names), request.recut)


def respecify(
    values: Mapping[str, object],
    plan: Plan,
    broadcast: Broadcast,
    chunks: tuple[int, ...],
    names: tuple[str, ...] | None,
) -> SampleSpec:
    """Put a sample on spec that was specified before, from what decides its values.

    Parameters
    ----------
    values : mapping
        `mvn_dask.lineage.Lineage.values`, of the plan's size.
    plan : Plan
        Its cuts do not matter.
    broadcast : Broadcast
        Factor and mean.
    chunks : tuple of int
        Lengths of a block along every axis, that of the variables included.
    names : tuple of str or None
        Names of the variables.
    """
    request = as_request(chunks, plan.size, _rows(broadcast.factor, np.dtype(plan.dtype)), workers)
    plan = Plan(plan.size, plan.ndim, plan.noise_ndim, plan.dtype, plan.root, request.cuts)
    plan.refuse_too_many()
    return SampleSpec(plan, Lineage(values, broadcast, _dimensions(plan), names), request.recut)


def _rows(factor: Factor, dtype: np.dtype[Any]) -> Rows:
    return Rows(factor.ndim, factor.noise_ndim, dtype.itemsize, factor.nbytes)


def _dimensions(plan: Plan) -> tuple[str, ...]:
    axes = len(plan.size)
    return (*(("sample",) if axes == 1 else tuple(f"sample_{axis}" for axis in range(axes))), "variable")
