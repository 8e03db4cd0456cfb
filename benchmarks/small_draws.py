"""What a small draw costs around its numbers: the graph and dask, and a sample of one stripe."""

from collections.abc import Callable

import dask.array as da
import numpy as np

import mvn_dask
from benchmarks.timing import Row, best_in_turn
from mvn_dask.covariance import Dense
from mvn_dask.random.streams import as_root
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import Plan


def measure(small: bool) -> list[Row]:
    rounds = 5 if small else 1000
    return [_compute(rounds), _stripe(rounds)]


def _compute(rounds: int) -> Row:
    """A thousand rows of ten, from the call to the numbers, against a block that takes no time but knows its place."""
    mean, cov, rng = np.zeros(10), np.eye(10) + 0.5, mvn_dask.default_rng(1)
    block = np.zeros((1000, 10))

    def ours() -> None:
        rng.multivariate_normal(mean, cov, 1000, method="cholesky").compute(scheduler="synchronous")

    def nothing(block_id: tuple[int, ...] | None = None) -> np.ndarray:
        return block

    def bare() -> None:
        array = da.map_blocks(nothing, chunks=((1000,), (10,)), dtype=float, meta=np.empty((0, 0)))
        array.compute(scheduler="synchronous")

    def numpys() -> None:
        np.random.Generator(np.random.SFC64(1)).multivariate_normal(mean, cov, 1000, method="cholesky")

    best = best_in_turn({"ours": ours, "bare": bare, "numpy": numpys}, rounds)
    others = f"a bare da.map_blocks; numpy, without dask: {1e6 * best['numpy']:.0f} µs"
    return Row(
        "1000 rows of 10, with the graph", 1e6 * best["ours"], "µs", f"{best['ours'] / best['bare']:.2f}× {others}"
    )


def _stripe(rounds: int) -> Row:
    """The task of a sample of one stripe, which one stream draws alone, against numpy's normals."""
    rows, d = 32_768, 2
    factor = Dense(np.array([[2.0, 1.0], [1.0, 2.0]]), method="cholesky").factorize()
    plan, mean = Plan((rows,), d, d, "float64", as_root(1), (rows,)), np.zeros(d)
    generator = np.random.Generator(np.random.SFC64(1))
    actions: dict[str, Callable[[], object]] = {
        "ours": lambda: kernel.draw_rows(factor, mean, plan, 0, rows),
        "numpy": lambda: generator.standard_normal(rows * d),
    }
    best = best_in_turn(actions, rounds)
    relative = f"{best['ours'] / best['numpy']:.2f}× numpy's standard_normal alone"
    return Row(f"one stripe, {rows} x {d}", 1e9 * best["ours"] / (rows * d), "ns a number", relative)
