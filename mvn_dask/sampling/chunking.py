"""What `chunks` means.

Input: the argument, the plan of a sample, the bytes of the factor. Output: the plan with its cuts. Cost: integer
arithmetic, and one look at the workers where the choice is automatic.
"""

import re
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import dask.config
import numpy as np
from dask.utils import parse_bytes

from mvn_dask._typing import Chunks
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.readable import plural, short_repr
from mvn_dask.sampling.plan import MAX_BLOCKS, Plan, as_cuts, contiguous, even_cuts
from mvn_dask.sampling.workers import workers

ChunkLengths = tuple[tuple[int, ...], ...]
"""Lengths of the chunks of an array along every axis."""
AxisChunks = tuple[object, ...] | list[object] | dict[int, object]
"""Chunks of every axis in dask's notation."""

TASKS_IN_MEMORY = 4
"""Blocks, for each thread of a process, that an automatic choice leaves room for."""


def cut_plan(
    plan: Plan, event_shape: tuple[int, ...], chunks: Chunks, factor_bytes: int
) -> tuple[Plan, ChunkLengths | None]:
    """A plan with the blocks that a user wants, and the chunks of the final array where no task can draw those.

    `chunks` is ``"auto"``: about ``array.chunk-size`` of dask's configuration, in whole stripes, and little enough for
    the memory of the workers; a text such as ``"64 MiB"``: the same with another size; an integer: rows of a block,
    counted along the flattened sample axes, -1 for all; or a tuple or dict: chunks of every axis, as dask takes them,
    where the last axes, those of a draw, may be left out. Raises ArgumentError, ArgumentTypeError if it is none.
    """
    if isinstance(chunks, str):
        rows = plan.rows_within(_target_bytes(chunks, factor_bytes))
    elif isinstance(chunks, (int, np.integer)) and not isinstance(chunks, bool):
        if chunks < 1 and chunks != -1:
            raise ArgumentError(
                f"`chunks` must be at least 1 row, or -1 for all in one block: it is {short_repr(chunks)}"
            )
        rows = plan.rows if chunks == -1 else int(chunks)
    elif isinstance(chunks, (tuple, list, dict)):
        rows = len(plan.size)
        lengths = _axis_lengths(chunks, (*plan.size, *event_shape), rows, plan.dtype)
        if all(len(axis) == 1 for axis in lengths[rows:]) and contiguous(lengths[:rows]):
            return replace(plan, cuts=as_cuts(lengths[:rows])), None
        return cut_plan(plan, event_shape, "auto", factor_bytes)[0], lengths
    else:
        raise ArgumentTypeError(
            f"`chunks` must be 'auto', a size in bytes, rows, a tuple or a dict, not {short_repr(chunks)}"
        )
    return replace(plan, cuts=even_cuts(plan.size, rows)), None


def _target_bytes(chunks: str, factor_bytes: int) -> int:
    if chunks != "auto":
        return byte_size(chunks)
    where = workers()
    room = (where.memory - factor_bytes) // (TASKS_IN_MEMORY * where.threads)
    return min(parse_bytes(dask.config.get("array.chunk-size")), max(room, 1))


def byte_size(text: str) -> int:
    """Bytes of a size such as "64 MiB", "1.5 GB" or "1e6": the one grammar of sizes, that of `dask.utils.parse_bytes`.

    Units are B, kB, MB, GB, TB and PB, powers of 1000, and KiB, MiB, GiB, TiB and PiB, powers of 1024; the B may be
    left out, and case does not matter. An `ArgumentError` if it is none, or less than a byte.
    """
    nbytes = 0
    # Without digits dask reads a unit as one of it, and an empty text as one byte.
    if re.match(r"\s*[+.]?\d", text, re.ASCII):
        with suppress(ValueError, OverflowError):
            nbytes = int(parse_bytes(text))
    if nbytes < 1:
        raise ArgumentError(f"`chunks` must be 'auto' or a size such as '64 MiB', not {text!r}")
    return nbytes


def _axis_lengths(chunks: AxisChunks, shape: tuple[int, ...], rows: int, dtype: str) -> ChunkLengths:
    """Lengths of chunks along every axis, from a tuple or dict as dask takes them; `rows` axes are those of rows."""
    from dask.array.core import normalize_chunks

    if isinstance(chunks, dict) and not chunks.keys() <= set(range(len(shape))):
        raise ArgumentError(f"`chunks` must name axes 0 to {len(shape) - 1}: it names {sorted(map(str, chunks))}")
    if not isinstance(chunks, dict) and len(chunks) == rows:
        chunks = (*chunks, *(-1,) * (len(shape) - rows))
    _refuse_too_many(chunks, shape)
    try:
        # Dask needs the dtype only where "auto" stands along some axis.
        normal = cast(ChunkLengths, normalize_chunks(cast(Any, chunks), shape, dtype=np.dtype(dtype)))
        lengths = tuple(tuple(map(int, axis)) for axis in normal)
    except (ValueError, TypeError, NotImplementedError, ArithmeticError) as error:
        raise ArgumentError(f"`chunks` must fit the shape {shape}: {short_repr(chunks)} does not ({error})") from error
    if any(block < 0 or (not block and whole) for axis, whole in zip(lengths, shape, strict=True) for block in axis):
        raise ArgumentError(f"`chunks` must be at least 1 along every axis: it is {short_repr(chunks)}")
    return lengths


def _refuse_too_many(chunks: AxisChunks, shape: tuple[int, ...]) -> None:
    # Dask would write the lengths of even chunks down one by one, whatever their number.
    for axis, length in chunks.items() if isinstance(chunks, dict) else enumerate(chunks):
        if isinstance(length, (int, np.integer)) and length > 0 and axis < len(shape):
            blocks = -(-shape[axis] // int(length))
            if blocks > MAX_BLOCKS:
                raise ArgumentError(
                    f"`chunks` {short_repr(chunks)} makes {plural(blocks, 'block')}: at most {MAX_BLOCKS} can be kept"
                )
