"""What it costs to run a million blocks in windows, and what is left for blocks of 64 MiB."""

import os
import resource
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dask
import numpy as np
from distributed import Client, LocalCluster

import mvn_dask
from benchmarks.timing import Row, best_in_turn
from mvn_dask.execution.blocks import Blocks
from mvn_dask.execution.engine import run
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import BlockNumbers, range_size

CORES = min(2, os.cpu_count() or 1)


@dataclass(frozen=True)
class Nothing:
    """Blocks that take no time."""

    def __call__(self, numbers: BlockNumbers) -> Sequence[Any]:
        for _ in numbers.tolist():
            pass
        return ()

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        return numbers

    def describe_cost(self) -> str:
        return "nothing"


@dataclass(frozen=True)
class Drawing(Nothing):
    """Blocks that are drawn and dropped."""

    blocks: Blocks

    def __call__(self, numbers: BlockNumbers) -> Sequence[Any]:
        self.blocks.compute_each(numbers.tolist(), lambda *_: None)
        return ()


def measure(small: bool) -> list[Row]:
    rows = []
    # Memory first: what real blocks take would hide it.
    for what in (_nothing, _overhead):
        for where in ("threads", "cluster"):
            scheduler = "distributed" if where == "cluster" else "threads"
            with _client(where) as client, dask.config.set(scheduler=scheduler, num_workers=CORES):
                rows.append(what(where, client, small))
    return rows


@contextmanager
def _client(where: str) -> Iterator[Any]:
    if where == "threads":
        yield None
        return
    options = {"n_workers": CORES, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        yield client


def _go(work: Nothing, count: int, size: int) -> None:
    with Progress(count, "block", 8) as progress:
        for _ in run(work, np.arange(count, dtype=np.int64), size, progress):
            pass


def _nothing(where: str, client: Any, small: bool) -> Row:
    """Client and scheduler are in this process, so that its memory is that of both."""
    count = 10_000 if small else 1_000_000
    _go(Nothing(), 1000, 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    _go(Nothing(), count, 1000)
    seconds = time.perf_counter() - begin
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6
    return Row(f"{count} blocks of nothing, {where}", seconds, "s", f"and {memory:.0f} MB more, client and scheduler")


def _overhead(where: str, client: Any, small: bool) -> Row:
    """Against the same blocks in as many long loops as there are cores, in the same processes."""
    nbytes, count = (2**20, 4) if small else (2**26, 256)
    normal = mvn_dask.MultivariateNormal(np.zeros(10), np.eye(10) + 0.5, method="cholesky")
    rows = nbytes // 80 // 8192 * 8192
    work = Drawing(Blocks(normal.sample(count * rows, seed=1, chunks=rows)))
    halves = np.array_split(np.arange(count, dtype=np.int64), CORES)

    def bare() -> None:
        if client is None:
            with ThreadPoolExecutor(CORES) as pool:
                list(pool.map(work, halves))
        else:
            client.gather(client.map(work, halves, pure=False))

    bare()
    size = range_size(nbytes)
    best = best_in_turn({"bare": bare, "engine": lambda: _go(work, count, size)}, 1 if small else 5)
    return Row(
        f"blocks of {nbytes // 2**20} MiB in windows, {where}",
        1e3 * best["engine"] / count,
        "ms a block",
        f"{100 * (best['engine'] / best['bare'] - 1):+.1f} % over bare loops",
    )
