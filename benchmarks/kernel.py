"""Nanoseconds per number on one core, against numpy's own Generator with the same bit generator."""

import numpy as np
from threadpoolctl import threadpool_limits

import mvn_dask
from benchmarks.timing import Row, best_in_turn
from mvn_dask import kernel
from mvn_dask.checks import Method
from mvn_dask.covariance import Dense
from mvn_dask.plan import Plan
from mvn_dask.streams import as_root


def measure(small: bool) -> list[Row]:
    dimensions = (2, 30) if small else (1, 2, 10, 30, 100, 316, 1000)
    methods: tuple[Method, ...] = ("cholesky", "svd")
    numbers, rounds = (10**5, 2) if small else (4 * 10**6, 5)
    return [_against_numpy(d, method, numbers, rounds) for d in dimensions for method in methods]


def _against_numpy(d: int, method: Method, numbers: int, rounds: int) -> Row:
    rng = np.random.default_rng(d)
    a = rng.standard_normal((d, d))
    mean, cov = rng.standard_normal(d), a @ a.T / d + np.eye(d)
    height = mvn_dask.stripe_height(d)
    n = -(-numbers // (d * height)) * height
    plan = Plan((n,), d, d, "float64", as_root(1), (n,))
    theirs = np.random.Generator(np.random.SFC64(1))
    with threadpool_limits(1, "blas"):
        best = best_in_turn(
            {
                # numpy factorises at every call; so does this, for the comparison's sake.
                "ours": lambda: kernel.draw(Dense(cov, method=method).factorize(), mean, plan, (0,)),
                "numpy": lambda: theirs.multivariate_normal(mean, cov, n, method=method),
            },
            rounds,
        )
    ours, numpys = (1e9 * best[name] / (n * d) for name in ("ours", "numpy"))
    return Row(f"kernel, d = {d}, {method}", ours, "ns a number", f"numpy {numpys:.1f} ns: {numpys / ours:.2f}×")
