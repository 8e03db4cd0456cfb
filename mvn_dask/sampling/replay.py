"""From what decides the values of a sample, as a record holds it, back to the sample.

The inverse of what `sampling` leaves in an array's lineage: whoever holds it, and the mean and the factor,
can draw any row again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask._typing import FloatArray
from mvn_dask.covariance.conversion import as_factor
from mvn_dask.errors import ArgumentError, DamagedManifestError
from mvn_dask.random.streams import recorded_root, stripe_height
from mvn_dask.sampling import kernel
from mvn_dask.sampling.array import sample
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.spec import STREAMS, respecify
from mvn_dask.sampling.workers import spool_folder

_FIELDS = {
    "streams", "size", "ndim", "noise_ndim", "stripe", "dtype", "bit_generator", "entropy", "key", "pool_size",
    "covariance", "mean", "factor",
}  # fmt: skip


@dataclass(frozen=True)
class Replay:
    """Draws rows of a sample that was specified before."""

    values: Mapping[str, Any]
    """What decides the values."""
    plan: Plan
    """Which rows and streams; it cuts nothing."""
    broadcast: Broadcast
    """Factor and mean."""

    def parts(self, window: Sequence[slice], *, full: bool) -> Iterator[tuple[Any, npt.NDArray[Any]]]:
        """Parts of a window of the sample: where they lie in it, and what stands there.

        Parameters
        ----------
        window : sequence of slice
            Along every axis, that of the variables included.
        full : bool
            All of the window; else only as many rows as share one stream, chosen by the window's place.
        """
        *axes, columns = window
        lengths = [axis.stop - axis.start for axis in axes]
        split = self._contiguous_from(axes)
        run = prod(lengths[split:])
        outer = list(np.ndindex(*lengths[:split]))
        if not run or not outer:
            return
        first = self._row([axis.start for axis in axes])
        if not full:
            outer = [outer[_mixed(first) % len(outer)]]
        for place in outer:
            steps = [axis.start + step for axis, step in zip(axes, place, strict=False)]
            start = self._row([*steps, *(axis.start for axis in axes[split:])])
            low, high = (start, start + run) if full else self._stripe(start, start + run)
            rows = kernel.draw_rows(self.broadcast.factor, self.broadcast.mean, self.plan, low, high)
            yield (place, slice(low - start, high - start)), rows[:, columns]

    def _contiguous_from(self, axes: Sequence[slice]) -> int:
        """The axis from which on the window is one run of rows."""
        split = max(0, len(axes) - 1)
        while split and axes[split] == slice(0, self.plan.size[split]):
            split -= 1
        return split

    def _row(self, place: Sequence[int]) -> int:
        return int(np.ravel_multi_index(tuple(place), self.plan.size)) if place else 0

    def _stripe(self, start: int, stop: int) -> tuple[int, int]:
        height = self.plan.stripe
        stripes = range(start // height, -(-stop // height))
        stripe = stripes[_mixed(start) % len(stripes)]
        return max(start, stripe * height), min(stop, (stripe + 1) * height)

    def array(self, size: tuple[int, ...], chunks: tuple[int, ...], names: tuple[str, ...] | None) -> da.Array:
        """The sample, of another size perhaps, as a lazy array."""
        plan = Plan(size, self.plan.ndim, self.plan.noise_ndim, self.plan.dtype, self.plan.root, size)
        return sample(respecify({**self.values, "size": list(size)}, plan, self.broadcast, chunks, names))


def _mixed(number: int) -> int:
    """A number whose remainders look random: neighbours are not checked at the same place."""
    return int(np.random.SeedSequence(number).generate_state(1)[0])


def replay_sample(values: Mapping[str, Any], arrays: Mapping[str, FloatArray]) -> Replay:
    """What draws a sample again.

    Parameters
    ----------
    values : mapping
        What decides the values, as it stands in a record; it is checked before it is believed.
    arrays : mapping
        The mean and the factor.

    Raises
    ------
    DamagedManifestError
        If no sample of this version of mvn_dask gives such a record.
    """
    try:
        plan = _plan(values)
        factor = as_factor(arrays, method=values["covariance"].get("method"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedManifestError(f"the record of the sample is damaged: {error}") from error
    mean = arrays["mean"]
    shapes = {(plan.ndim,), (plan.ndim, plan.noise_ndim)}
    if arrays["factor"].shape not in shapes or mean.shape != (plan.ndim,):
        msg = f"the factor of shape {arrays['factor'].shape} and the mean of shape {mean.shape} do not fit the record"
        raise DamagedManifestError(msg)
    if mean.dtype != plan.dtype or arrays["factor"].dtype != plan.dtype:
        raise DamagedManifestError(f"the mean and the factor must be of the sample's dtype {plan.dtype}")
    return Replay(values, plan, Broadcast(factor, mean, spool_folder))


def _plan(values: Mapping[str, Any]) -> Plan:
    if values.keys() != _FIELDS:
        raise ArgumentError(f"it has the fields {sorted(values)}")
    if values["streams"] != STREAMS:
        raise ArgumentError(f"its streams are of version {values['streams']!r}; this mvn_dask draws {STREAMS}")
    size, d, k = values["size"], values["ndim"], values["noise_ndim"]
    plain = type(size) is list and all(type(n) is int and 0 <= n < 2**63 for n in size)
    if not (plain and all(type(n) is int and n > 0 for n in (d, k))):
        raise ArgumentError(f"its size is {size}, its dimensions are {d} and {k}")
    if values["dtype"] not in {"float64", "float32"} or values["stripe"] != stripe_height(d, k):
        raise ArgumentError(f"its dtype is {values['dtype']!r}, its stripes have {values['stripe']!r} rows")
    return Plan(tuple(size), d, k, values["dtype"], recorded_root(values), tuple(max(1, n) for n in size))
