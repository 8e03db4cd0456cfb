"""Structured covariances beside what their fields use: scipy's distributions, solvers and transforms, and libraries.

One thread, and its time on a processor, so that other work beside it changes little. Targets are those of a machine
about twice as fast as a core of an EPYC of 2017; ratios hold anywhere. Fields on grids are measured in `grids`, sparse
precisions in `meshes`; peers in other environments are asked for by `other_processes`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg
import scipy.stats
from threadpoolctl import threadpool_limits

from benchmarks import grids, meshes, roofline
from benchmarks.other_processes import OtherProcesses
from benchmarks.structures import Beside, Draw, drawer, measured
from benchmarks.timing import Row, at_least, at_most, best_in_turn
from mvn_dask import covariance
from mvn_dask.execution.block_memory import memory_kept

LOW_RANK = """
import json, sys, time
import numpy as np
from mvn_dask import covariance
from mvn_dask.execution.block_memory import memory_kept
from benchmarks.structures import drawer
d, k, n, rounds = json.loads(sys.argv[1])
generator = np.random.Generator(np.random.SFC64(1))
loadings, own = generator.standard_normal((d, k)), np.ones(d)
loadings.setflags(write=False)
def best(action):
    action()
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        action()
        times.append(time.process_time() - begin)
    return min(times) / n
with memory_kept():
    ours = best(drawer(covariance.LowRank(loadings, own), n))
# Not what the system says of resources, which begins with the memory of the process that started this one.
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
def numpys():
    rows = generator.standard_normal((n, k)) @ loadings.T
    rows += generator.standard_normal((n, d))
numpys = best(numpys)
print(json.dumps({"ours": ours, "numpy": numpys, "peak": peak}))
"""
"""In a process of its own, whose memory is measured: that of the loadings, which nobody can write to, is not copied."""


def measure(small: bool, folder: Path, given: dict[str, str]) -> tuple[list[Row], dict[str, str]]:
    """Lines of the table, and the peers that were skipped, with the reasons."""
    others, rows = OtherProcesses(folder, given, script="structured_peers.py", create=not small), list[Row]()
    parts: dict[str, Callable[[], Iterable[Row]]] = {
        "scipy": lambda: _scipy(small),
        "low rank": lambda: _low_rank(small),
        "kronecker": lambda: [_kronecker(small)],
        "banded": lambda: _banded(small),
        "nearest": lambda: [_nearest(small, others)],
        "grids": lambda: grids.measure(small, others),
        "meshes": lambda: meshes.measure(small, others),
    }
    with threadpool_limits(1), memory_kept():
        for name, part in parts.items():
            begin = time.perf_counter()
            rows += part()
            print(f"covariances, {name}: {time.perf_counter() - begin:.0f} s", flush=True)
    return rows, others.skipped


def _scipy(small: bool) -> Iterator[Row]:
    """Each constructor of `scipy.stats.Covariance` and a plain matrix, and the structures that they would be here.

    Without a generator, or with a number for it, scipy draws normals from numpy's `RandomState`. The bound is what
    `comparison` calls so: no library can draw rows of a full covariance faster, with fused multiply-adds.
    """
    d, n = (50, 64) if small else (1000, 2048)
    matrix = np.exp(-np.abs(np.subtract.outer(np.arange(d), np.arange(d))) / 20.0)
    values, vectors = np.linalg.eigh(matrix)
    given: dict[str, Any] = {
        "from_cholesky": scipy.stats.Covariance.from_cholesky(np.linalg.cholesky(matrix)),
        "from_precision": scipy.stats.Covariance.from_precision(np.linalg.inv(matrix)),
        "from_eigendecomposition": scipy.stats.Covariance.from_eigendecomposition((values, vectors)),
        "from_diagonal": scipy.stats.Covariance.from_diagonal(np.diagonal(matrix)),
        "of a matrix": matrix,
    }
    for name, cov in given.items():
        frozen = scipy.stats.multivariate_normal(np.zeros(d), cov)
        scipys: dict[str, Draw] = {"scipy's rvs with a seed": partial(frozen.rvs, n, random_state=1)}
        # Of a matrix, scipy finds singular values in every call.
        if name != "of a matrix":
            scipys["with a Generator"] = partial(_with_generator, frozen.rvs, n)
        rounds = 1 if small or name == "of a matrix" else 5
        found = measured(drawer(covariance.as_covariance(cov, d), n), scipys, n, rounds)
        seeded = found.others["scipy's rvs with a seed"]
        bound = 1e-9 * d * (roofline.write("float64") if name == "from_diagonal" else roofline.bound("float64", d))
        target = at_least(2.0, seeded / found.ours, "× scipy's rvs")
        yield found.row(f"scipy {name}, d = {d}", target, f"bound {bound / found.ours:.2f}×")


def _with_generator(rvs: Callable[..., object], n: int) -> object:
    return rvs(n, random_state=np.random.default_rng(1))


def _low_rank(small: bool) -> Iterator[Row]:
    d, k = (1000, 5) if small else (1_000_000, 100)
    for n in (8,) if small else (1, 8):
        task = json.dumps([d, k, n, 1 if small else 5])
        done = subprocess.run([sys.executable, "-c", LOW_RANK, task], capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        found = Beside(answer["ours"], {"numpy's matmul": answer["numpy"]})
        target = at_most(8.0, 1e3 * found.ours, "ms")
        yield found.row(f"LowRank, {d} x {k}, of {n} rows together", target)
    loadings = 8 * d * k / 2**20
    against = f"the loadings alone {loadings:.0f} MiB"
    peak = answer["peak"] / 1024
    yield Row(f"LowRank, {d} x {k}, memory", peak, "MiB of the process", against, at_most(1536, peak, "MiB"))


def _kronecker(small: bool) -> Row:
    size, n = (20, 4) if small else (500, 4)
    factors = [np.linalg.cholesky(np.exp(-np.abs(np.subtract.outer(range(size), range(size))) / s)) for s in (5.0, 9.0)]
    cov = covariance.Kronecker(*(covariance.Factored(factor) for factor in factors))
    generator = np.random.Generator(np.random.SFC64(1))
    others: dict[str, Draw] = {
        "numpy's products": lambda: factors[0] @ generator.standard_normal((n, size, size)) @ factors[1].T
    }
    found = measured(drawer(cov, n), others, n, 1 if small else 5)
    return found.row(f"Kronecker, {size} x {size}", at_most(10.0, 1e3 * found.ours, "ms"))


def _banded(small: bool) -> Iterator[Row]:
    d, n, rounds = (10_000, 2, 1) if small else (1_000_000, 2, 5)
    bands = np.array([[0.05], [0.1], [0.2], [0.4], [1.0]]) * np.ones(d)
    upper = scipy.linalg.cholesky_banded(bands)
    generator = np.random.Generator(np.random.SFC64(1))

    def multiplied() -> object:
        z = generator.standard_normal((n, d))
        rows = z * upper[4]
        for below in range(1, 5):
            rows[:, below:] += z[:, :-below] * upper[4 - below, below:]
        return rows

    def solved() -> object:
        return scipy.linalg.solve_banded((0, 4), upper, generator.standard_normal((n, d)).T)

    cov = covariance.Banded(bands)
    normals: dict[str, Draw] = {"numpy's normals alone": lambda: generator.standard_normal((n, d))}
    found = measured(drawer(cov, n), {**normals, "numpy's sums of bands": multiplied}, n, rounds)
    yield found.row(f"Banded, {d} x 5", at_most(3.0, 1e3 * found.ours, "ms"))
    found = measured(drawer(covariance.Precision(cov), n), {"scipy's solve_banded": solved}, n, rounds)
    yield found.row(f"Precision of bands, {d} x 5")


def _nearest(small: bool, others: OtherProcesses) -> Row:
    d = 10 if small else 100
    rng = np.random.default_rng(1)
    # Correlations of series that do not overlap everywhere: a sum of two matrices with noise, not positive definite.
    noise = rng.uniform(-0.3, 0.3, (d, d))
    matrix = np.exp(-np.abs(np.subtract.outer(np.arange(d), np.arange(d))) / 20.0) + (noise + noise.T) / 2
    np.fill_diagonal(matrix, 1.0)
    covariance.nearest_psd(matrix)
    seconds = best_in_turn({"ours": lambda: covariance.nearest_psd(matrix)}, 1 if small else 5, time.process_time)[
        "ours"
    ]
    others.folder.mkdir(parents=True, exist_ok=True)
    path = others.folder / "indefinite.npy"
    np.save(path, matrix)
    peer = others.ask("statsmodels", matrix=str(path))
    distance = np.linalg.norm(covariance.nearest_psd(matrix).matrix - matrix)
    against = f"distance {distance:.4g}"
    if peer is not None:
        against += f"; statsmodels' corr_nearest {peer['seconds'] / seconds:.3g}×, distance {peer['distance']:.4g}"
    return Row(f"nearest_psd, d = {d}", 1e3 * seconds, "ms", against, at_most(20.0, 1e3 * seconds, "ms"))
