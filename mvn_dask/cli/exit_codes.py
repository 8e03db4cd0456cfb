"""Exit codes of the command, and why it failed. Input: an exception; output: its exit code and a line."""

import errno
import os
from enum import IntEnum

from mvn_dask.escaping import printable

REFUSED_PATH = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP}
"""Errors of the system by which a path cannot be used."""


class ExitCode(IntEnum):
    """Exit codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    DISTRIBUTION = 3
    STORAGE = 4
    VERIFICATION = 5
    STOPPED = 75


MEANINGS = {
    ExitCode.DONE: "done: of a part, its share",
    ExitCode.FAILED: "anything else: no scheduler answers, workers are lost, the disk is full, …",
    ExitCode.USAGE: "wrong usage, or a wrong job file: unknown keys, impossible values, a file that is missing",
    ExitCode.DISTRIBUTION: "mean and covariance are no distribution: text, pickles, NaN, shapes or names that "
    "disagree, not positive semidefinite under `raise`",
    ExitCode.STORAGE: "the store is refused: another store, something else, nothing, unfinished, no permission, no "
    "room",
    ExitCode.VERIFICATION: "verification failed: chunks or files are not what the manifest says, or a report's verdict "
    "is not ok",
    ExitCode.STOPPED: "stopped by a signal with work left: run the same command again (after `extend`: `repair`)",
}
"""What exit codes mean, for the documentation."""


def exit_code(error: BaseException) -> ExitCode:
    """The exit code of an error that ended a command."""
    from mvn_dask import errors

    # The first match counts: subclasses before their bases.
    codes: dict[ExitCode, tuple[type[BaseException], ...]] = {
        ExitCode.STOPPED: (errors.JobCancelledError,),
        ExitCode.DISTRIBUTION: (errors.InvalidDistributionError, errors.NotPositiveDefiniteError),
        ExitCode.VERIFICATION: (errors.DamagedChunkError,),
        ExitCode.FAILED: (
            errors.TransportError,
            errors.WorkersLostError,
            errors.ResultsLostError,
            errors.SpoolError,
            errors.NoSpaceError,
        ),
        ExitCode.STORAGE: (errors.StoreError,),
        ExitCode.USAGE: (errors.MvnDaskError,),
    }
    if isinstance(error, errors.StorageOptionsError):
        return ExitCode.USAGE
    for code, kinds in codes.items():
        if isinstance(error, kinds):
            return code
    return ExitCode.STORAGE if isinstance(error, OSError) and error.errno in REFUSED_PATH else ExitCode.FAILED


def error_message(error: BaseException) -> str:
    """An error in one line; of a job file, one line for each of its errors."""
    if isinstance(error, ImportError):
        # Before errors of the package are imported, which need numpy.
        return _import_error_message(error)
    from mvn_dask.errors import JobFileError, MvnDaskError

    if isinstance(error, JobFileError):
        return str(error).strip()
    if isinstance(error, OSError) and error.strerror:
        where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        return printable(f"{where}{error.strerror}")
    text = error.for_command if isinstance(error, MvnDaskError) else str(error)
    line = "; ".join(filter(None, (line.strip() for line in text.splitlines())))
    if isinstance(error, (MvnDaskError, OSError)) and line:
        return line
    return f"{type(error).__name__}: {line}".rstrip(": ")


def _import_error_message(error: ImportError) -> str:
    from mvn_dask.diagnosis.import_faults import import_fault

    reason, cure = import_fault(error)
    text = f"{type(error).__name__}: {reason}" if cure is None else f"{reason}: {cure}"
    return printable(f"{text}; `mvn-dask doctor` looks for what else is missing")
