"""From a job to the sample on spec, and to what its store is going to hold.

Where the job has begun, its factor is taken from the store: it was made once, on the machine that came first. So
machines with other processors or another LAPACK go on with the very same bits.
"""

from dataclasses import dataclass

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.covariance import Covariance, Factor, as_covariance
from mvn_dask.covariance.conversion import as_factor
from mvn_dask.errors import (
    AlignmentError,
    ArgumentError,
    ArgumentTypeError,
    DamagedManifestError,
    InvalidDistributionError,
    JobFileError,
    NotPositiveDefiniteError,
)
from mvn_dask.hashing import digest
from mvn_dask.job.inputs.parameters import Parameters, parameters_of
from mvn_dask.job.schema.specification import Specification
from mvn_dask.random.streams import Root, as_root
from mvn_dask.sampling.spec import SampleSpec, sample_spec
from mvn_dask.store.array_manifest import sample_manifest
from mvn_dask.store.format.manifest import Manifest, read_manifest
from mvn_dask.store.format.parameters import load_parameter
from mvn_dask.store.removal import refuse_unknown_files
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import Storage


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a job is going to write."""

    storage: Storage
    """Where the store lies."""
    spec: SampleSpec
    """The sample."""
    record: Manifest
    """What the store is going to hold."""
    stored: Manifest | None
    """What the store that lies there holds, or None where there is none."""

    @property
    def begun(self) -> bool:
        """Whether the store that lies there is this job's."""
        return self.stored is not None and self.stored.text == self.record.text


def prepare(job: Specification) -> Prepared:
    """Read what a job names, check its distribution, and look at its storage. Nothing is written.

    Raises
    ------
    JobFileError
        If a file that it names is missing.
    InvalidDistributionError, NotPositiveDefiniteError
        If mean and covariance are no distribution.
    ArgumentError
        If the sample, or its chunks, make no sense.
    StorageError, StorageNotEmptyError, DamagedManifestError
        If the output is of a kind that cannot be written safely, or its record cannot be understood.
    """
    storage = storage_of(job)
    refuse_unknown_files(storage, overwrite=job.output.overwrite)
    parameters = parameters_of(job)
    mean = parameters.mean + 0.0  # a mean of -0.0 would keep the sign of a zero, which sums do not promise
    stored = _stored(job, storage)
    covariance = _covariance(job, parameters)
    dtype = np.dtype(job.sample.dtype)
    factor = None if stored is None else _adopted(storage, stored, mean.astype(dtype), covariance)
    if factor is None:
        _factorize(job, covariance)
    size = job.sample.size
    spec = sample_spec(
        mean,
        covariance,
        size if isinstance(size, tuple) else (size,),
        root=_root(job),
        dtype=dtype,
        chunks=job.sample.chunks,
        names=parameters.names,
        factor=factor,
    )
    try:
        record = sample_manifest(spec.lineage, spec.lengths, dtype, job.output.shards)
    except AlignmentError as error:
        raise JobFileError(f"{job.place}: output.shards: {error}") from error
    return Prepared(storage, spec, record, stored)


def refuse_overwriting_part(job: Specification, part: tuple[int, int] | None) -> None:
    """Raise if a part is asked to overwrite.

    Raises
    ------
    ArgumentError
        If so.
    """
    if part is not None and job.output.overwrite:
        raise ArgumentError("`part` and output.overwrite exclude each other: a part would delete what others wrote")


def storage_of(job: Specification) -> Storage:
    """Where a job's store lies."""
    options = job.output.storage_options.get_secret_value()
    return open_storage(job.locate(job.output.url), options or None, fsync=job.output.fsync)


def _stored(job: Specification, storage: Storage) -> Manifest | None:
    """What the store that lies there holds; nothing that counts, where it is damaged and going to be overwritten."""
    try:
        return read_manifest(storage)
    except DamagedManifestError:
        if job.output.overwrite:
            return None
        raise


def _root(job: Specification) -> Root:
    seed = job.sample.seed
    entropy = list(seed) if isinstance(seed, tuple) else seed
    kind = job.sample.bit_generator
    return as_root(entropy if kind == "SFC64" else getattr(np.random, kind)(entropy)).child(0)


def _covariance(job: Specification, parameters: Parameters) -> Covariance:
    table = job.distribution
    try:
        return as_covariance(
            parameters.cov, len(parameters.mean), method=table.method, check_valid=table.check_valid, tol=table.tol
        )
    except (ArgumentError, ArgumentTypeError) as error:
        raise InvalidDistributionError(f"{job.place}: distribution: {error}") from error


def _factorize(job: Specification, covariance: Covariance) -> None:
    try:
        covariance.factorize()
    except NotPositiveDefiniteError as error:
        raise NotPositiveDefiniteError(f"{job.place}: distribution: {error}") from error
    except ArgumentError as error:
        raise InvalidDistributionError(f"{job.place}: distribution: {error}") from error


def _adopted(storage: Storage, stored: Manifest, mean: FloatArray, covariance: Covariance) -> Factor | None:
    """The factor of the store, if it was made of the same covariance; None where it has to be made."""
    if not stored.is_sample or stored.dtype != mean.dtype:
        return None
    same_mean = "mean" in stored.parameters and stored.parameters["mean"].sha256 == digest(mean)
    if stored.samples[0].get("covariance") != covariance.record() or not same_mean:
        return None
    try:
        array = load_parameter(storage, stored, "factor")
        return as_factor({"factor": array, "mean": mean}, method=covariance.record().get("method"))  # type: ignore[arg-type]
    except (DamagedManifestError, KeyError, ValueError):
        return None
