"""Samples with faults in them, and estimates of arrays without a store."""

from collections.abc import Callable
from typing import Any, cast

import dask.array as da
import numpy as np
import numpy.typing as npt

import mvn_dask
from mvn_dask._typing import FloatDType
from mvn_dask.checks import Method
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.measurements import collect, inputs_of
from mvn_dask.reporting.reference import Reference, reference_of
from mvn_dask.reporting.sample_report import SampleReport
from mvn_dask.reporting.scan import ChunkRange, Forests, Scan, chunk_range
from mvn_dask.reporting.selection import Selection
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.sampling.replay import replay_sample
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.layout import chunk_count, chunk_index, chunk_key, chunk_window, encode, read_chunk
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.reading import Stored
from mvn_dask.store.storage.addressing import open_storage

Block = npt.NDArray[Any]

MEAN = np.array([0.0, 1.0, -2.0, 10.0])
COV = np.array([[1.0, 0.5, 0.2, 0.0], [0.5, 2.0, -0.4, 0.3], [0.2, -0.4, 0.5, 0.1], [0.0, 0.3, 0.1, 4.0]])
MISSED: list[tuple[list[list[float]], Method]] = [
    ([[1.0, 2.0], [2.0, 1.0]], "svd"),
    ([[1.0, 2.0], [2.0, 1.0]], "eigh"),
    ([[2.0, 3.0], [3.0, 2.0]], "auto"),
    ([[0.0, 1.0], [1.0, 1.0]], "eigh"),
    ([[4.0, 2.0, 1.0], [2.0, 0.5, 3.0], [1.0, 3.0, 9.0]], "svd"),
    ([[1e12, 1e-3, 0.0], [1e-3, 1e-12, 0.0], [0.0, 0.0, 1.0]], "svd"),
]
"""Matrices, and methods whose factors have other variances."""


def sample(rows: int = 40_000, *, seed: int = 1, chunks: int = 5000, dtype: FloatDType = "float64") -> da.Array:
    return mvn_dask.MultivariateNormal(MEAN, COV, method="svd").sample(rows, seed=seed, chunks=chunks, dtype=dtype)


def described(x: da.Array) -> tuple[Selection, Reference, Broadcast]:
    """What a report on the store of an array looks at, and what it expects."""
    manifest, arrays = manifest_of(x)
    source = replay_sample(manifest.samples[0], arrays)
    selection = Selection(manifest, sum(array.size for array in source.sampler.factor.arrays().values()))
    return selection, reference_of(source.sampler, selection), source.broadcast


def selection_of(x: da.Array) -> Selection:
    return described(x)[0]


def reference_for(x: da.Array) -> Reference:
    return described(x)[1]


def estimate(x: da.Array, change: Callable[[Block], Block] | None = None) -> Estimates:
    """Estimates from an array, or from what is made of it."""
    selection, reference, broadcast = described(x)
    manifest, forests = selection.manifest, Forests()
    stored = Stored(open_storage("memory://nowhere"), manifest)
    scan = Scan(stored, inputs_of(selection, reference, broadcast), len(manifest.size))
    numbers = cast(Block, x.compute(scheduler="synchronous"))
    numbers = numbers if change is None else change(numbers.copy())
    for number in range(chunk_count(manifest)):
        scan.add(forests, chunk_range(manifest, number), numbers[chunk_window(manifest, chunk_index(manifest, number))])
    if not selection.rows:
        for low in range(0, selection.ndim, manifest.chunks[-1]):
            scan.add(forests, ChunkRange(0, 0, 0, low, (selection.ndim - low,)), numbers)
    return Estimates(selection, reference, collect(selection, reference, scan.results(forests)))


def plant(url: str, number: int, change: Callable[[Block], Block]) -> None:
    """Put other numbers into a chunk, under a right checksum."""
    storage = open_storage(url)
    manifest = require_manifest(storage)
    index = chunk_index(manifest, number)
    block = change(read_chunk(storage, manifest, index).copy())
    storage.write(chunk_key(manifest, index), encode(manifest, block.astype(manifest.dtype)))


def sample_report(url: object) -> SampleReport:
    """The report on the store of a sample."""
    found = mvn_dask.report(cast(Any, url))
    assert isinstance(found, SampleReport)
    return found
