"""Nanoseconds per number on one core, beside every other library that draws multivariate normals on a CPU.

All draw in turn, in processes of their own on one core, as many rows as make 128 MiB in double precision; slow ones
fewer, into memory that their processes keep. The lower bound is the time that no library can avoid (`roofline`): the
larger of writing the numbers to memory, and the products of a triangular factor at the peak of the processor.
"""

import json
import os
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import environments, roofline
from benchmarks.timing import Row

DIMENSIONS = (1, 2, 4, 10, 32, 100, 316, 1000, 3000)
PEERS = (
    "mvn_dask", "numpy", "numpy svd", "mvn_dask svd", "scipy", "mkl_random", "mkl_random MT2203", "mkl_random ARS5",
    "torch", "jax", "mvnfast",
)  # fmt: skip
SINGLE = ("mvn_dask", "torch", "jax")
"""Those that draw in single precision."""
SLOW = {"torch": 8, "mvnfast": 8, "scipy": 2}
"""Draw so much less."""
LIMIT = {"numpy svd": 1000, "mvn_dask svd": 1000}
"""Largest dimension: beyond, the singular values alone take minutes."""

KEPT_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**32),
    "MALLOC_TRIM_THRESHOLD_": str(2**33),
    "MALLOC_TOP_PAD_": str(2**28),
}
"""Settings of glibc: a draw finds the memory of the one before, and does not wait for the kernel to clear it."""

Key = tuple[str, str, int]


@dataclass
class Comparison:
    """The measured times."""

    times: dict[Key, float] = field(default_factory=dict)
    """Median nanoseconds a number, by peer, precision and dimension."""
    bound: dict[Key, float] = field(default_factory=dict)
    """Lower bounds in the same form, under the name "lower bound"."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Why a peer is missing."""


class Peer:
    """A library in its process."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        environment = {**os.environ, **KEPT_MEMORY, "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def draw(self, d: int, dtype: str, numbers: int) -> float:
        """Nanoseconds a number."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        task = {"d": d, "dtype": dtype, "numbers": numbers // SLOW.get(self.name, 1)}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return 1e9 * float(answer["seconds"]) / float(answer["numbers"])

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def run(small: bool, folder: Path, given: dict[str, str]) -> Comparison:
    """Measure every peer that can be run, in turn."""
    result, peers = Comparison(), []
    for name in PEERS[:5] if small else PEERS:
        command = environments.command(name, folder, given)
        if isinstance(command, str):
            result.skipped[name] = command
            print(f"skipped {name}: {command}", flush=True)
        else:
            peers.append(Peer(name, command))
    numbers, rounds, dimensions = (2**17, 2, (2, 32)) if small else (2**24, 3, DIMENSIONS)
    for dtype in ("float64", "float32"):
        for d in dimensions:
            _measure(result, [peer for peer in peers if d <= LIMIT.get(peer.name, d)], dtype, d, numbers, rounds)
            result.bound["lower bound", dtype, d] = roofline.bound(dtype, d)
    for peer in peers:
        peer.close()
    return result


def _measure(result: Comparison, peers: list[Peer], dtype: str, d: int, numbers: int, rounds: int) -> None:
    drawn: defaultdict[str, list[float]] = defaultdict(list)
    begin = time.perf_counter()
    for turn in range(rounds):
        begin_with = turn * len(peers) // rounds
        for peer in peers[begin_with:] + peers[:begin_with]:
            if dtype == "float32" and peer.name not in SINGLE:
                continue
            # Those that take long are steady enough.
            if len(drawn[peer.name]) < 2 or drawn[peer.name][-1] * numbers < 3e9:
                drawn[peer.name].append(peer.draw(d, dtype, numbers))
    result.times.update({(name, dtype, d): median(values) for name, values in drawn.items() if values})
    print(f"{dtype}, d = {d}: {time.perf_counter() - begin:.0f} s", flush=True)


def rows(result: Comparison) -> list[Row]:
    """Lines of the table: ours, and how many times as long each other one takes."""
    lines = []
    for (name, dtype, d), ours in result.times.items():
        if name == "mvn_dask":
            others = [
                f"{peer} {value / ours:.2f}×"
                for (peer, kind, size), value in result.times.items()
                if peer != name and (kind, size) == (dtype, d)
            ]
            if dtype == "float32":
                others.append(f"ours in float64 {result.times['mvn_dask', 'float64', d] / ours:.2f}×")
            others.append(f"lower bound {result.bound['lower bound', dtype, d] / ours:.2f}×")
            lines.append(Row(f"one core, {dtype}, d = {d}", ours, "ns a number", ", ".join(others)))
    return lines


def as_json(result: Comparison) -> list[dict[str, Any]]:
    """All times, for JSON."""
    return [
        {"peer": name, "dtype": dtype, "d": d, "nanoseconds": value}
        for (name, dtype, d), value in {**result.times, **result.bound}.items()
    ]
