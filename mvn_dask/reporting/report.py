"""A report about a store: verdicts, numbers, and one HTML file with its style and its pictures inside.

Input: the URL of a finished store. Output: a `Report`. Cost: one pass over the chunks, and memory for a few of them;
the page some 0.1 s.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mvn_dask.errors import DerivedStoreError
from mvn_dask.estimation.convergence import Convergence
from mvn_dask.maintenance.verify import replay_of
from mvn_dask.reporting.base import Report
from mvn_dask.reporting.column_summaries import ColumnSummaries, summaries_of
from mvn_dask.reporting.derived_report import DerivedReport
from mvn_dask.reporting.derived_verdicts import verdicts_on_columns
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.measurements import collect, inputs_of
from mvn_dask.reporting.reference import reference_of
from mvn_dask.reporting.sample_report import SampleReport
from mvn_dask.reporting.scan import scan
from mvn_dask.reporting.selection import Selection
from mvn_dask.reporting.variable_units import units_of
from mvn_dask.reporting.verdicts import verdicts_on
from mvn_dask.signatures import short_signature
from mvn_dask.store.format.completeness import refuse_unfinished
from mvn_dask.store.format.manifest import Manifest, require_manifest
from mvn_dask.store.format.parameters import parameter_loaders
from mvn_dask.store.format.writer_note import read_note
from mvn_dask.store.process_memory import refuse_other_processes
from mvn_dask.store.reading import Stored
from mvn_dask.store.storage.addressing import StoreLike, open_storage
from mvn_dask.store.storage.base import Storage

__all__ = ["Report", "report"]


@short_signature
def report(
    url: StoreLike,
    *,
    convergences: Mapping[str, Convergence] | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Report:
    """Look at what a store holds: of a sample, compared with what its mean, its variances and its factor say.

    Of derived numbers, such as losses, the law is not known: they are described column by column, with intervals, and
    rows are compared with one another, which finds where something changes. Every chunk is read once, on dask's current
    scheduler, and its checksum compared.

    Parameters
    ----------
    url : str, path-like, zarr.storage store or icechunk.Repository
        Whatever `mvn_dask.to_zarr` takes.
    convergences : mapping of str to Convergence, optional
        Estimates that the page shows as rows are added, with their bands, by the names under which it does: those of
        `mvn_dask.estimation.convergence.convergence`.
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
        If its manifest, its mean or its factor is damaged.
    DerivedStoreError
        If it holds derived numbers that are not real.
    UnfinishedStoreError
        If chunks are missing.
    DamagedChunkError
        If a chunk's checksum differs.
    JobCancelledError
        If the job was cancelled.

    See Also
    --------
    mvn_dask.verify : Compares the store with its manifest, bit by bit.
    mvn_dask.estimate : Numbers with their errors, without a page.

    Notes
    -----
    Memory holds sums and counts that do not grow with the rows, and one chunk a thread. Of very many variables or rows
    some are looked at; the report says which. Rows of Sobol' points are not independent: of a sample of those nothing
    is tested but what holds for every sample, such as that all numbers are finite. Of derived numbers, the first rows
    are read up to twice more, for quantiles that are exact, and all rows once more where their order needs it;
    estimates are those of `mvn_dask.estimate`. They are taken for independent, equally distributed rows.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://report")
    >>> found = report("memory://report")
    >>> found.ok, found.error_rate
    (True, 0.001)
    >>> [verdict.family for verdict in found.verdicts][:7]
    ['means', 'variances', 'covariances', 'marginals', 'distances', 'drift', 'repeated_rows']
    >>> [verdict.family for verdict in found.verdicts][7:]
    ['numbers', 'chunks', 'factor']
    """
    storage = open_storage(url, storage_options)
    require_manifest(storage)
    refuse_other_processes(storage)
    with storage.task_session():
        manifest = require_manifest(storage)  # inside, where nobody extends it
        found = _estimates(storage, manifest) if manifest.is_sample else _summaries(storage, manifest)
        begun = read_note(storage).environment
    made = datetime.now(UTC).replace(microsecond=0)
    known: dict[str, Any] = {
        "url": storage.name, "content": manifest.as_dict(), "begun": begun, "made": made,
        "convergences": dict(convergences or {}),
    }  # fmt: skip
    if isinstance(found, Estimates):
        return SampleReport(verdicts=verdicts_on(found), estimates=found, **known)
    return DerivedReport(verdicts=verdicts_on_columns(found), summaries=found, **known)


def _estimates(storage: Storage, manifest: Manifest) -> Estimates:
    """Read all chunks of a sample."""
    source = replay_of(storage, manifest)
    refuse_unfinished(storage, manifest)
    selection = Selection(manifest, sum(array.size for array in source.sampler.factor.arrays().values()))
    reference = reference_of(source.sampler, selection)
    stored, inputs = Stored(storage, manifest), inputs_of(selection, reference, source.broadcast)
    results = scan(stored, inputs, parameter_loaders(storage, manifest))
    units = units_of(storage, manifest, selection.columns.tolist())
    return Estimates(selection, reference, collect(selection, reference, results), units)


def _summaries(storage: Storage, manifest: Manifest) -> ColumnSummaries:
    """Read all chunks of derived numbers."""
    if manifest.dtype.kind not in "biuf":
        raise DerivedStoreError(f"{storage} holds {manifest.dtype}: a report on derived numbers is about real ones")
    refuse_unfinished(storage, manifest)
    return summaries_of(Stored(storage, manifest))
