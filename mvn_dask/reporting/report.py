"""A report about a store: one pass over its chunks, then words, numbers and a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from mvn_dask.errors import DerivedStoreError
from mvn_dask.execution.client import thread_count
from mvn_dask.execution.engine import run
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import range_size
from mvn_dask.maintenance.verify import replay_of
from mvn_dask.reporting.expectation import expect
from mvn_dask.reporting.findings import Findings
from mvn_dask.reporting.judging import judge
from mvn_dask.reporting.numbers import as_dict
from mvn_dask.reporting.outcome import Outcome
from mvn_dask.reporting.page import page
from mvn_dask.reporting.scanning import Scan
from mvn_dask.reporting.selection import Selection
from mvn_dask.reporting.summary import empty
from mvn_dask.reporting.words import share
from mvn_dask.sampling.replay import Replay
from mvn_dask.store.format.completeness import refuse_unfinished
from mvn_dask.store.format.layout import chunk_bytes, chunk_count
from mvn_dask.store.format.manifest import Manifest, require_manifest
from mvn_dask.store.format.parameters import parameter_loaders, writer
from mvn_dask.store.reading import Stored
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import Storage

RANGES = 16
"""Ranges of chunks for each thread, about: each brings a summary back."""


@dataclass(frozen=True, eq=False)
class Report(Outcome):
    """What a store holds, beside what it should hold."""

    @property
    def html(self) -> str:
        """One self-contained page, of less than 2 MB, which asks no network for anything."""
        return page(self)

    def as_dict(self) -> dict[str, Any]:
        """Numbers and verdicts, JSON-able."""
        return as_dict(self)

    def __str__(self) -> str:
        head = f"{self.url}: {'ok' if self.ok else 'NOT ok'} (wrong for {share(self.error_rate)} sound samples)"
        left = [f"left out: {text}" for text in self.findings.selection.left_out()]
        return "\n".join([head, *(f"  {verdict}" for verdict in self.verdicts), *(f"  {text}" for text in left)])


def report(url: object, *, storage_options: Mapping[str, Any] | None = None) -> Report:
    """What a finished sample's store holds, beside what its mean and its factor say that it should.

    Every chunk is read once, on dask's current scheduler, and its checksum compared.

    Parameters
    ----------
    url : str, path-like or zarr.storage store
        Whatever `mvn_dask.to_zarr` takes.
    storage_options : mapping, optional
        As for `mvn_dask.to_zarr`.

    Returns
    -------
    Report
        ``ok``, ``verdicts``, and ``html``, a page to look at.

    Raises
    ------
    NotAStoreError
        If there is no store.
    DamagedManifestError
        If its record, its mean or its factor cannot be believed.
    DerivedStoreError
        If its numbers were derived from samples: their distribution is not known.
    UnfinishedStoreError
        If chunks are missing.
    DamagedChunkError
        If a chunk's checksum differs.
    JobCancelledError
        If the job was asked to stop.

    Notes
    -----
    Kept are sums and counts that do not grow with the rows; a thread holds one chunk at a time. Which variables and
    rows are looked at has bounds, and is told in the report.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://report")
    >>> told = report("memory://report")
    >>> told.ok, told.error_rate
    (True, 0.001)
    >>> [verdict.family for verdict in told.verdicts]
    ['means', 'spreads', 'correlations', 'margins', 'distances', 'drift', 'numbers', 'chunks']
    """
    storage = open_storage(url, storage_options)
    require_manifest(storage)
    with storage.task_session():
        record = require_manifest(storage)  # inside, where nobody extends it
        source = _source(storage, record)
        refuse_unfinished(storage, record)
        findings = _look(storage, record, source)
        begun = writer(storage)
    made = datetime.now(UTC).replace(microsecond=0)
    return Report(storage.name, record.as_dict(), begun, made, findings, judge(findings))


def _source(storage: Storage, record: Manifest) -> Replay:
    """What the sample is drawn from."""
    if not record.is_sample:
        raise DerivedStoreError(
            f"{storage} holds numbers derived from samples by {record.expression!r}, whose distribution its "
            "record does not tell: a report is about the store of a sample"
        )
    return replay_of(storage, record)


def _look(storage: Storage, record: Manifest, source: Replay) -> Findings:
    """Read all chunks, on dask's current scheduler."""
    selection = Selection(record, source.plan.noise_ndim, source.broadcast.factor.entries.ndim == 1)
    expectation = expect(source, selection)
    summary = empty(selection, expectation)
    count = chunk_count(record) if selection.rows else 0
    scan = Scan(Stored(storage, record, record.identity), selection, expectation, source.broadcast)
    numbers = np.arange(count, dtype=np.int64)
    size = max(1, min(range_size(chunk_bytes(record)), count // (RANGES * thread_count())))
    with Progress(count, "chunks") as progress:
        for part in run(scan, numbers, size, progress, parameter_loaders(storage, record)):
            summary.merge(part)
    return Findings(selection, expectation, summary)
