"""Stores with faults in them, and looks at arrays without a store."""

from collections.abc import Callable
from typing import Any, cast

import dask.array as da
import numpy as np
import numpy.typing as npt

import mvn_dask
from mvn_dask.reporting.expectation import expect
from mvn_dask.reporting.findings import Findings
from mvn_dask.reporting.scanning import Scan
from mvn_dask.reporting.selection import Selection
from mvn_dask.reporting.summary import Summary, empty
from mvn_dask.sampling.replay import replay_sample
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.layout import chunk_count, chunk_index, chunk_key, chunk_window, encode, read_chunk
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.reading import Stored
from mvn_dask.store.storage.addressing import open_storage

Block = npt.NDArray[Any]

MEAN = np.array([0.0, 1.0, -2.0, 10.0])
COV = np.array([[1.0, 0.5, 0.2, 0.0], [0.5, 2.0, -0.4, 0.3], [0.2, -0.4, 0.5, 0.1], [0.0, 0.3, 0.1, 4.0]])


def sample(rows: int = 40_000, *, seed: int = 1, chunks: int = 5000, dtype: str = "float64") -> da.Array:
    return mvn_dask.MultivariateNormal(MEAN, COV).sample(rows, seed=seed, chunks=chunks, dtype=dtype)


def scan_of(x: da.Array) -> Scan:
    """The work on the store that an array would have."""
    record, arrays = manifest_of(x)
    source = replay_sample(record.content["samples"][0], arrays)
    selection = Selection(record, source.plan.noise_ndim, source.broadcast.factor.entries.ndim == 1)
    stored = Stored(open_storage("memory://nowhere"), record, record.identity)
    return Scan(stored, selection, expect(source, selection), source.broadcast)


def summaries(scan: Scan, numbers: Block) -> list[Summary]:
    """One of each chunk, of an array in memory."""
    record, found = scan.stored.manifest, []
    for number in range(chunk_count(record)):
        summary = empty(scan.selection, scan.expectation)
        scan.add(summary, number, numbers[chunk_window(record, chunk_index(record, number))])
        found.append(summary)
    return found


def look(x: da.Array, change: Callable[[Block], Block] | None = None) -> Findings:
    """What is found in an array, or in what is made of it."""
    scan = scan_of(x)
    numbers = cast(Block, x.compute(scheduler="synchronous"))
    summary = empty(scan.selection, scan.expectation)
    for each in summaries(scan, numbers if change is None else change(numbers.copy())):
        summary.merge(each)
    return Findings(scan.selection, scan.expectation, summary)


def plant(url: str, number: int, change: Callable[[Block], Block]) -> None:
    """Put other numbers into a chunk, under a right checksum."""
    storage = open_storage(url)
    record = require_manifest(storage)
    index = chunk_index(record, number)
    block = change(read_chunk(storage, record, index).copy())
    storage.write(chunk_key(index), encode(record, block.astype(record.dtype)))
