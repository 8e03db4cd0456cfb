"""How a command ends: exit codes, and the one line that says why."""

import errno
from enum import IntEnum

REFUSALS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP}
"""What the system says of a target that cannot be used."""


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    DISTRIBUTION = 3
    TARGET = 4
    VERIFICATION = 5
    STOPPED = 75


MEANINGS = {
    Exit.DONE: "done: of a part, its share",
    Exit.FAILED: "anything else: no scheduler answers, workers are lost, the disk is full, …",
    Exit.USAGE: "wrong usage, or a wrong job file: unknown keys, impossible values, a file that is missing",
    Exit.DISTRIBUTION: "mean and covariance are no distribution: text, pickles, NaN, shapes or names that disagree, "
    "not positive semidefinite under `raise`",
    Exit.TARGET: "the target is refused: another store, something else, nothing, unfinished, no permission",
    Exit.VERIFICATION: "verification failed: chunks or files are not what the record says, or a report's verdict is "
    "not ok",
    Exit.STOPPED: "stopped by a signal with work left: run the same command again (after `extend`: `repair`)",
}
"""What exit codes mean, for the documentation."""


WAYS_OUT = {
    "Give the array that the store was begun with": "Run the job that the store was begun with",
    "use overwrite=True": "set output.overwrite = true",
    "Use check_valid='ignore'": "Set distribution.check_valid = 'ignore'",
    "mvn_dask.to_zarr with the same array": "`mvn-dask run`",
    "`mvn_dask.to_zarr`": "`mvn-dask run`",
    "mvn_dask.to_zarr": "`mvn-dask run`",
    "mvn_dask.repair": "`mvn-dask repair`",
}
"""What errors advise those who call functions, and what that is for those who call the command."""


def exit_code(error: BaseException) -> Exit:
    """The exit code of an error that ended a command.

    Examples
    --------
    >>> from mvn_dask.errors import StorageNotEmptyError
    >>> exit_code(StorageNotEmptyError("…")), exit_code(OSError("…"))
    (<Exit.TARGET: 4>, <Exit.FAILED: 1>)
    """
    from mvn_dask import errors

    codes: list[tuple[type[BaseException], Exit]] = [
        (errors.JobCancelledError, Exit.STOPPED),
        (errors.JobFileError, Exit.USAGE),
        (errors.InvalidDistributionError, Exit.DISTRIBUTION),
        (errors.NotPositiveDefiniteError, Exit.DISTRIBUTION),
        (errors.DamagedChunkError, Exit.VERIFICATION),
        (errors.TransportError, Exit.FAILED),
        (errors.WorkersLostError, Exit.FAILED),
        (errors.StoreError, Exit.TARGET),
        (errors.SpoolError, Exit.FAILED),
        (errors.MvnDaskError, Exit.USAGE),
    ]
    for kind, code in codes:
        if isinstance(error, kind):
            return code
    return Exit.TARGET if isinstance(error, OSError) and error.errno in REFUSALS else Exit.FAILED


def reason(error: BaseException) -> str:
    """An error in one line, or in one line a fault of a job file."""
    from mvn_dask.errors import JobFileError, MvnDaskError

    text = str(error).strip()
    if isinstance(error, JobFileError):
        return text
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    line = "; ".join(filter(None, (line.strip() for line in text.splitlines())))
    for python, command in WAYS_OUT.items():
        line = line.replace(python, command)
    known = isinstance(error, (MvnDaskError, OSError)) and line
    return line if known else f"{type(error).__name__}: {line}".rstrip(": ")
