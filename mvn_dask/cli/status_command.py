"""The command `status`: how far a store is, once or again and again."""

import logging
import os
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Annotated

import typer

from mvn_dask.cli.command import CommandResult, OutputOptions, Part, Result, Store, StoreOptions, command
from mvn_dask.cli.exit_codes import ExitCode, error_message
from mvn_dask.cli.locating import locate
from mvn_dask.redaction import RedactSecrets

if TYPE_CHECKING:
    from mvn_dask.job.job import Job
    from mvn_dask.store.status import Status

DEFAULT_INTERVAL = 2.0
"""Seconds between two looks, where nothing else is asked for."""

Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Look again and again, until it is complete: a view that is drawn over in a terminal, elsewhere a line at "
        "each change.",
    ),
]
Interval = Annotated[
    float | None,
    typer.Option(
        min=0.1,
        max=86400.0,
        metavar="SECONDS",
        help=f"Of a watch, the time between two looks: {DEFAULT_INTERVAL:g} unless given. Those that take long are "
        "made less often.",
        show_default=False,
    ),
]

log = logging.getLogger(__name__)


@command
def status(
    store: Store,
    part: Part = None,
    watching: Watch = False,
    interval: Interval = None,
    *,
    options: StoreOptions,
    output: OutputOptions,
    secrets: RedactSecrets,
) -> CommandResult:
    """Show how far a store is; also while a job is running.

    Of a job file, it says as well by which fields the store is of another specification. A watch waits for a store
    that no job has begun yet, or that another is going to replace.
    """
    from mvn_dask.cli.formatting import status_json, status_text
    from mvn_dask.cli.live_view import LiveView, can_draw
    from mvn_dask.cli.status_lines import StatusLines
    from mvn_dask.cli.watching import watch
    from mvn_dask.job.parts import part_of
    from mvn_dask.store.status import status as status_of

    seconds = _interval(interval, watching=watching)
    url, storage_options, job = locate(store, options, secrets)
    share = None if part is None else part_of(part, os.environ)
    look = partial(status_of, url, part=share, storage_options=storage_options)
    if not watching:
        found, differences = look(), None if job is None else _differences(job)
        return Result(status_text(found, differences), status_json(found, differences))

    @lru_cache(1)
    def differences_of(fingerprint: str) -> list[str] | None:  # noqa: ARG001 compared once for each store
        return None if job is None else _differences(job)

    def content(each: "Status") -> Mapping[str, object]:
        return status_json(each, differences_of(each.fingerprint))

    view = StatusLines(content if output.json else None) if output.json or not can_draw() else LiveView()
    with view:
        last = watch(look, view, seconds)
    if last is None or (output.json and view.has_shown(last)):
        return ExitCode.STOPPED
    code = ExitCode.DONE if last.complete else ExitCode.STOPPED
    return Result(status_text(last, differences_of(last.fingerprint)), content(last), code)


def _interval(seconds: float | None, *, watching: bool) -> float:
    from mvn_dask.errors import ArgumentError

    if seconds is None:
        return DEFAULT_INTERVAL
    if not watching:
        raise ArgumentError("--interval is the time between two looks of --watch, which was not given")
    return seconds


def _differences(job: "Job") -> list[str] | None:
    """Fields by which the store is not the job's; None where the job's files cannot be read here."""
    from mvn_dask.errors import MvnDaskError
    from mvn_dask.job.comparison import store_differences

    try:
        return store_differences(job)
    except (MvnDaskError, OSError) as error:
        log.warning(f"the store was not compared with the job: {error_message(error)}")
        return None
