"""One core, one library: a process that draws on request and reports how long that took.

``python peers.py numpy`` reads lines of JSON, ``{"d": 10, "dtype": "float64", "numbers": 1000000}``, and answers each
with seconds, numbers and bytes. It is run by the interpreter of the library's own environment, so it imports
nothing of this project but, for itself, the package. What a library can keep between draws, its factor first of
all, is made before the time is taken: all but numpy and jax, which factorise at every call.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

if __name__ == "__main__":
    # Before numpy is imported.
    os.environ.update(dict.fromkeys(THREADS, "1"))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import numpy as np  # noqa: E402

Draw = Callable[[], Any]


def moments(d: int) -> tuple[Any, Any]:
    """A mean and a positive definite covariance."""
    rng = np.random.default_rng(d)
    a = rng.standard_normal((d, d))
    return rng.standard_normal(d), a @ a.T / d + np.eye(d)


def mvn_dask(d: int, dtype: str, n: int, method: str = "cholesky") -> Draw:
    from mvn_dask.covariance import Dense
    from mvn_dask.random.streams import as_root
    from mvn_dask.sampling import kernel
    from mvn_dask.sampling.plan import Plan

    mean, cov = moments(d)
    factor = Dense(cov, method=method).factorize().astype(dtype)  # type: ignore[arg-type]
    plan = Plan((n,), d, d, dtype, as_root(1), (n,))
    mean = mean.astype(dtype)
    return lambda: kernel.draw_rows(factor, mean, plan, 0, n)


def numpy(d: int, dtype: str, n: int, method: str = "cholesky") -> Draw:
    mean, cov = moments(d)
    generator = np.random.Generator(np.random.SFC64(1))
    return lambda: generator.multivariate_normal(mean, cov, n, method=method)  # type: ignore[arg-type]


def scipy(d: int, dtype: str, n: int) -> Draw:
    from scipy import stats

    mean, cov = moments(d)
    frozen = stats.multivariate_normal(mean, stats.Covariance.from_cholesky(np.linalg.cholesky(cov)))
    generator = np.random.default_rng(1)
    return lambda: frozen.rvs(n, random_state=generator)


def mkl_random(d: int, dtype: str, n: int, generator: str = "SFMT19937") -> Draw:
    import mkl_random as mkl

    mean, cov = moments(d)
    lower = np.linalg.cholesky(cov)
    state = mkl.MKLRandomState(1, brng=generator)
    return lambda: state.multinormal_cholesky(mean, lower, size=n)


def torch(d: int, dtype: str, n: int) -> Draw:
    import torch as library

    library.set_num_threads(1)
    mean, cov = moments(d)
    kind = getattr(library, dtype)
    lower = library.tensor(np.linalg.cholesky(cov), dtype=kind)
    normal = library.distributions.MultivariateNormal(library.tensor(mean, dtype=kind), scale_tril=lower)
    return lambda: normal.sample((n,))


def jax(d: int, dtype: str, n: int) -> Draw:
    import jax as library

    library.config.update("jax_enable_x64", True)
    mean, cov = moments(d)
    mean, cov = library.numpy.asarray(mean, dtype), library.numpy.asarray(cov, dtype)
    keys = iter(library.random.split(library.random.key(1), 1000))
    draw = library.jit(lambda key: library.random.multivariate_normal(key, mean, cov, (n,), dtype, method="cholesky"))
    return lambda: draw(next(keys)).block_until_ready()


PEERS: dict[str, Callable[[int, str, int], Draw]] = {
    "mvn_dask": mvn_dask,
    "mvn_dask svd": lambda d, dtype, n: mvn_dask(d, dtype, n, "svd"),
    "numpy": numpy,
    "numpy svd": lambda d, dtype, n: numpy(d, dtype, n, "svd"),
    "scipy": scipy,
    "mkl_random": mkl_random,
    "mkl_random MT2203": lambda d, dtype, n: mkl_random(d, dtype, n, "MT2203"),
    "mkl_random ARS5": lambda d, dtype, n: mkl_random(d, dtype, n, "ARS5"),
    "torch": torch,
    "jax": jax,
}


def main() -> None:
    prepare = PEERS[sys.argv[1]]
    prepared: dict[str, Any] = {}
    draw: Draw = int
    for line in sys.stdin:
        task = json.loads(line)
        n = max(1, task["numbers"] // task["d"])
        if task != prepared:
            draw, prepared = prepare(task["d"], task["dtype"], n), task
            # Compiles, loads and warms up, where there is something of the kind.
            draw()
        best, spent = float("inf"), 0.0
        # Short ones three times: the first finds the memory that the last library in turn left in pieces.
        for _ in range(3):
            begin = time.perf_counter()
            rows = draw()
            seconds = time.perf_counter() - begin
            assert rows.shape == (n, task["d"])
            # Before the answer: the next in turn is not to wait for the memory.
            del rows
            best, spent = min(best, seconds), spent + seconds
            if spent > 1:
                break
        print(json.dumps({"seconds": best, "numbers": n * task["d"]}), flush=True)


if __name__ == "__main__":
    main()
