"""Stores of numbers of any law, as derived arrays have."""

from itertools import count
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

import mvn_dask
from mvn_dask.reporting.column_summaries import ColumnSummaries, summaries_of
from mvn_dask.reporting.derived_report import DerivedReport
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.reading import Stored
from mvn_dask.store.storage.addressing import open_storage

_NUMBER = count()


def stored(numbers: npt.NDArray[Any] | da.Array, chunks: Any = 1000) -> str:
    """URL of a store of these numbers."""
    url = f"memory://derived-{next(_NUMBER)}"
    array = da.from_array(numbers, chunks=chunks) if isinstance(numbers, np.ndarray) else numbers
    mvn_dask.to_zarr(array, url)
    return url


def opened(url: str) -> Stored:
    storage = open_storage(url)
    return Stored(storage, require_manifest(storage))


def summaries(numbers: npt.NDArray[Any] | da.Array, chunks: Any = 1000) -> ColumnSummaries:
    return summaries_of(opened(stored(numbers, chunks)))


def derived_report(url: str) -> DerivedReport:
    found = mvn_dask.report(url)
    assert isinstance(found, DerivedReport)
    return found


def sound(rows: int, seed: int) -> npt.NDArray[np.float64]:
    """Independent rows of four laws: t with 3 degrees of freedom, lognormal, mostly zeros, small integers."""
    rng = np.random.default_rng(seed)
    zeros = np.where(rng.random(rows) < 0.97, 0.0, rng.exponential(size=rows))
    columns = [rng.standard_t(3, rows), np.exp(rng.standard_normal(rows)), zeros, rng.poisson(2.0, rows)]
    return np.column_stack(columns).astype(np.float64)
