"""The exceptions of mvn_dask.

Every exception is a `MvnDaskError` and also the builtin that a user would catch::

    MvnDaskError
    ├── ArgumentError                 ValueError           an argument breaks a rule
    │   ├── NotPositiveDefiniteError  LinAlgError          a Cholesky factor does not exist
    │   └── InvalidDistributionError  ValueError           what a job reads is no mean, or no covariance
    ├── ArgumentTypeError             TypeError            an argument is of the wrong kind
    ├── UnsupportedOperationError     NotImplementedError  an optional operation that an object does not offer
    ├── BlockTooLargeError            MemoryError          one block does not fit into a process
    ├── FactorTooLargeError           MemoryError          a covariance cannot be factorised in this memory
    ├── SpoolError                    FileNotFoundError    a worker does not see the spooled factor
    ├── JobFileError                  ValueError           a job file that cannot be understood
    ├── JobCancelledError             RuntimeError         a job was cancelled, with work left
    └── StoreError                                         a store cannot be used
        ├── StorageError              ValueError           storage that cannot be written safely
        │   └── StorageOptionsError   ValueError           `storage_options` that cannot be understood
        ├── AlignmentError            ValueError           blocks that are not whole Zarr chunks
        ├── StorageNotEmptyError      FileExistsError      storage that holds something else
        ├── StorageFullError          OSError              storage without room for what is to be written
        ├── StorageBusyError          BlockingIOError      another job writes there
        ├── NoSpaceError              OSError              the disk is full, or a limit of the user's is reached
        ├── SpecMismatchError         ValueError           a store of another specification
        ├── DamagedManifestError      ValueError           a manifest or parameters that cannot be understood
        ├── DamagedStateError         ValueError           a file that is no state of an estimate, or a damaged one
        ├── DamagedChunkError         ValueError           a chunk whose bytes are not what was written
        ├── DerivedStoreError         ValueError           a store that alone cannot draw its numbers
        ├── NotAStoreError            FileNotFoundError    there is no store
        │   └── MissingManifestError  FileNotFoundError    Zarr's metadata are those of a store; its manifest is gone
        ├── UnfinishedStoreError      FileNotFoundError    chunks are missing
        ├── TransportError            OSError              an object store answers with an error, or not at all
        ├── WorkersLostError          RuntimeError         processes did not start or died, or the scheduler
        └── ResultsLostError          RuntimeError         results on a cluster, which an array refers to, are gone

Examples
--------
>>> import mvn_dask
>>> try:
...     mvn_dask.default_rng(0).multivariate_normal([0, 0], [[1, 0], [0, 1]], size=-1)
... except ValueError as error:
...     print(error)
negative dimensions are not allowed: `size` is -1
"""

from errno import ENOSPC
from typing import Self

import numpy as np

from mvn_dask.advice import Advice, with_advice
from mvn_dask.escaping import printable_lines


class MvnDaskError(Exception):
    """Base of every exception that mvn_dask raises on purpose. Its text is in one line, whatever it quotes."""

    advice: Advice | None = None
    """The way out where the command has another one than Python, which `str` ends with; None where both are in the
    text."""

    def __init__(self, *args: object, advice: Advice | None = None) -> None:
        super().__init__(*args)
        if advice is not None:
            self.advice = advice

    @property
    def text(self) -> str:
        """What happened, without `advice`."""
        return printable_lines(map(str, self.args))

    @property
    def for_command(self) -> str:
        """The error in the words of the command."""
        return self.text if self.advice is None else with_advice(self.text, self.advice.command)

    def __str__(self) -> str:
        return self.text if self.advice is None else with_advice(self.text, self.advice.python)


class ArgumentError(MvnDaskError, ValueError):
    """An argument breaks a rule."""


class NotPositiveDefiniteError(ArgumentError, np.linalg.LinAlgError):
    """A covariance has no Cholesky factor."""

    variable: int | None = None
    """The variable whose pivot is not positive, where that is known."""

    @classmethod
    def of_variable(cls, variable: int, text: str) -> Self:
        """The error for the pivot of a variable."""
        error = cls(text)
        error.variable = variable
        return error


class InvalidDistributionError(ArgumentError):
    """What a job names as its mean and covariance is no distribution."""


class ArgumentTypeError(MvnDaskError, TypeError):
    """An argument is of the wrong kind."""


class UnsupportedOperationError(MvnDaskError, NotImplementedError):
    """An optional operation that an object does not offer, as the inverse of a factor that is expensive to invert."""


class BlockTooLargeError(MvnDaskError, MemoryError):
    """One block of the array does not fit into the memory of a process."""


class FactorTooLargeError(MvnDaskError, MemoryError):
    """What a covariance is factorised into, or the work to do so, does not fit into the memory of this process."""


class SpoolError(MvnDaskError, FileNotFoundError):
    """A worker does not see the file through which the factor travels."""


class JobFileError(MvnDaskError, ValueError):
    """A job file cannot be understood, or a file that it names is missing; each argument is a fault, and a line."""


class JobCancelledError(MvnDaskError, RuntimeError):
    """A job was cancelled before its end; what was written stays."""


class StoreError(MvnDaskError):
    """Base of the exceptions about a store."""


class StorageError(StoreError, ValueError):
    """Storage that mvn_dask cannot write safely."""


class StorageOptionsError(StorageError):
    """The options of an object store cannot be understood, or do not go with the URL."""


class AlignmentError(StoreError, ValueError):
    """The blocks of an array are not whole Zarr chunks."""


class StorageNotEmptyError(StoreError, FileExistsError):
    """The storage holds something that mvn_dask did not write."""


class StorageFullError(StoreError, OSError):
    """The storage has no room for what is to be written."""


class StorageBusyError(StoreError, BlockingIOError):
    """Another job is writing to the store."""


class NoSpaceError(StoreError, OSError):
    """The disk is full, or a quota or a limit for files is reached, as `errno` says; what was written stays."""

    errno: int | None = ENOSPC

    @classmethod
    def of(cls, error: OSError, text: str, advice: Advice | None = None) -> Self:
        """The error that says more than the system's."""
        more = cls(text, advice=advice)
        more.errno = error.errno
        return more


class SpecMismatchError(StoreError, ValueError):
    """The storage holds a store of another specification."""


class DamagedManifestError(StoreError, ValueError):
    """The manifest of a store, or its parameters, cannot be understood."""


class DamagedStateError(StoreError, ValueError):
    """A file that is no state of a sequential estimate, or a damaged one."""


class DamagedChunkError(StoreError, ValueError):
    """A chunk's bytes are not what was written: its checksum differs."""


class DerivedStoreError(StoreError, ValueError):
    """The numbers of a store were derived from samples in a way that its manifest does not hold."""


class NotAStoreError(StoreError, FileNotFoundError):
    """There is no store at this URL."""


class MissingManifestError(NotAStoreError):
    """Zarr's metadata at this URL are those of a store, of which the manifest is gone."""


class UnfinishedStoreError(StoreError, FileNotFoundError):
    """Chunks of a store are missing."""


class TransportError(StoreError, OSError):
    """An object store answers with an error, or not at all."""


class WorkersLostError(StoreError, RuntimeError):
    """Processes did not start or died, or the scheduler is gone; what was written stays."""


class ResultsLostError(StoreError, RuntimeError):
    """Results on a cluster that an array refers to, such as a persisted array's, are gone; it must be built again."""


def __dir__() -> list[str]:
    return [name for name, value in globals().items() if isinstance(value, type) and issubclass(value, MvnDaskError)]
