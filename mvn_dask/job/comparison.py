"""Differences between a job and the store that lies at its output. Input: a job; output: fields that differ.

Cost: reading mean and covariance; nothing is factorised, so the factor itself is compared only where all else is equal.
"""

import logging

import numpy as np

from mvn_dask.job.inputs.distribution_identity import known_identity
from mvn_dask.job.inputs.distribution_inputs import distribution_inputs
from mvn_dask.job.inputs.input_files import changed_inputs
from mvn_dask.job.preparation import prepare, root_of, size_of, storage_of
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.slow_steps import name_if_slow
from mvn_dask.store.format.manifest import Manifest, require_manifest
from mvn_dask.store.format.parameters import parameter_key
from mvn_dask.store.format.writer_note import read_note

log = logging.getLogger(__name__)


def store_differences(job: JobSpec) -> list[str]:
    """Fields of the store at a job's output that are not the job's, with both values; none of a store that `run` takes.

    Raises NotAStoreError if there is none, DamagedManifestError if its manifest is damaged, and what `prepare` raises
    for a job whose files cannot be read.
    """
    storage = storage_of(job)
    stored = require_manifest(storage)
    found = _cheap_differences(job, stored)
    # Without its factor, which is written after the manifest, a store has nothing else to compare.
    if not found and all(storage.entry(parameter_key(name)) is not None for name in stored.parameters):
        found = list(stored.differences(prepare(job).manifest).values())
    return [*found, *changed_inputs(job, read_note(storage).inputs)] if found else []


def _cheap_differences(job: JobSpec, stored: Manifest) -> list[str]:
    """Those that are known without a factor."""
    with name_if_slow(log, "reading the parameters of the distribution"):
        inputs = distribution_inputs(job)
    dtype = np.dtype(job.sample.dtype)
    known = known_identity(job, inputs, dtype)
    sample = {
        "size": list(size_of(job)),
        "dtype": dtype.name,
        "distribution": known.record,
        "parameters": {name: {"sha256": sha256} for name, sha256 in known.digests.items()},
        **root_of(job).record(),
    }
    return list(stored.differences_in({"kind": "sample", "samples": [sample]}).values())
