from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import DamagedRecordError, DerivedStoreError
from mvn_dask.recovery import redrawing_of
from mvn_dask.store.record import existing
from mvn_dask.store.targets.addressing import as_target


@pytest.mark.parametrize("size", [(), 100, (10, 7)])
def test_the_sample_is_the_one_that_was_stored(size: object, tmp_path: Path) -> None:
    x = mvn_dask.MultivariateNormal([1.0, 2.0], np.eye(2) + 0.5).sample(size, seed=3)
    mvn_dask.to_zarr(x, tmp_path)
    target = as_target(tmp_path)
    record = existing(target)
    found = redrawing_of(target, record)
    np.testing.assert_array_equal(found.array(found.plan.size, record.chunks, None), x)


def test_a_derived_array_cannot_be_drawn_again(tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([1.0], 1.0).sample(10, seed=3) + 1, tmp_path)
    target = as_target(tmp_path)
    with pytest.raises(DerivedStoreError, match="cannot draw again"):
        redrawing_of(target, existing(target))


def test_without_its_factor_it_is_damaged(tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([1.0], 1.0).sample(10, seed=3), tmp_path)
    target = as_target(tmp_path)
    target.delete(".mvn_dask/factor.npy")
    with pytest.raises(DamagedRecordError, match="factor"):
        redrawing_of(target, existing(target))
