"""What `chunks` means.

Input: the argument, the shape of a sample, the bytes of a row. Output: the cuts of a plan. Cost: integer arithmetic,
and one look at the workers where the choice is automatic.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import dask.config
import numpy as np
from dask.utils import parse_bytes

from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.sampling.plan import MOST_BLOCKS, Cut, as_cuts, contiguous, even_cuts, rows_within
from mvn_dask.sampling.workers import Workers

ChunkLengths = tuple[tuple[int, ...], ...]

TASKS_IN_MEMORY = 4
"""Blocks, for each thread of a process, that an automatic choice leaves room for."""


@dataclass(frozen=True)
class Request:
    """How a sample is drawn, and how it is cut afterwards if the user wants blocks no task can draw."""

    cuts: tuple[Cut, ...]
    """Cuts of the plan."""
    recut: ChunkLengths | None
    """Chunks of the final array, where they are not the plan's."""


@dataclass(frozen=True)
class RowCost:
    """Bytes of a row."""

    ndim: int
    """Dimension d of a row."""
    noise_ndim: int
    """Number k of independent normals behind a row."""
    itemsize: int
    """Bytes of one number."""
    factor_bytes: int
    """Bytes of the factor."""

    def within(self, nbytes: int) -> int:
        """RowCost of the largest block of whole stripes within some bytes."""
        return rows_within(nbytes, self.ndim, self.noise_ndim, self.itemsize)


def as_request(chunks: object, size: tuple[int, ...], cost: RowCost, workers: Callable[[], Workers]) -> Request:
    """Understand `chunks`.

    Parameters
    ----------
    chunks : "auto", str, int, tuple or dict
        - ``"auto"``: about ``array.chunk-size`` of dask's configuration, in whole stripes, and little
          enough for the memory of the workers.
        - a text such as ``"64 MiB"``: the same with another size.
        - an integer: rows of a block, counted along the flattened sample axes; -1 for all of them.
        - a tuple or dict: chunks of every axis, as dask takes them; the last axis, of the variables,
          may be left out.
    size : tuple of int
        Shape of the sample without the axis of the variables.
    cost : RowCost
        Bytes of a row and of the factor.
    workers : callable
        Returns what is known of the processes that will run the tasks; called only where that matters.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `chunks` makes no sense.
    """
    if isinstance(chunks, str):
        return Request(even_cuts(size, cost.within(_target_bytes(chunks, cost, workers))), None)
    if isinstance(chunks, (int, np.integer)) and not isinstance(chunks, bool):
        if chunks < 1 and chunks != -1:
            msg = f"`chunks` must be at least 1 row, or -1 for all in one block: it is {chunks}"
            raise ArgumentError(msg)
        everything = int(np.prod(size, dtype=object))
        return Request(even_cuts(size, everything if chunks == -1 else int(chunks)), None)
    if not isinstance(chunks, (tuple, list, dict)):
        msg = f"`chunks` must be 'auto', a size in bytes, rows, a tuple or a dict, not {chunks!r}"
        raise ArgumentTypeError(msg)
    return _per_axis(chunks, size, cost, workers)


def _target_bytes(chunks: str, cost: RowCost, workers: Callable[[], Workers]) -> int:
    if chunks != "auto":
        return byte_size(chunks)
    where = workers()
    room = (where.memory - cost.factor_bytes) // (TASKS_IN_MEMORY * where.threads)
    return min(parse_bytes(dask.config.get("array.chunk-size")), max(room, 1))


def _refuse_too_many(chunks: tuple[object, ...] | list[object] | dict[int, object], shape: tuple[int, ...]) -> None:
    """Refuse even chunks along one axis that dask could not write down one by one."""
    lengths = chunks.items() if isinstance(chunks, dict) else enumerate(chunks)
    for axis, length in lengths:
        if isinstance(length, (int, np.integer)) and length > 0 and axis < len(shape):
            blocks = -(-shape[axis] // int(length))
            if blocks > MOST_BLOCKS:
                raise ArgumentError(f"`chunks` {chunks!r} makes {blocks} blocks: at most {MOST_BLOCKS} can be kept")


def byte_size(text: str) -> int:
    """Bytes of a size such as "64 MiB", "1.5 GB" or "1e6": the one grammar of sizes, that of `dask.utils.parse_bytes`.

    Units are B, kB, MB, GB, TB and PB, powers of 1000, and KiB, MiB, GiB, TiB and PiB, powers of 1024; the B may be
    left out, and case does not matter.

    Raises
    ------
    ArgumentError
        If it is none, or less than a byte.
    """
    nbytes = 0
    # Without digits dask reads a unit as one of it, and an empty text as one byte.
    if re.match(r"\s*[+.]?\d", text, re.ASCII):
        with suppress(ValueError, OverflowError):
            nbytes = int(parse_bytes(text))
    if nbytes < 1:
        raise ArgumentError(f"`chunks` must be 'auto' or a size such as '64 MiB', not {text!r}")
    return nbytes


def _per_axis(
    chunks: tuple[object, ...] | list[object] | dict[int, object],
    size: tuple[int, ...],
    cost: RowCost,
    workers: Callable[[], Workers],
) -> Request:
    from dask.array.core import normalize_chunks

    shape = (*size, cost.ndim)
    if isinstance(chunks, dict) and not chunks.keys() <= set(range(len(shape))):
        msg = f"`chunks` must name axes 0 to {len(shape) - 1}: it names {sorted(map(str, chunks))}"
        raise ArgumentError(msg)
    if not isinstance(chunks, dict) and len(chunks) == len(size):
        chunks = (*chunks, -1)
    _refuse_too_many(chunks, shape)
    try:
        # Only for reading the words "auto" along some axis does dask need the dtype.
        lengths = cast(
            ChunkLengths,
            normalize_chunks(cast(Any, chunks), shape, dtype=np.dtype(f"f{cost.itemsize}")),
        )
        lengths = tuple(tuple(map(int, axis)) for axis in lengths)
    except (ValueError, TypeError, NotImplementedError, ArithmeticError) as error:
        msg = f"`chunks` must fit the shape {shape}: {chunks!r} does not ({error})"
        raise ArgumentError(msg) from error
    if any(block < 0 or (not block and whole) for axis, whole in zip(lengths, shape, strict=True) for block in axis):
        raise ArgumentError(f"`chunks` must be at least 1 along every axis: it is {chunks!r}")
    if len(lengths[-1]) == 1 and contiguous(lengths[:-1]):
        return Request(as_cuts(lengths[:-1]), None)
    return Request(as_request("auto", size, cost, workers).cuts, lengths)
