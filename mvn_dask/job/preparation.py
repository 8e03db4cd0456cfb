"""Preparation of a run. Input: a job; output: the spec of its sample and the manifest of its store. Writes nothing.

Cost: reading mean and covariance, and one factorisation, unless the store has the factor. Where the job has begun, the
factor is loaded from the store, so that machines with another processor or LAPACK continue with the same bits.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mvn_dask.errors import AlignmentError, ArgumentError, DamagedManifestError, JobFileError
from mvn_dask.job.inputs.distribution_identity import known_identity
from mvn_dask.job.inputs.distribution_inputs import DistributionInputs, distribution_inputs, distribution_of
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.random.streams import Root, as_root
from mvn_dask.sampling.points import requested_replicate, separated
from mvn_dask.sampling.sampler import Sampler
from mvn_dask.sampling.spec import SampleSpec, sample_spec
from mvn_dask.slow_steps import name_if_slow
from mvn_dask.store.array_manifest import sample_manifest
from mvn_dask.store.format.completeness import refuse_unknown_files
from mvn_dask.store.format.manifest import Manifest, read_manifest
from mvn_dask.store.format.parameters import load_parameters
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import Storage

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class PreparedJob:
    """A job that is ready to run."""

    storage: Storage
    """Storage of the store."""
    spec: SampleSpec
    """Spec of the sample."""
    manifest: Manifest
    """Manifest of the store that this job writes."""
    stored: Manifest | None
    """Manifest of the store that is there, or None where there is none."""

    @property
    def begun(self) -> bool:
        """Whether the store that is there is this job's."""
        return self.stored is not None and self.stored.text == self.manifest.text


def prepare(job: JobSpec) -> PreparedJob:
    """Read the files of a job, validate its distribution, and read the manifest of its store.

    Raises JobFileError, InvalidDistributionError, NotPositiveDefiniteError, ArgumentError for a file that is missing,
    no distribution or an invalid sample; StorageError, StorageNotEmptyError, DamagedManifestError for an output that
    cannot be written safely.
    """
    storage = storage_of(job)
    refuse_unknown_files(storage, overwrite=job.output.overwrite)
    with name_if_slow(log, "reading the parameters of the distribution"):
        inputs = distribution_inputs(job)
    if inputs.estimated is not None:
        inputs.estimated.log()
    try:
        stored = read_manifest(storage)
    except DamagedManifestError:
        if not job.output.overwrite:
            raise
        stored = None
    dtype = np.dtype(job.sample.dtype)
    sampler = None if stored is None else _stored_sampler(job, storage, stored, inputs)
    if sampler is None:
        sampler = distribution_of(job, inputs).sampler(dtype)
    chunks = job.sample.chunks
    replicate = requested_replicate(job.sample.points, job.sample.replicate)
    spec = sample_spec(
        sampler, size_of(job), root=root_of(job), dtype=dtype, chunks=chunks, event=inputs.event, replicate=replicate
    )
    try:
        manifest = sample_manifest(spec.lineage, spec.lengths, dtype, job.output.shards)
    except AlignmentError as error:
        raise JobFileError(f"{job.place('output.shards')}: {error}") from error
    return PreparedJob(storage, spec, manifest, stored)


def root_of(job: JobSpec) -> Root:
    """Root of the streams of a job's sample."""
    entropy = list(job.sample.seed) if isinstance(job.sample.seed, tuple) else job.sample.seed
    kind = job.sample.bit_generator
    return as_root(entropy if kind == "SFC64" else getattr(np.random, kind)(entropy)).child(0)


def size_of(job: JobSpec) -> tuple[int, ...]:
    """Shape of a job's sample without the axis of the variables."""
    return job.sample.size if isinstance(job.sample.size, tuple) else (job.sample.size,)


def refuse_overwriting_part(job: JobSpec, part: tuple[int, int] | None) -> None:
    """Raise ArgumentError if a part is to overwrite."""
    if part is not None and job.output.overwrite:
        raise ArgumentError("`part` and output.overwrite exclude each other: a part would delete what others wrote")


def storage_of(job: JobSpec) -> Storage:
    """Storage of a job's store."""
    options = job.output.storage_options.get_secret_value()
    return open_storage(job.locate(job.output.url), options or None, fsync=job.output.fsync)


def _stored_sampler(job: JobSpec, storage: Storage, stored: Manifest, inputs: DistributionInputs) -> Sampler | None:
    """The sampler in the store, if it is of these parameters; None where it must be made."""
    dtype = np.dtype(job.sample.dtype)
    record = stored.samples[0].get("distribution") if stored.is_sample else None
    if not isinstance(record, Mapping) or stored.dtype != dtype:
        return None
    wanted = known_identity(job, inputs, dtype)
    if not wanted.is_of(record, {name: info.sha256 for name, info in stored.parameters.items()}):
        return None
    try:
        parameters, _ = separated(load_parameters(storage, stored))
        return Sampler.of_kind(record["kind"]).from_parameters(record, parameters)
    except (DamagedManifestError, ArgumentError):
        return None
