"""A sample is drawn again from its store, whatever became of the chunks."""

import shutil
from pathlib import Path

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mvn_dask
from mvn_dask.errors import DerivedStoreError, NotAStoreError

COV = np.eye(3) + 0.5


@pytest.mark.parametrize(
    "x",
    [
        mvn_dask.MultivariateNormal(pd.Series([0.0, 1.0, 2.0], ["oil", "gas", "coal"]), COV).sample(
            1000, seed=[3, 4], chunks=300, dtype="float32"
        ),
        mvn_dask.MultivariateT([0.0, 1.0, 2.0], COV, df=3).sample((4, 50), seed=1, chunks=(2, 30)),
        mvn_dask.GaussianCopula(COV / 1.5, [stats.gamma(3.0)] * 3).sample(500, seed=1),
        mvn_dask.MultivariateNormal(np.zeros(3), COV).sample(256, seed=1, points="sobol", replicate=2),
    ],
    ids=["named float32", "t, two axes", "copula", "points"],
)
def test_the_same_bits_without_a_chunk(x: da.Array, tmp_path: Path) -> None:
    mvn_dask.to_zarr(x, tmp_path / "a")
    shutil.rmtree(tmp_path / "a" / "samples" / "c")
    again = mvn_dask.replay(tmp_path / "a")
    assert (again.chunks, again.dtype, again.name) == (x.chunks, x.dtype, x.name)
    np.testing.assert_array_equal(again.compute(), x.compute())
    mvn_dask.to_zarr(again, tmp_path / "b")
    manifests = [(tmp_path / each / ".mvn_dask" / "manifest.json").read_bytes() for each in "ab"]
    assert manifests[0] == manifests[1]


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1)
    mvn_dask.to_zarr(da.exp(x), tmp_path)
    with pytest.raises(DerivedStoreError, match="cannot draw again"):
        mvn_dask.replay(tmp_path)
    with pytest.raises(NotAStoreError):
        mvn_dask.replay("memory://replay-nothing")
