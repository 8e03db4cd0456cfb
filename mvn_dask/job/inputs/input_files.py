"""Files that a job's distribution is read from, by their digests: so that a store can say which of them changed.

Input: a job. Output: an `InputFile` for each file of this machine; arrays of Zarr, which are many files, have none.
Cost: reading each file once more, where a store is begun, or is another's.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from mvn_dask.errors import SpecMismatchError
from mvn_dask.job.schema.array_values import FileTable
from mvn_dask.job.schema.base import Table
from mvn_dask.job.schema.data_table import DataTable
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.lineage import InputFile
from mvn_dask.locations import parse_location
from mvn_dask.sampling.spec import SampleSpec
from mvn_dask.store.format.writer_note import read_note
from mvn_dask.store.storage.base import Storage

DIGITS_SHOWN = 12
"""Digits of a digest that a person compares."""


def input_files(job: JobSpec) -> tuple[InputFile, ...]:
    """The files, in the order of their keys; one that is gone meanwhile is left out."""
    return tuple(_input_files(job))


def _input_files(job: JobSpec) -> Iterator[InputFile]:
    for key, path in _paths("distribution", job.distribution):
        location = parse_location(job.locate(path))
        with suppress(OSError):
            if isinstance(location, Path) and location.is_file():
                with location.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                # Not the whole path, which would say who has what on this machine.
                yield InputFile(key, location.name, digest, location.stat().st_size)


def _paths(key: str, value: object) -> Iterator[tuple[str, str]]:
    """Keys and paths of the files in a value, however deep inside it."""
    if isinstance(value, (FileTable, DataTable)):
        yield key, value.path
    elif isinstance(value, Mapping):
        # Labels along axes, of which a text is a file; storage options, the other mapping, are secret.
        yield from ((f"{key}.{name}", inner) for name, inner in value.items() if isinstance(inner, str))
    elif isinstance(value, Table):
        for name, inner in value:
            yield from _paths(f"{key}.{name}", inner)
    elif isinstance(value, tuple):
        for number, inner in enumerate(value):
            yield from _paths(f"{key}.{number}", inner)


def changed_inputs(job: JobSpec, recorded: Sequence[InputFile]) -> list[str]:
    """A sentence for each file that is another one than when the store was begun."""
    now = {each.key: each for each in (input_files(job) if recorded else ())}
    pairs = ((then, now[then.key]) for then in recorded if then.key in now)
    return [_sentence(then, here) for then, here in pairs if then.sha256 != here.sha256]


def _sentence(then: InputFile, now: InputFile) -> str:
    digests = f"SHA-256 {then.sha256[:DIGITS_SHOWN]}… then, {now.sha256[:DIGITS_SHOWN]}… now"
    if then.name == now.name:
        return f"{now.key}: the file {now.name} has changed since the store was begun ({digests})"
    return f"{now.key}: the store was begun with {then.name}, and the job has {now.name} now ({digests})"


def with_inputs(job: JobSpec, spec: SampleSpec) -> SampleSpec:
    """The spec of a job's sample, with the files that it was read from."""
    return replace(spec, lineage=replace(spec.lineage, inputs=input_files(job)))


@contextmanager
def names_changed_inputs(job: JobSpec, storage: Storage) -> Iterator[None]:
    """Inside the body, an error about another specification names the files that changed."""
    try:
        yield
    except SpecMismatchError as error:
        changed = changed_inputs(job, read_note(storage).inputs)
        if not changed:
            raise
        raise SpecMismatchError(f"{error.text} {'; '.join(changed)}.", advice=error.advice) from None
