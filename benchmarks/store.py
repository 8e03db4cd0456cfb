"""Drawing into a store, against drawing alone and writing the same bytes raw."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import dask
import dask.array as da
import numpy as np

import mvn_dask
from benchmarks.timing import Row, best_in_turn


def measure(small: bool) -> list[Row]:
    nbytes = 2**24 if small else 2**30
    normal = mvn_dask.MultivariateNormal(np.zeros(100), np.eye(100) + 0.5, method="cholesky")
    samples = normal.sample(nbytes // 800, seed=1, chunks="2 MiB" if small else "64 MiB")
    block = samples.blocks[0].compute()
    with TemporaryDirectory(dir=Path.cwd()) as folder, dask.config.set(scheduler="threads"):
        root = Path(folder)

        def draw() -> None:
            # A copy of one number of every block keeps nothing, and nothing is read twice.
            da.map_blocks(lambda rows: rows[:1, :1].copy(), samples, dtype=samples.dtype).compute()

        def write() -> None:
            # In as many threads as dask has, and into files as new as the store's.
            shutil.rmtree(root / "raw", ignore_errors=True)
            (root / "raw").mkdir()
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(lambda number: block.tofile(root / "raw" / str(number)), range(samples.numblocks[0])))

        def store() -> None:
            shutil.rmtree(root / "store", ignore_errors=True)
            mvn_dask.to_zarr(samples, root / "store")

        best = best_in_turn({"draw": draw, "write": write, "store": store}, rounds=1 if small else 7)
    both = best["draw"] + best["write"]
    return [
        Row(
            f"to_zarr, {nbytes / 2**30:.2g} GiB, threads",
            best["store"],
            "s",
            f"draw {best['draw']:.2f} s + tofile {best['write']:.2f} s: {best['store'] / both:.2f}×",
        )
    ]
