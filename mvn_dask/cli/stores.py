"""Commands about stores: info, verify, repair, extend, report."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from mvn_dask.cli.browser import open_page
from mvn_dask.cli.command import CommandResult, Result, Store, StoreOptions, WorkOptions, command
from mvn_dask.cli.completion import one_of
from mvn_dask.cli.exit_codes import ExitCode
from mvn_dask.cli.jobs import UNCHANGED
from mvn_dask.cli.locating import locate
from mvn_dask.cli.output_files import output_file
from mvn_dask.escaping import printable
from mvn_dask.redaction import RedactSecrets

if TYPE_CHECKING:
    from mvn_dask.job.job import Job

Level = Annotated[
    str,
    typer.Option(
        metavar="LEVEL",
        autocompletion=one_of("size", "checksum", "values"),
        help="size (names and sizes), checksum (reads all) or values (draws again).",
    ),
]
Full = Annotated[bool, typer.Option("--full", help="With values: draw every row again, not a stripe of each chunk.")]

PAGE_SUFFIXES = {"", ".html", ".htm", ".xhtml"}
"""Ends of the names of a page."""

log = logging.getLogger(__name__)


@command
def info(store: Store, *, options: StoreOptions, secrets: RedactSecrets) -> CommandResult:
    """Show what a store holds: shape, seed, fingerprint, method, names, variances, and where it was begun.

    Exit code 5 if its variances are not those that were asked for.
    """
    from mvn_dask.cli.formatting import as_json
    from mvn_dask.maintenance.describe import describe

    url, storage_options, _ = locate(store, options, secrets)
    found = describe(url, storage_options=storage_options)
    return Result(str(found), as_json(found), ExitCode.VERIFICATION if found.grade == "NOT ok" else ExitCode.DONE)


@command
def verify(
    store: Store,
    level: Level = "checksum",
    full: Full = False,
    *,
    options: StoreOptions,
    work: WorkOptions,
    secrets: RedactSecrets,
) -> CommandResult:
    """Check whether a store holds what its manifest says: exit code 5 if it does not."""
    from mvn_dask.cli.formatting import verification_json
    from mvn_dask.errors import DamagedChunkError, DamagedManifestError
    from mvn_dask.maintenance.verify import verify as verify_store

    url, storage_options, job = locate(store, options, secrets)
    with _computing(job, work, UNCHANGED):
        try:
            found = verify_store(url, level=level, full=full, storage_options=storage_options)  # type: ignore[arg-type]
        except DamagedManifestError as error:
            # Of a verification, a damaged manifest is a result, and not a refusal.
            raise DamagedChunkError(error.text, advice=error.advice) from error
    return Result(str(found), verification_json(found), ExitCode.DONE if found.ok else ExitCode.VERIFICATION)


@command
def repair(
    store: Store,
    level: Level = "checksum",
    full: Full = False,
    *,
    options: StoreOptions,
    work: WorkOptions,
    secrets: RedactSecrets,
) -> CommandResult:
    """Draw the chunks of a store again that are bad or missing, and only those."""
    from mvn_dask.cli.formatting import as_json
    from mvn_dask.maintenance.repair import repair as repair_store

    url, storage_options, job = locate(store, options, secrets)
    with _computing(job, work, "what was drawn stays; the same command goes on"):
        found = repair_store(
            url,
            level=level,  # type: ignore[arg-type]
            full=full,
            fsync=job is not None and job.output.fsync,
            storage_options=storage_options,
        )
    return Result(str(found), as_json(found))


@command
def extend(
    store: Store,
    rows: Annotated[str, typer.Argument(metavar="ROWS", help="How many more, as 1e6.", show_default=False)],
    *,
    options: StoreOptions,
    work: WorkOptions,
    secrets: RedactSecrets,
) -> CommandResult:
    """Append rows to a finished store: it becomes that of the longer run. After a stop, repair completes it."""
    from mvn_dask.cli.formatting import as_json
    from mvn_dask.errors import ArgumentError
    from mvn_dask.job.quantities import integer
    from mvn_dask.maintenance.extend import extend as extend_store

    try:
        count = integer(rows, 1)
    except ArgumentError as error:
        raise ArgumentError(f"ROWS {error}") from error
    url, storage_options, job = locate(store, options, secrets)
    with _computing(job, work):
        fsync = job is not None and job.output.fsync
        found = extend_store(url, count, fsync=fsync, storage_options=storage_options)
    return Result(str(found), as_json(found))


@command
def report(
    store: Store,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The page.")] = "report.html",
    opening: Annotated[bool, typer.Option("--open", help="Show the page in a browser.")] = False,
    *,
    options: StoreOptions,
    work: WorkOptions,
    secrets: RedactSecrets,
) -> CommandResult:
    """Write a page about a store, to be looked at: what was drawn, and whether it is distributed as it should be.

    Of derived numbers, such as losses: estimates with intervals, tails, and where along the rows something changes. Of
    a job with tables [[estimate]], the page shows each estimate as rows are added; the sample is drawn again for it.
    """
    from mvn_dask.atomic import atomic_write
    from mvn_dask.errors import ArgumentError
    from mvn_dask.reporting.report import report as report_on

    url, storage_options, job = locate(store, options, secrets)
    page = output_file("--output", output)
    if page.suffix.lower() not in PAGE_SUFFIXES:
        named = page.with_suffix(".html")
        raise ArgumentError(f"--output must name a page of HTML, such as {named}, not {output}; browsers print PDF")
    with _computing(job, work, UNCHANGED):
        found = report_on(url, storage_options=storage_options)
        if job is not None and job.estimates:
            from mvn_dask.job.estimating import converge

            found = replace(found, convergences=converge(job))
    with atomic_write(page) as file:
        file.write(found.html.encode())
    log.info(printable(f"wrote {page}"))
    if opening:
        open_page(page)
    return Result(str(found), found.as_dict(), ExitCode.DONE if found.ok else ExitCode.VERIFICATION)


@contextmanager
def _computing(job: "Job | None", work: WorkOptions, stopped: str | None = None) -> Iterator[None]:
    """Inside the body, the job's cluster works, until a signal stops it.

    `stopped` says what to do then; without it, what the error says: an extension goes on otherwise after it has begun.
    """
    from mvn_dask.cli.signals import cancel_on_signals
    from mvn_dask.errors import JobCancelledError
    from mvn_dask.execution.cancellation import CancelToken, cancellable
    from mvn_dask.job.clusters import open_cluster

    token = CancelToken()
    try:
        with (
            cancel_on_signals(token, work.grace),
            cancellable(token),
            open_cluster(job, connect_timeout=work.connect_timeout) if job else nullcontext(),
        ):
            yield
    except JobCancelledError as error:
        if stopped is None:
            raise JobCancelledError("stopped", advice=error.advice) from error
        raise JobCancelledError(f"stopped: {stopped}") from error
