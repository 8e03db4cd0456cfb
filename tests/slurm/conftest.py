"""A Slurm, and a job that takes each of eight parts a second or two."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import dask
import numpy as np
import pytest

import mvn_dask
from tests.slurm.cluster import Slurm, running
from tests.slurm.site import CHUNKS, NDIM, PARTS, ROWS, SEED, Site, content


@pytest.fixture(scope="session")
def slurm() -> Iterator[Slurm]:
    with running() as slurm:
        yield slurm


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with mean.npy and cov.npy."""
    folder = tmp_path_factory.mktemp("inputs")
    rng = np.random.default_rng(0)
    factor = rng.standard_normal((NDIM, NDIM))
    np.save(folder / "mean.npy", rng.standard_normal(NDIM))
    np.save(folder / "cov.npy", factor @ factor.T / NDIM + np.eye(NDIM))
    return folder


@pytest.fixture(scope="session")
def uninterrupted(inputs: Path) -> dict[str, bytes]:
    """The store that one call in one process writes."""
    mean, cov = np.load(inputs / "mean.npy"), np.load(inputs / "cov.npy")
    normal = mvn_dask.MultivariateNormal(mean, cov, method="cholesky")
    with dask.config.set(scheduler="threads"):
        with warnings.catch_warnings():
            # Blocks far below a stripe, so that a chunk takes long enough to be stopped in.
            warnings.filterwarnings("ignore", "blocks of 4 rows are far below a stripe", UserWarning)
            rows = normal.sample(PARTS * CHUNKS * ROWS, seed=SEED, chunks=ROWS)
        mvn_dask.to_zarr(rows, inputs / "store.zarr")
    return content(inputs / "store.zarr")


@pytest.fixture
def site(slurm: Slurm, inputs: Path, tmp_path: Path) -> Site:
    return Site(slurm, inputs, tmp_path)
