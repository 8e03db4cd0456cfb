import errno

import numpy as np

from mvn_dask import errors
from mvn_dask.advice import Advice
from mvn_dask.cli.exit_codes import MEANINGS, ExitCode, error_message, exit_code


def test_every_exit_code_has_its_meaning() -> None:
    assert MEANINGS.keys() == set(ExitCode)
    assert sorted(map(int, ExitCode)) == [0, 1, 2, 3, 4, 5, 75]


CODES: dict[int, list[type[Exception]]] = {
    75: [errors.JobCancelledError],
    2: [
        errors.StorageOptionsError,
        errors.JobFileError,
        errors.ArgumentError,
        errors.ArgumentTypeError,
        errors.BlockTooLargeError,
        errors.FactorTooLargeError,
    ],
    3: [errors.InvalidDistributionError, errors.NotPositiveDefiniteError],
    4: [
        errors.StorageError,
        errors.AlignmentError,
        errors.StorageNotEmptyError,
        errors.StorageBusyError,
        errors.SpecMismatchError,
        errors.DamagedManifestError,
        errors.DerivedStoreError,
        errors.NotAStoreError,
        errors.UnfinishedStoreError,
    ],
    5: [errors.DamagedChunkError],
    1: [
        errors.TransportError,
        errors.WorkersLostError,
        errors.ResultsLostError,
        errors.SpoolError,
        errors.NoSpaceError,
        ConnectionError,
        MemoryError,
        RuntimeError,
        np.linalg.LinAlgError,
    ],
}


def test_codes() -> None:
    for code, kinds in CODES.items():
        for kind in kinds:
            assert exit_code(kind("…")) == code, kind


def test_no_error_of_ours_is_forgotten() -> None:
    """Each has a code by itself, or by what it is."""
    ours = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.MvnDaskError)]
    assert {exit_code(each("…")) for each in ours} == set(ExitCode) - {ExitCode.DONE}


def test_errors_of_the_system() -> None:
    for number in (errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG):
        assert exit_code(OSError(number, "…")) == 4, number
    for number in (errno.ENOSPC, errno.EIO):
        assert exit_code(OSError(number, "…")) == 1, number


MESSAGES: list[tuple[Exception, str]] = [
    (errors.ArgumentError("`a` must be b"), "`a` must be b"),
    (errors.ArgumentError("one\n  two"), r"one\n  two"),
    (errors.JobFileError("a: one", "b: two"), "a: one\nb: two"),
    (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "/x/y: Permission denied"),
    (PermissionError(errno.EACCES, "Permission denied", "/x\n\x1b[0m"), r"/x\n\x1b[0m: Permission denied"),
    (PermissionError(errno.EACCES, "Permission denied", b"/x\xff"), r"/x\udcff: Permission denied"),
    (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
    (OSError("odd"), "odd"),
    (errors.TransportError("no answer"), "no answer"),
    (ValueError("odd"), "ValueError: odd"),
    (ValueError("odd:\nvery"), "ValueError: odd:; very"),
    (MemoryError(), "MemoryError"),
    (OSError(), "OSError"),
]


def test_messages() -> None:
    for error, text in MESSAGES:
        assert error_message(error) == text


def test_advice_is_that_for_the_command_and_what_is_quoted_stays() -> None:
    quoted = "there is no store at mvn_dask.repair/{extend} use overwrite=True.zarr"
    error = errors.NotAStoreError(quoted, advice=Advice("{to_zarr} makes one"))
    assert error_message(error) == f"{quoted}: `mvn-dask run` makes one"
    assert str(error) == f"{quoted}: mvn_dask.to_zarr makes one"
