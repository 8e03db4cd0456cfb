import pickle
from functools import partial
from pathlib import Path

import numpy as np

import mvn_dask
from mvn_dask.execution.blocks import Blocks
from mvn_dask.execution.pickling import PickledOnce
from mvn_dask.sampling.broadcast import LARGE


def test_what_travels_is_unpickled_once_and_loads_what_it_can(tmp_path: Path) -> None:
    n = LARGE // 8 + 5
    wide = mvn_dask.MultivariateNormal(np.arange(float(n)), 2.0).sample(3, seed=1, chunks=1)
    (origin,) = (layer.mapping for layer in wide.dask.layers.values() if hasattr(layer, "mapping"))
    broadcast = next(iter(origin.values())).value.broadcast
    for name, array in broadcast.arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    shelf = {key: partial(np.load, tmp_path / f"{name}.npy") for name, key in broadcast.digests.items()}
    pickled = pickle.dumps(PickledOnce(Blocks(wide), shelf))
    assert len(pickled) < 20_000
    one, other = pickle.loads(pickled), pickle.loads(pickled)  # noqa: S301
    assert one.value is other.value
    ((_, block),) = one.value.compute([2])
    np.testing.assert_array_equal(block, wide[2:].compute())
