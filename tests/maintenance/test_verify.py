from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import DamagedManifestError, DerivedStoreError
from mvn_dask.maintenance.verify import replay_of
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.storage.addressing import open_storage


@pytest.mark.parametrize("size", [(), 100, (10, 7)])
def test_the_sample_is_the_one_that_was_stored(size: object, tmp_path: Path) -> None:
    x = mvn_dask.MultivariateNormal([1.0, 2.0], np.eye(2) + 0.5).sample(size, seed=3)
    mvn_dask.to_zarr(x, tmp_path)
    storage = open_storage(tmp_path)
    manifest = require_manifest(storage)
    found = replay_of(storage, manifest)
    np.testing.assert_array_equal(found.array(found.plan.size, manifest.chunks, None), x)


def test_a_derived_array_cannot_be_drawn_again(tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([1.0], 1.0).sample(10, seed=3) + 1, tmp_path)
    storage = open_storage(tmp_path)
    with pytest.raises(DerivedStoreError, match="cannot draw again"):
        replay_of(storage, require_manifest(storage))


def test_without_its_factor_it_is_damaged(tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([1.0], 1.0).sample(10, seed=3), tmp_path)
    storage = open_storage(tmp_path)
    storage.delete(".mvn_dask/parameters/factor.scale.npy")
    with pytest.raises(DamagedManifestError, match="factor"):
        replay_of(storage, require_manifest(storage))
