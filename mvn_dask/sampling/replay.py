"""Draw a stored sample again, from the record of its spec and its parameters.

Input: what decides the values, as it stands in a manifest, and the parameter arrays. Output: a `Replay`, which draws
any rows, or gives the lazy array of any size. Cost: that of drawing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from operator import add
from typing import Any

import dask.array as da
import numpy as np

from mvn_dask._typing import Arrays, FloatArray
from mvn_dask.errors import ArgumentError, DamagedManifestError
from mvn_dask.event import Event
from mvn_dask.hashing import canonical_json
from mvn_dask.random.streams import Root, recorded_root
from mvn_dask.readable import plural, short_repr
from mvn_dask.sampling.array import sample
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.points import recorded_points, refuse_other_arrays, refuse_other_lengths, refuse_unfit, separated
from mvn_dask.sampling.sampler import Sampler
from mvn_dask.sampling.spec import STREAMS, cut_spec
from mvn_dask.sampling.workers import spool_folder

_FIELDS = {"streams", "distribution", "parameters", *Plan.uncut((), 1, 1, "float64", Root(0)).record()}

DRAWN_BYTES = 2**26
"""Size of the rows that are drawn together, at most, but for those of one stripe."""


@dataclass(frozen=True)
class Replay:
    """Draws rows of a sample that was specified before."""

    values: Mapping[str, Any]
    """What decides the values."""
    plan: Plan
    """Which rows come from which streams; it is not cut."""
    broadcast: Broadcast
    """What carries the sampler."""

    @property
    def sampler(self) -> Sampler:
        """What draws the rows, with the laws that they follow."""
        return self.broadcast.sampler

    def parts(
        self, window: Sequence[slice], event_shape: tuple[int, ...], *, full: bool
    ) -> Iterator[tuple[Any, FloatArray]]:
        """Parts of a window of the sample: where they lie in it, and the numbers there, of shape (rows, …).

        `window` has a slice for every axis, those of a draw included, which has the shape `event_shape`. Without
        `full`, only as many rows as share one stream are drawn, chosen by the window's first row. A part takes
        `DRAWN_BYTES` of memory, or one stripe where that is larger.

        Examples
        --------
        A window of an array of shape (2, 5, d) is made of two runs of rows, each contiguous in C order:

        >>> import mvn_dask
        >>> spec = mvn_dask.MultivariateNormal([0.0], 1.0).spec((2, 5), root=Root(1), dtype=np.dtype("f8"), chunks=-1)
        >>> replay = Replay(spec.lineage.values, spec.plan, spec.broadcast)
        >>> window = (slice(0, 2), slice(1, 4), slice(0, 1))
        >>> [(where, rows.shape) for where, rows in replay.parts(window, (1,), full=True)]
        [(((0,), slice(0, 3, None)), (3, 1)), (((1,), slice(0, 3, None)), (3, 1))]
        """
        axes, event = window[: len(self.plan.size)], window[len(self.plan.size) :]
        origin, lengths = [axis.start for axis in axes], [axis.stop - axis.start for axis in axes]
        # From this axis on, the window is contiguous; along the axes before it, every step begins a new run of rows.
        first_axis = self._first_contiguous_axis(axes)
        run = prod(lengths[first_axis:])
        steps = list(np.ndindex(*lengths[:first_axis]))
        if not run or not steps:
            return
        if not full:
            steps = [steps[_scrambled(self._row(origin)) % len(steps)]]
        for step in steps:
            start = self._row([*map(add, origin, step), *origin[first_axis:]])
            for first, last in self._pieces(start, start + run) if full else [self._one_stripe(start, start + run)]:
                rows = self.sampler.draw(self.plan, first, last)
                yield (step, slice(first - start, last - start)), rows.reshape(-1, *event_shape)[(slice(None), *event)]

    def _first_contiguous_axis(self, axes: Sequence[slice]) -> int:
        """The axis from which on the window is one run of rows: those behind it are whole."""
        first = max(0, len(axes) - 1)
        while first and axes[first] == slice(0, self.plan.size[first]):
            first -= 1
        return first

    def _row(self, index: Sequence[int]) -> int:
        return int(np.ravel_multi_index(tuple(index), self.plan.size)) if index else 0

    def _pieces(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Rows that are drawn together: whole stripes, but for the first and the last ones."""
        height = self.plan.rows_within(DRAWN_BYTES)
        while start < stop:
            end = min(stop, (start // height + 1) * height)
            yield start, end
            start = end

    def _one_stripe(self, start: int, stop: int) -> tuple[int, int]:
        """The rows of one of the stripes between two rows."""
        height = self.plan.stripe
        stripes = range(start // height, -(-stop // height))
        stripe = stripes[_scrambled(start) % len(stripes)]
        return max(start, stripe * height), min(stop, (stripe + 1) * height)

    def array(self, size: tuple[int, ...], chunks: tuple[int, ...], event: Event) -> da.Array:
        """The sample, of another size perhaps, as a lazy array."""
        if self.plan.points is not None:
            refuse_other_lengths(size[0])
        plan = replace(self.plan, size=size, cuts=size)
        return sample(cut_spec({**self.values, "size": list(size)}, plan, self.broadcast, chunks, event))


def _scrambled(number: int) -> int:
    """A number whose remainders look random, so that neighbouring chunks are not checked at the same place."""
    return int(np.random.SeedSequence(number).generate_state(1)[0])


def replay_sample(values: Mapping[str, Any], arrays: Arrays) -> Replay:
    """What draws a sample again, from what decides its values, as it stands in a manifest, and its parameters.

    Raises a `DamagedManifestError` if no sample of this version of mvn_dask gives such a record.
    """
    try:
        plan, record = _plan(values), values["distribution"]
        own, beside = separated(arrays) if plan.points is not None else (arrays, {})
        sampler = Sampler.of_kind(record.get("kind")).from_parameters(record, own)
        if plan.points is not None:
            if not sampler.is_made_of_normals:
                raise ArgumentError(f"no sample of {record['kind']!r} is one of points")
            refuse_other_arrays(beside, plan.noise_ndim)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedManifestError(f"the record of the sample is damaged: {error}") from error
    if (sampler.ndim, sampler.noise_ndim) != (plan.ndim, plan.noise_ndim):
        raise DamagedManifestError(
            f"the parameters are of {plural(sampler.ndim, 'variable')} and {plural(sampler.noise_ndim, 'normal')}, and "
            f"the record of the "
            f"sample says {plan.ndim} and {plan.noise_ndim}"
        )
    if sampler.dtype != plan.dtype:
        raise DamagedManifestError(f"the parameters are of {sampler.dtype}, and the sample is of {plan.dtype}")
    broadcast = Broadcast(sampler, spool_folder, beside)
    if plan.points is not None:
        plan = replace(plan, points=replace(plan.points, carrier=broadcast))
    return Replay(values, plan, broadcast)


def _plan(values: Mapping[str, Any]) -> Plan:
    if values.keys() - {"points"} != _FIELDS:
        raise ArgumentError(f"it has the fields {sorted(values)}")
    if values["streams"] != STREAMS:
        raise ArgumentError(
            f"its streams are of version {short_repr(values['streams'])}; this mvn_dask draws {STREAMS}"
        )
    size, d, k = values["size"], values["ndim"], values["noise_ndim"]
    plain = type(size) is list and all(type(n) is int and 0 <= n < 2**63 for n in size)
    if not (plain and all(type(n) is int and n > 0 for n in (d, k))):
        raise ArgumentError(f"its size is {short_repr(size)}, its dimensions are {short_repr(d)} and {short_repr(k)}")
    if values["dtype"] not in {"float64", "float32"}:
        raise ArgumentError(f"its dtype is {short_repr(values['dtype'])}")
    plan = Plan.uncut(tuple(size), d, k, values["dtype"], recorded_root(values))
    if "points" in values:
        plan = replace(plan, points=recorded_points(values["points"]))
        refuse_unfit(plan.size, plan.dtype, k)
    # As JSON, in which 1, 1.0 and true differ: each would stand for the same numbers under another fingerprint.
    for name, expected in {"streams": STREAMS, **plan.record()}.items():
        if canonical_json(values[name]) != canonical_json(expected):
            raise ArgumentError(f"its {name!r} is {short_repr(values[name])} in place of {short_repr(expected)}")
    return plan
