"""Commands about stores: status, info, verify, repair, extend, report."""

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mvn_dask.cli.conduct import Manner, conduct
from mvn_dask.cli.console import Console
from mvn_dask.cli.options import Debug, Grace, Json, LogFormat, Overrides, Quiet, StorageOptions, Store, Timeout
from mvn_dask.cli.outcome import Exit

if TYPE_CHECKING:
    from mvn_dask.job.job import Job

Level = Annotated[
    str, typer.Option(metavar="LEVEL", help="size (names and sizes), checksum (reads all) or values (draws again).")
]
Full = Annotated[bool, typer.Option("--full", help="With values: draw every row again, not a stripe of each chunk.")]


def status(
    store: Store,
    storage_options: StorageOptions = None,
    overrides: Overrides = None,
    json: Json = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    debug: Debug = False,
) -> int:
    """Say how far a store is; also while a job is running."""

    def act(console: Console) -> Exit:
        from mvn_dask.cli.words import as_json
        from mvn_dask.store.status import status as look

        place = _place(store, storage_options, overrides, console)
        found = look(place.url, storage_options=place.storage_options)
        console.result(str(found), {**as_json(found), "complete": found.complete})
        return Exit.DONE

    return conduct(Manner(json, quiet, log_format, debug), act)


def info(
    store: Store,
    storage_options: StorageOptions = None,
    overrides: Overrides = None,
    json: Json = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    debug: Debug = False,
) -> int:
    """Say what a store holds: shape, seed, fingerprint, method, names, and where it was begun."""

    def act(console: Console) -> Exit:
        from mvn_dask.cli.words import as_json
        from mvn_dask.store.description import describe

        place = _place(store, storage_options, overrides, console)
        found = describe(place.url, storage_options=place.storage_options)
        console.result(str(found), as_json(found))
        return Exit.DONE

    return conduct(Manner(json, quiet, log_format, debug), act)


def verify(
    store: Store,
    level: Level = "checksum",
    full: Full = False,
    storage_options: StorageOptions = None,
    overrides: Overrides = None,
    grace: Grace = 30.0,
    connect_timeout: Timeout = 30.0,
    json: Json = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    debug: Debug = False,
) -> int:
    """Say whether a store holds what its record says: exit code 5 if it does not."""

    def act(console: Console) -> Exit:
        from mvn_dask.cli.words import verification_json
        from mvn_dask.errors import DamagedChunkError, DamagedManifestError
        from mvn_dask.maintenance.verify import verify as look

        place = _place(store, storage_options, overrides, console)
        with _working(place, console, grace, connect_timeout, "nothing was changed; the same command begins anew"):
            try:
                found = look(place.url, level=level, full=full, storage_options=place.storage_options)  # type: ignore[arg-type]
            except DamagedManifestError as error:
                raise DamagedChunkError(str(error)) from error
        console.result(str(found), verification_json(found))
        return Exit.DONE if found.ok else Exit.VERIFICATION

    return conduct(Manner(json, quiet, log_format, debug), act)


def repair(
    store: Store,
    level: Level = "checksum",
    full: Full = False,
    storage_options: StorageOptions = None,
    overrides: Overrides = None,
    grace: Grace = 30.0,
    connect_timeout: Timeout = 30.0,
    json: Json = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    debug: Debug = False,
) -> int:
    """Draw the chunks of a store again that are bad or missing, and only those."""

    def act(console: Console) -> Exit:
        from mvn_dask.cli.words import as_json
        from mvn_dask.maintenance.repair import repair as mend

        place = _place(store, storage_options, overrides, console)
        with _working(place, console, grace, connect_timeout, "what was drawn stays; the same command goes on"):
            found = mend(place.url, level=level, full=full, storage_options=place.storage_options)  # type: ignore[arg-type]
        console.result(str(found), as_json(found))
        return Exit.DONE

    return conduct(Manner(json, quiet, log_format, debug), act)


def extend(
    store: Store,
    rows: Annotated[str, typer.Argument(metavar="ROWS", help="How many more, as 1e6.", show_default=False)],
    storage_options: StorageOptions = None,
    overrides: Overrides = None,
    grace: Grace = 30.0,
    connect_timeout: Timeout = 30.0,
    json: Json = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    debug: Debug = False,
) -> int:
    """Append rows to a finished store: it becomes that of the longer run. After a stop, repair completes it."""

    def act(console: Console) -> Exit:
        from mvn_dask.cli.words import as_json
        from mvn_dask.errors import ArgumentError
        from mvn_dask.job.quantities import integer
        from mvn_dask.maintenance.extend import extend as append

        try:
            count = integer(rows, 1)
        except ArgumentError as error:
            raise ArgumentError(f"ROWS {error}") from error
        place = _place(store, storage_options, overrides, console)
        after = f"`mvn-dask repair {store}` completes it; the same command again would append more rows"
        with _working(place, console, grace, connect_timeout, after):
            found = append(place.url, count, storage_options=place.storage_options)
        console.result(str(found), as_json(found))
        return Exit.DONE

    return conduct(Manner(json, quiet, log_format, debug), act)


def report(
    store: Store,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The page.")] = Path("report.html"),
    storage_options: StorageOptions = None,
    overrides: Overrides = None,
    grace: Grace = 30.0,
    connect_timeout: Timeout = 30.0,
    json: Json = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    debug: Debug = False,
) -> int:
    """Write a page about a store, to be looked at: what was drawn, and whether it is distributed as it should be."""

    def act(console: Console) -> Exit:
        from mvn_dask.atomic import atomic_write
        from mvn_dask.reporting.report import report as look

        place = _place(store, storage_options, overrides, console)
        _refuse_no_folder(output)
        with _working(place, console, grace, connect_timeout, "nothing was changed; the same command begins anew"):
            found = look(place.url, storage_options=place.storage_options)
        with atomic_write(output) as file:
            file.write(found.html.encode())
        console.info(f"wrote {output}")
        console.result(str(found), found.as_dict())
        return Exit.DONE if found.ok else Exit.VERIFICATION

    return conduct(Manner(json, quiet, log_format, debug), act)


class _Place:
    """A store, and the job whose cluster works on it, if a job was named."""

    def __init__(self, url: str, storage_options: Mapping[str, Any] | None, job: "Job | None") -> None:
        self.url, self.storage_options, self.job = url, storage_options, job


def _place(store: str, options: Sequence[str] | None, overrides: Sequence[str] | None, console: Console) -> _Place:
    from mvn_dask.errors import ArgumentError

    given = _pairs(options or ())
    console.hide(given)
    if not store.endswith(".toml") or "://" in store or Path(store).is_dir():
        if overrides:
            raise ArgumentError("--set changes a job file, and STORE is none")
        return _Place(store, given or None, None)
    from mvn_dask.job.job import Job

    job = Job.from_toml(store, overrides or ())
    own = job.output.storage_options.get_secret_value()
    console.hide(*job.secrets())
    return _Place(job.locate(job.output.url), {**own, **given} or None, job)


def _pairs(options: Sequence[str]) -> dict[str, Any]:
    from mvn_dask.errors import ArgumentError

    pairs = [option.partition("=") for option in options]
    if not all(key and sign for key, sign, _ in pairs):
        raise ArgumentError("--storage-option must be KEY=VALUE")  # what was seen may be secret
    return {key: value for key, _, value in pairs}


def _refuse_no_folder(output: Path) -> None:
    """Raise before anything is read, if a page cannot be written."""
    folder = output.resolve().parent
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


@contextmanager
def _working(place: _Place, console: Console, grace: float, timeout: float, after: str) -> Iterator[None]:
    """Inside the body, the job's cluster works, until a signal stops it; `after` tells what is to be done then."""
    from mvn_dask.cli.signals import watched
    from mvn_dask.errors import JobCancelledError
    from mvn_dask.execution.cancellation import CancelToken, cancellable
    from mvn_dask.job.clusters import opened

    stop = CancelToken()
    try:
        with watched(stop, grace, console.warning), cancellable(stop):
            if place.job is None:
                yield
            else:
                with opened(place.job, connect_timeout=timeout, tell=console.info):
                    yield
    except JobCancelledError as error:
        raise JobCancelledError(f"stopped: {after}") from error
