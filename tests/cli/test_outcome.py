import errno

import numpy as np
import pytest

from mvn_dask import errors
from mvn_dask.cli.outcome import MEANINGS, Exit, exit_code, reason


def test_every_exit_code_has_its_meaning() -> None:
    assert MEANINGS.keys() == set(Exit)
    assert sorted(map(int, Exit)) == [0, 1, 2, 3, 4, 5, 75]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.JobCancelledError, 75),
        (errors.JobFileError, 2),
        (errors.ArgumentError, 2),
        (errors.ArgumentTypeError, 2),
        (errors.BlockTooLargeError, 2),
        (errors.InvalidDistributionError, 3),
        (errors.NotPositiveDefiniteError, 3),
        (errors.StorageError, 4),
        (errors.AlignmentError, 4),
        (errors.StorageNotEmptyError, 4),
        (errors.StorageBusyError, 4),
        (errors.SpecMismatchError, 4),
        (errors.DamagedManifestError, 4),
        (errors.DerivedStoreError, 4),
        (errors.NotAStoreError, 4),
        (errors.UnfinishedStoreError, 4),
        (errors.DamagedChunkError, 5),
        (errors.TransportError, 1),
        (errors.WorkersLostError, 1),
        (errors.SpoolError, 1),
        (ConnectionError, 1),
        (MemoryError, 1),
        (RuntimeError, 1),
        (np.linalg.LinAlgError, 1),
    ],
)
def test_codes(error: type[Exception], code: int) -> None:
    assert exit_code(error("…")) == code


def test_no_error_of_ours_is_forgotten() -> None:
    """Each has a code by itself, or by what it is."""
    ours = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.MvnDaskError)]
    assert {exit_code(each("…")) for each in ours} == set(Exit) - {Exit.DONE}


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EACCES, 4),
        (errno.EROFS, 4),
        (errno.ENOTDIR, 4),
        (errno.ENAMETOOLONG, 4),
        (errno.ENOSPC, 1),
        (errno.EIO, 1),
    ],
)
def test_what_the_system_says(number: int, code: int) -> None:
    assert exit_code(OSError(number, "…")) == code


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (errors.ArgumentError("`a` must be b"), "`a` must be b"),
        (errors.ArgumentError("one\n  two\n\n"), "one; two"),
        (errors.JobFileError("a: one\nb: two"), "a: one\nb: two"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "/x/y: Permission denied"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("odd"), "odd"),
        (errors.TransportError("no answer"), "no answer"),
        (ValueError("odd"), "ValueError: odd"),
        (ValueError("odd:\nvery"), "ValueError: odd:; very"),
        (MemoryError(), "MemoryError"),
        (OSError(), "OSError"),
    ],
)
def test_reasons(error: Exception, text: str) -> None:
    assert reason(error) == text
