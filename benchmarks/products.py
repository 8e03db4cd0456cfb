"""Products with a factor against ``np.matmul``, in multiply-adds: with the kernel that OpenBLAS chooses, and with AVX2.

Ours is the time of a draw with a dense factor less that of a diagonal one, of as many rows. A triangular factor takes
d (d + 1) / 2 multiply-adds a row, a full one and ``np.matmul`` d².
"""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from benchmarks import roofline
from benchmarks.timing import Row
from mvn_dask.covariance.base import Factor
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.matrix_factors import OrthogonalFactor, TriangularFactor
from mvn_dask.execution.block_memory import memory_kept
from mvn_dask.random.streams import as_root
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import Plan

DIMENSIONS = (16, 32, 100, 316, 1000, 3000)
MATMUL = """
import json, sys, time
import numpy as np
operands = {}
for line in sys.stdin:
    d, n, dtype = json.loads(line)
    if (d, n, dtype) not in operands:
        rng = np.random.default_rng(1)
        operands = {(d, n, dtype): [rng.random(shape).astype(dtype) for shape in ((n, d), (d, d), (n, d))]}
        np.matmul(*operands[d, n, dtype][:2], out=operands[d, n, dtype][2])
    rows, factor, out = operands[d, n, dtype]
    begin = time.perf_counter()
    np.matmul(rows, factor, out=out)
    print(time.perf_counter() - begin, flush=True)
"""
KERNELS = {"np.matmul": {}, "np.matmul with AVX2": {"OPENBLAS_CORETYPE": "Haswell"}}
"""Names, and environments of numpy's process."""


class _Matmul:
    """numpy in a process of its own, since OpenBLAS chooses its kernel when it is loaded."""

    def __init__(self, environment: dict[str, str]) -> None:
        variables = {**os.environ, "OPENBLAS_NUM_THREADS": "1", **environment}
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", MATMUL]
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=variables)

    def seconds(self, *task: Any) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(small: bool) -> list[Row]:
    peers = {name: _Matmul(environment) for name, environment in KERNELS.items()}
    rows = [
        _product(d, dtype, peers, small) for dtype in ("float64", "float32") for d in ((16,) if small else DIMENSIONS)
    ]
    for peer in peers.values():
        peer.close()
    return rows


def _product(d: int, dtype: str, peers: dict[str, _Matmul], small: bool) -> Row:
    numbers, rounds = (2**16, 1) if small else (2**22 if d < 1000 else 2**20, 7)
    n = numbers // d // 8 * 8
    full = np.random.default_rng(d).standard_normal((d, d)).astype(dtype)
    draws = {
        "triangular": _draw(TriangularFactor(np.tril(full)), dtype, n),
        "full": _draw(OrthogonalFactor(full), dtype, n),
        "diagonal": _draw(ScaleFactor(np.diagonal(full).copy()), dtype, n),
    }
    taken: defaultdict[str, list[float]] = defaultdict(list)
    with memory_kept():
        for _ in range(rounds):
            for name, draw in draws.items():
                begin = time.perf_counter()
                draw()
                taken[name].append(time.perf_counter() - begin)
            for name, peer in peers.items():
                taken[name].append(peer.seconds(d, n, dtype))
    seconds = {name: median(each) for name, each in taken.items()}
    triangular, whole = 1e9 / (n * d * (d + 1) / 2), 1e9 / (n * d * d)
    ours = (seconds["triangular"] - seconds["diagonal"]) * triangular
    full_time = (seconds["full"] - seconds["diagonal"]) * whole
    others = {name: seconds[name] * whole for name in peers} | {"the processor's peak": roofline.multiply_add(dtype)}
    rates = ", ".join(f"{value / ours:.2f} of {name}" for name, value in others.items())
    of_full = f"full factor {full_time:.3g} ns, {others['np.matmul'] / full_time:.2f} of np.matmul"
    return Row(f"product, {dtype}, d = {d}", ours, "ns a multiply-add", f"rate: {rates}; {of_full}")


def _draw(factor: Factor, dtype: str, n: int) -> Callable[[], object]:
    plan = Plan((n,), factor.ndim, factor.noise_ndim, dtype, as_root(1), (n,))
    mean = np.zeros(factor.ndim, dtype)

    def draw() -> None:
        kernel.draw_rows(factor, mean, plan, 0, n)

    draw()
    return draw
