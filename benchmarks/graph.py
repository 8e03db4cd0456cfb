"""What a lazy array of many blocks costs before anything is drawn."""

import pickle

import dask.array as da
import numpy as np

import mvn_dask
from benchmarks.timing import Row, best_in_turn


def measure(small: bool) -> list[Row]:
    blocks = 1_000 if small else 100_000
    normal = mvn_dask.MultivariateNormal(np.zeros(30), np.eye(30) + 0.5)

    def ours() -> da.Array:
        return normal.sample(blocks * 2048, seed=1, chunks=2048)

    def dasks() -> da.Array:
        normals: da.Array = da.random.default_rng(1).standard_normal((blocks * 2048, 30), chunks=(2048, 30))
        return normals

    best = best_in_turn({"ours": ours, "dask": dasks}, rounds=2)
    sizes = {name: len(pickle.dumps(build())) for name, build in (("ours", ours), ("dask", dasks))}
    return [
        Row(f"graph of {blocks} blocks, built", best["ours"], "s", f"dask.array.random {best['dask']:.2f} s"),
        Row(
            f"graph of {blocks} blocks, pickled",
            sizes["ours"] / 1e6,
            "MB",
            f"dask.array.random {sizes['dask'] / 1e6:.2f} MB",
        ),
    ]
