"""Time that drawing takes, from blocks of the sample itself.

Input: the spec of a sample, the blocks to draw, the threads that draw at the same time. Output: a `DrawingTime`. Cost:
at most `MAX_SECONDS`, and a tenth of the free memory.

Blocks are drawn as a run draws them: into memory of their own, each stripe from its beginning, by all threads at once,
which share caches, memory and clock of the processor. Rounds follow each other until they agree.
"""

import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from threading import Barrier

import numpy as np
import psutil

from mvn_dask.execution.ranges import BlockNumbers
from mvn_dask.sampling.spec import SampleSpec

ROUND_SECONDS = 0.2
"""Seconds of a round, at least."""
AGREEMENT = 0.05
"""Relative difference between rounds that agree."""
AGREEING_ROUNDS = 3
"""Rounds in a row that have to agree."""
MAX_SECONDS = 4.0
"""Seconds of all rounds, about at most: on a busy machine they may never agree."""
MEMORY_SHARE = 0.1
"""Share of the free memory that the blocks of a round take, at most."""
SAMPLED_BLOCKS = 64
"""Blocks that are drawn, at most; evenly chosen."""


@dataclass(frozen=True)
class DrawingTime:
    """Time that a row takes where several threads draw."""

    wall_seconds: float
    """Seconds from row to row, of all threads together."""
    cpu_seconds: float
    """Processor time of a row."""


@dataclass(frozen=True)
class _Piece:
    start: int
    stop: int


def drawing_time(spec: SampleSpec, numbers: BlockNumbers, threads: int) -> DrawingTime:
    """Time that a row of these blocks takes with so many threads, of which this machine may have fewer.

    Raises what drawing raises.
    """
    if not len(numbers) or not spec.plan.block_rows or not spec.plan.ndim:
        return DrawingTime(0.0, 0.0)
    threads = max(1, min(threads, os.cpu_count() or 1))
    spec.broadcast.sampler.draw(spec.plan, 0, 1)  # untimed: loads or compiles the kernel
    bounds = _bounds(spec, numbers)
    rows, count = _piece_size(spec, bounds, threads)
    pieces = cycle(_piece(spec, each, rows) for each in bounds)
    rounds: list[DrawingTime] = []
    end = time.perf_counter() + MAX_SECONDS
    with ThreadPoolExecutor(threads) as pool:
        while True:
            rounds.append(_round(spec, pool, [[next(pieces) for _ in range(count)] for _ in range(threads)]))
            recent = rounds[-AGREEING_ROUNDS:]
            walls = [each.wall_seconds for each in recent]
            agree = len(recent) == AGREEING_ROUNDS and max(walls) <= (1 + AGREEMENT) * min(walls)
            if agree or time.perf_counter() >= end:
                break
    # Where rounds never agreed, the median of all: a run meets what disturbed some of them as well.
    recent = recent if agree else rounds
    return DrawingTime(
        statistics.median(each.wall_seconds for each in recent), statistics.median(each.cpu_seconds for each in recent)
    )


def _bounds(spec: SampleSpec, numbers: BlockNumbers) -> list[tuple[int, int]]:
    """First and last row of blocks, evenly chosen."""
    chosen = np.unique(numbers[np.linspace(0, len(numbers) - 1, min(len(numbers), SAMPLED_BLOCKS)).astype(np.int64)])
    grid = tuple(len(axis) for axis in spec.plan.lengths)
    return [spec.plan.bounds([int(step) for step in np.unravel_index(number, grid or (1,))[: len(grid)]])
            for number in chosen.tolist()]  # fmt: skip


def _piece(spec: SampleSpec, bounds: tuple[int, int], rows: int) -> _Piece:
    """So many rows of a block, or all of them."""
    start, stop = bounds
    if stop - start > rows:
        # From where a stripe begins: what a block draws of the one before weighs more in a part of it.
        start = min(-(-start // spec.plan.stripe) * spec.plan.stripe, stop - rows)
    return _Piece(start, min(stop, start + rows))


def _piece_size(spec: SampleSpec, bounds: Sequence[tuple[int, int]], threads: int) -> tuple[int, int]:
    """Rows of a block that are drawn, all of them where that is affordable, and blocks that a thread draws a round."""
    plan, sampler = spec.plan, spec.broadcast.sampler
    allowed = int(MEMORY_SHARE * psutil.virtual_memory().available / threads)
    start, stop = bounds[len(bounds) // 2]
    limit = max(1, min(stop - start, allowed // (plan.ndim * plan.itemsize)))
    rows = min(limit, plan.stripe)
    while True:
        piece, begin = _piece(spec, (start, stop), rows), time.perf_counter()
        sampler.draw(plan, piece.start, piece.stop)
        seconds = time.perf_counter() - begin
        if rows == limit or seconds >= ROUND_SECONDS:
            return rows, max(1, min(SAMPLED_BLOCKS, int(np.ceil(ROUND_SECONDS / max(seconds, 1e-6)))))
        rows = min(limit, 4 * rows)


def _round(spec: SampleSpec, pool: ThreadPoolExecutor, shares: Sequence[Sequence[_Piece]]) -> DrawingTime:
    """Draw pieces with one thread for each share, which begin together."""
    barrier = Barrier(len(shares))

    def draw(share: Sequence[_Piece]) -> tuple[float, float, float]:
        barrier.wait()
        begin, cpu = time.perf_counter(), time.thread_time()
        for piece in share:
            # Without a name, as in a run: a block is free before the next is drawn.
            spec.broadcast.sampler.draw(spec.plan, piece.start, piece.stop)
        return begin, time.perf_counter(), time.thread_time() - cpu

    times = list(pool.map(draw, shares))
    rows = sum(piece.stop - piece.start for share in shares for piece in share)
    # Of each thread, and not from the first begin to the last end: where a run's threads end, they get new blocks.
    busy = sum(end - begin for begin, end, _ in times) / len(times)
    return DrawingTime(busy / rows, sum(cpu for *_, cpu in times) / rows)
