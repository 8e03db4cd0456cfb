"""From one core to two, from bare drawing to Dask, and the memory of a block."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

import mvn_dask
from benchmarks.timing import Row, best_in_turn
from mvn_dask.covariance import Dense, Factor
from mvn_dask.execution.block_memory import memory_kept
from mvn_dask.random.streams import as_root
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import Plan

D = 10


def measure(small: bool) -> list[Row]:
    return [*(_threads(d, small) for d in ((10,) if small else (2, 10, 100, 1000))), *_dask(small), _memory(small)]


def _moments(d: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(d), np.eye(d) + 0.5


def _threads(d: int, small: bool) -> Row:
    """The same blocks in one thread and in two, without Dask, into memory that each thread keeps."""
    mean, cov = _moments(d)
    rows, blocks = (2**20 if small else 2**24) // d, 2 if small else 8
    plan = Plan((blocks * rows,), d, d, "float64", as_root(1), (rows,))
    factor = Dense(cov, method="cholesky").factorize()
    best = best_in_turn(
        {threads: partial(_draw_blocks, factor, mean, plan, blocks, threads, memory_kept) for threads in ("1", "2")},
        2 if small else 5,
    )
    ns = 1e9 * best["2"] / (blocks * rows * d)
    return Row(f"two threads, d = {d}", ns, "ns a number", f"one thread {best['1'] / best['2']:.2f}×")


def _draw_blocks(
    factor: Factor,
    mean: np.ndarray,
    plan: Plan,
    blocks: int,
    threads: int | str,
    kept: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    """Draw blocks in bare threads and drop them."""

    def draw_range(numbers: np.ndarray) -> None:
        with kept():
            for block in numbers.tolist():
                kernel.draw_rows(factor, mean, plan, *plan.bounds((block,)))

    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(draw_range, np.array_split(np.arange(blocks), int(threads))))


def _dask(small: bool) -> list[Row]:
    """Blocks of 128 MiB that are drawn and dropped: on two bare threads, two of Dask's, two worker processes."""
    mean, cov = _moments(D)
    blocks, nbytes = (4, 2**20) if small else (64, 2**27)
    rows = nbytes // (8 * D) // 8192 * 8192
    normal = mvn_dask.MultivariateNormal(mean, cov, method="cholesky")
    samples = normal.sample(blocks * rows, seed=1, chunks=rows)
    sums = da.map_blocks(lambda block: block[:1, :1].copy(), samples, dtype=samples.dtype)
    plan = Plan((blocks * rows,), D, D, "float64", as_root(1), (rows,))
    factor = normal.covariance.factorize()

    def bare() -> None:
        _draw_blocks(factor, mean, plan, blocks, 2)

    options = {"dashboard_address": "127.0.0.1:0", "n_workers": 2, "threads_per_worker": 1}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        best = best_in_turn(
            {
                "bare": bare,
                "threads": lambda: sums.compute(scheduler="threads", num_workers=2),
                "cluster": lambda: client.compute(sums).result(),
            },
            2 if small else 4,
        )
    ns = {name: 1e9 * seconds / (blocks * rows * D) for name, seconds in best.items()}
    return [
        Row(
            f"dask {name}, d = {D}", ns[name], "ns a number", f"{100 * ns['bare'] / ns[name]:.0f} % of two bare threads"
        )
        for name in ("threads", "cluster")
    ]


MEMORY = """
import sys
from pathlib import Path
import numpy as np
import mvn_dask

def status(field):
    return next(int(l.split()[1]) for l in Path("/proc/self/status").read_text().splitlines() if l.startswith(field))

rows = int(sys.argv[1])
normal = mvn_dask.MultivariateNormal(np.zeros(1000), np.eye(1000) + 0.5, method="cholesky")
normal.sample(10, seed=1).compute(scheduler="synchronous")
Path("/proc/self/clear_refs").write_text("5")
before = status("VmRSS")
normal.sample(rows, seed=1, chunks=-1).sum().compute(scheduler="synchronous")
print(status("VmHWM") - before)
"""


def _memory(small: bool) -> Row:
    """Of one block of a thousand variables; Linux only."""
    rows = 2**11 if small else 2**16
    if not sys.platform.startswith("linux"):
        return Row("memory of a block", float("nan"), "× the block", "read from /proc")
    done = subprocess.run([sys.executable, "-c", MEMORY, str(rows)], capture_output=True, text=True, check=True)
    block = rows * 8000
    return Row(
        "memory of a block, d = 1000", int(done.stdout) * 1024 / block, "× the block", f"{block / 2**20:.0f} MiB"
    )
