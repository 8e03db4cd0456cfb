"""A report about a store: verdicts, numbers, and one HTML file with its style and its pictures inside.

Input: the URL of a finished sample. Output: a `Report`. Cost: one pass over the chunks, and memory for a few of them;
the page some 0.1 s.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.environment import Environment, environment
from mvn_dask.errors import DerivedStoreError
from mvn_dask.escaping import printable_lines
from mvn_dask.maintenance.verify import replay_of
from mvn_dask.reporting.estimates import Estimates, largest
from mvn_dask.reporting.figures.heatmaps import heatmaps
from mvn_dask.reporting.figures.marginals import histograms
from mvn_dask.reporting.figures.qq import qq_plot
from mvn_dask.reporting.figures.running_means import running_means
from mvn_dask.reporting.figures.svg import render
from mvn_dask.reporting.measurements import collect, inputs_of
from mvn_dask.reporting.number_format import rate
from mvn_dask.reporting.reference import marginal_histogram, reference_of
from mvn_dask.reporting.scan import scan
from mvn_dask.reporting.selection import Selection
from mvn_dask.reporting.verdicts import ERROR_RATE, FAMILIES, Verdict, verdicts_on
from mvn_dask.store.format.completeness import refuse_unfinished
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, inner_chunk_count
from mvn_dask.store.format.manifest import Manifest, require_manifest
from mvn_dask.store.format.parameters import parameter_loaders, writer
from mvn_dask.store.process_memory import refuse_other_processes
from mvn_dask.store.reading import Stored
from mvn_dask.store.storage.addressing import StoreLike, open_storage
from mvn_dask.store.storage.base import Storage

MOST_VARIABLES = 1000
"""Variables whose moments are listed in JSON; of more, the first ones of those that were looked at."""
LISTED = 10
"""Variables in the table of those that are farthest off."""


@dataclass(frozen=True, eq=False)
class Report:
    """What a store holds, compared with what it should hold."""

    url: str
    """Where it lies, without secrets."""
    content: Mapping[str, Any]
    """Its manifest: all that decides its numbers."""
    begun: Environment | None
    """Where it was begun; None where that is not known."""
    made: datetime
    """When this report was made, in UTC."""
    estimates: Estimates = field(repr=False)
    """The numbers behind verdicts and figures."""
    verdicts: tuple[Verdict, ...]
    """What families of tests say."""
    error_rate: float = ERROR_RATE
    """Share of sound samples for which `ok` is False, at most."""
    here: Environment = field(default_factory=environment)
    """Where this report was made."""

    @property
    def ok(self) -> bool:
        """Whether all verdicts are."""
        return all(verdict.ok for verdict in self.verdicts)

    @property
    def html(self) -> str:
        """One self-contained page of less than 2 MB, which loads nothing from a network."""
        return str(render("page.html", **_page_values(self)))

    def as_dict(self) -> dict[str, Any]:
        """Numbers and verdicts, JSON-able, of bounded size; None stands for what is no finite number."""
        return {
            "url": self.url,
            "ok": self.ok,
            "error_rate": self.error_rate,
            "made": self.made.isoformat(),
            "fingerprint": self.content["fingerprint"],
            "shape": self.content["array"]["shape"],
            "dtype": self.content["array"]["dtype"],
            "sample": self.content["samples"][0],
            **self.estimates.reference.diagnostics.as_dict(),
            "begun_with": self.begun.as_dict() if self.begun else None,
            "reported_with": self.here.as_dict(),
            "verdicts": [asdict(each) | {"grade": each.grade} for each in self.verdicts],
            **_numbers_of(self.estimates),
            "left_out": self.estimates.selection.left_out(),
        }

    def __str__(self) -> str:
        head = f"{self.url}: {'ok' if self.ok else 'NOT ok'} (wrong for {rate(self.error_rate)} sound samples)"
        left_out = [f"left out: {text}" for text in self.estimates.selection.left_out()]
        return printable_lines(
            [head, *(f"  {verdict}" for verdict in self.verdicts), *(f"  {text}" for text in left_out)]
        )


def report(url: StoreLike, *, storage_options: Mapping[str, Any] | None = None) -> Report:
    """Compare what the store of a sample holds with what its mean, its variances and its factor say.

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
        If its manifest, its mean or its factor is damaged.
    DerivedStoreError
        If its numbers were derived from samples: their distribution is not known.
    UnfinishedStoreError
        If chunks are missing.
    DamagedChunkError
        If a chunk's checksum differs.
    JobCancelledError
        If the job was cancelled.

    Notes
    -----
    Memory holds sums and counts that do not grow with the rows, and one chunk a thread. Of very many variables or rows
    some are looked at; the report says which.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://report")
    >>> found = report("memory://report")
    >>> found.ok, found.error_rate
    (True, 0.001)
    >>> [verdict.family for verdict in found.verdicts]
    ['means', 'variances', 'covariances', 'marginals', 'distances', 'drift', 'numbers', 'chunks', 'factor']
    """
    storage = open_storage(url, storage_options)
    require_manifest(storage)
    refuse_other_processes(storage)
    with storage.task_session():
        manifest = require_manifest(storage)  # inside, where nobody extends it
        estimates = _estimate(storage, manifest)
        begun = writer(storage)
    made = datetime.now(UTC).replace(microsecond=0)
    return Report(storage.name, manifest.as_dict(), begun, made, estimates, verdicts_on(estimates))


def _estimate(storage: Storage, manifest: Manifest) -> Estimates:
    """Read all chunks."""
    if not manifest.is_sample:
        raise DerivedStoreError(
            f"{storage} holds numbers derived from samples by {manifest.expression!r}, whose distribution "
            "its manifest does not record: a report is about the store of a sample"
        )
    source = replay_of(storage, manifest)
    refuse_unfinished(storage, manifest)
    selection = Selection(manifest, sum(array.size for array in source.sampler.factor.arrays().values()))
    reference = reference_of(source.sampler, selection)
    stored, inputs = Stored(storage, manifest), inputs_of(selection, reference, source.broadcast)
    results = scan(stored, inputs, parameter_loaders(storage, manifest))
    return Estimates(selection, reference, collect(selection, reference, results))


def _plain(values: npt.NDArray[Any]) -> list[Any]:
    """Nested lists, None where a number is not finite."""
    plain = values.astype(object)
    plain[~np.isfinite(values)] = None
    return list(plain.tolist())


def _numbers_of(estimates: Estimates) -> dict[str, Any]:
    reference, measured, selection = estimates.reference, estimates.measured, estimates.selection
    law, shown = reference.radial, slice(min(MOST_VARIABLES, len(selection.columns)))
    return {
        "normal_scores": reference.laws.of_scores,
        "variables": {
            "names": [estimates.name(column) for column in range(shown.stop)],
            "mean": _plain(estimates.mean[shown]),
            "expected_mean": _plain(reference.mean[shown]),
            "mean_errors": _plain(estimates.mean_errors[shown]),
            "standard_deviation": _plain(estimates.deviation[shown]),
            "expected_standard_deviation": _plain(reference.deviation[shown]),
        },
        "correlations": {
            "variables": selection.columns[selection.paired].tolist(),
            "sample": _plain(estimates.correlation),
            "expected": _plain(reference.correlation),
            "covariance_errors": _plain(estimates.covariance_errors),
        }
        if estimates.selection.rows > 1
        else None,
        "distances": {
            "degrees_of_freedom": law.rank,
            "rows": int(measured.squared_lengths.counts.sum()),
            "bounds": (law.histogram.edges**2).tolist(),
            "counts": measured.lengths.tolist(),
        }
        if law is not None
        else None,
        "histograms": {
            "variables": selection.columns[selection.binned].tolist(),
            "bounds": marginal_histogram(selection.binned).edges.tolist(),
            "counts": measured.histograms.tolist(),
        },
    }


def _page_values(report: Report) -> dict[str, object]:
    """What the template of the page takes, with those pictures that have something to show."""
    estimates, manifest, reference = report.estimates, report.estimates.selection.manifest, report.estimates.reference
    # p-values at which a single test of a family fails.
    limits = {each.family: report.error_rate / len(FAMILIES) / max(1, each.tests) for each in report.verdicts}
    return {
        "report": report,
        "chunks": chunk_count(manifest),
        "inner_chunks": inner_chunk_count(manifest),
        "chunk_bytes": chunk_bytes(manifest),
        "hidden": int((~reference.testable & ~reference.constant).sum()),
        "constant": int(reference.constant.sum()),
        "manifest": json.dumps(report.content, indent=2, ensure_ascii=False, default=str),
        "histograms": histograms(estimates),
        "qq_plot": qq_plot(estimates, limits["distances"]),
        "heatmaps": heatmaps(estimates),
        "running_means": running_means(estimates, limits["means"]),
        "farthest_off": farthest_off(estimates),
    }


def farthest_off(estimates: Estimates) -> list[int]:
    """Columns whose mean or variance is farthest off, in that order."""
    if estimates.selection.rows < 2:
        return []
    errors = np.maximum(np.abs(estimates.mean_errors), np.abs(estimates.variance_errors))
    return largest(errors, estimates.reference.testable, LISTED)
