"""Arrays to store: a sample, and one derived from it."""

from typing import Any

import dask.array as da
import numpy as np

import mvn_dask

NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])


def sample(**options: Any) -> da.Array:
    found: da.Array = NORMAL.sample(**{"size": 100, "seed": 1, "chunks": 40, **options})
    return found


def payoff(x: Any) -> Any:
    return np.maximum(x.sum(axis=-1) - 1.0, 0.0)


def derived(x: da.Array) -> da.Array:
    payoffs: da.Array = da.map_blocks(payoff, x, drop_axis=1, dtype=x.dtype)
    return payoffs
