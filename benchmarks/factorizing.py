"""Cholesky's factor against numpy's LAPACK, with as many threads each."""

import os

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.timing import Row, best_in_turn
from mvn_dask.covariance import Dense


def measure(small: bool) -> list[Row]:
    return [_factorized(d, threads, small) for d in ((600,) if small else (2000, 6000)) for threads in _threads()]


def _threads() -> list[int]:
    return sorted({1, os.cpu_count() or 1})


def _factorized(d: int, threads: int, small: bool) -> Row:
    """The factor alone, and the default method with all of its checks."""
    place = np.sort(np.random.default_rng(1).random(d))
    # Correlations that decrease with the distance, and a hundredth of independent noise.
    matrix = np.exp(-5.0 * np.abs(place[:, None] - place)) + 0.01 * np.eye(d)
    Dense(matrix[:500, :500], method="cholesky").factorize()  # which compiles, or loads what was compiled
    with threadpool_limits(threads):
        best = best_in_turn(
            {
                "numpy": lambda: np.linalg.cholesky(matrix),
                "ours": lambda: Dense(matrix, method="cholesky", check_valid="ignore").factorize(),
                "checked": lambda: Dense(matrix).factorize(),
            },
            rounds=1 if small else 3,
        )
    relative = f"{best['numpy'] / best['ours']:.2f} of numpy's rate; auto, checked: {best['checked']:.2f} s"
    return Row(f"cholesky, d = {d}, {threads} threads", best["ours"], "s", relative)
