"""Room for what a run will write. Input: a prepared job, chunks that are missing; output: bytes, or an error.

Cost: a system call; where a store is replaced that does not fit beside the new one, a listing of it.
"""

from dataclasses import dataclass

from mvn_dask.advice import Advice
from mvn_dask.errors import StorageFullError
from mvn_dask.job.preparation import PreparedJob
from mvn_dask.readable import readable_bytes
from mvn_dask.store.format.layout import chunk_bytes


@dataclass(frozen=True)
class Space:
    """Room for what a run will write."""

    needed_bytes: int
    """Bytes of the chunks and parameter arrays that are missing."""
    free_bytes: int | None
    """Bytes that are free where the store lies; None in object stores, which have no limit that could be asked for."""

    @property
    def fits(self) -> bool:
        """Whether there is room, as far as that is known."""
        return self.free_bytes is None or self.needed_bytes <= self.free_bytes

    def fault(self, where: object) -> str:
        """What is wrong, in words."""
        return (
            f"{where} does not fit: {readable_bytes(self.needed_bytes)} are missing in it, and "
            f"{readable_bytes(self.free_bytes or 0)} are free there"
        )


def space_for(prepared: PreparedJob, missing: int, *, overwrite: bool) -> Space:
    """Room for so many chunks of a job. With `overwrite`, another store that lies there will be deleted before."""
    storage = prepared.storage
    needed = missing * chunk_bytes(prepared.manifest)
    if not prepared.begun:
        needed += sum(each.nbytes for each in prepared.manifest.parameters.values())
    free = storage.free_bytes()
    if free is not None and needed > free and overwrite and not prepared.begun:
        free += sum(entry.size for entry in storage.entries() if entry.regular)
    return Space(needed, free)


def refuse_too_little_space(prepared: PreparedJob, missing: int, *, overwrite: bool) -> None:
    """Raise StorageFullError where the missing chunks of a job have no room."""
    space = space_for(prepared, missing, overwrite=overwrite)
    if not space.fits:
        raise StorageFullError(
            space.fault(prepared.storage),
            advice=Advice("make room, name another URL, or use {force} to begin all the same"),
        )
