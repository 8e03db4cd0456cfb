"""The command `status`: how far a store is, once or again and again."""

import json
import logging
import os
from collections.abc import Mapping
from functools import lru_cache, partial
from math import isnan
from typing import TYPE_CHECKING, Annotated

import typer

from mvn_dask.cli.command import CommandResult, OutputOptions, Part, Result, Store, StoreOptions, command
from mvn_dask.cli.completion import one_of
from mvn_dask.cli.exit_codes import ExitCode, error_message
from mvn_dask.cli.locating import locate
from mvn_dask.redaction import RedactSecrets

if TYPE_CHECKING:
    from mvn_dask.job.job import Job
    from mvn_dask.store.status import Status

DEFAULT_INTERVAL = 2.0
"""Seconds between two looks, where nothing else is asked for."""
FORMATS = ("text", "json", "openmetrics")
"""Forms of the result."""

Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Look again and again, until it is complete: a view that is drawn over in a terminal, elsewhere a line at "
        "each change.",
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join(FORMATS),
        autocompletion=one_of(*FORMATS),
        help="How the result is printed: text, json, as by --json, or openmetrics, the text that Prometheus and others "
        "scrape.",
        show_default=False,
    ),
]
Parts = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Show as well how far each of N parts is, wherever they run: how many a store is written in, it does not "
        "record.",
        show_default=False,
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
    parts: Parts = None,
    watching: Watch = False,
    interval: Interval = None,
    form: Format = None,
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
    from mvn_dask.cli.openmetrics import openmetrics
    from mvn_dask.cli.status_lines import StatusLines
    from mvn_dask.cli.watching import watch
    from mvn_dask.job.parts import part_of
    from mvn_dask.store.status import status as status_of

    seconds, chosen = _interval(interval, watching=watching), _format(form, as_json=output.json, watching=watching)
    url, storage_options, job = locate(store, options, secrets)
    share = None if part is None else part_of(part, os.environ)
    look = partial(status_of, url, part=share, parts=parts, storage_options=storage_options)

    @lru_cache(1)
    def differences_of(fingerprint: str) -> list[str] | None:  # noqa: ARG001 compared once for each store
        return None if job is None else _differences(job)

    def content(each: "Status") -> Mapping[str, object]:
        return status_json(each, differences_of(each.fingerprint))

    def text(each: "Status") -> str:
        if chosen == "text":
            return status_text(each, differences_of(each.fingerprint))
        return openmetrics(each) if chosen == "openmetrics" else json.dumps(content(each), allow_nan=False)

    if not watching:
        found = look()
        return Result(text(found), content(found), verbatim=chosen != "text")
    view = StatusLines(content if chosen == "json" else None) if chosen == "json" or not can_draw() else LiveView()
    with view:
        last = watch(look, view, seconds)
    if last is None:
        log.warning(f"stopped before there was a store at {url}", extra={"exit_code": int(ExitCode.STOPPED)})
        return ExitCode.STOPPED
    if chosen == "json" and view.has_shown(last):
        return ExitCode.STOPPED
    code = ExitCode.DONE if last.complete else ExitCode.STOPPED
    return Result(text(last), content(last), code, verbatim=chosen != "text")


def _format(given: str | None, *, as_json: bool, watching: bool) -> str:
    from mvn_dask.errors import ArgumentError

    if given is None:
        return "json" if as_json else "text"
    if given not in FORMATS:
        raise ArgumentError(f"--format must be one of {', '.join(FORMATS)}, not {given!r}")
    if as_json and given != "json":
        raise ArgumentError(f"--json is --format json, and --format {given} was given as well: leave one of them out")
    if watching and given == "openmetrics":
        raise ArgumentError("--format openmetrics is one look, and --watch makes many: let a timer call the command")
    return given


def _interval(seconds: float | None, *, watching: bool) -> float:
    from mvn_dask.errors import ArgumentError

    if seconds is None:
        return DEFAULT_INTERVAL
    if not watching:
        raise ArgumentError("--interval is the time between two looks of --watch, which was not given")
    if isnan(seconds):  # which is between any two bounds for versions of typer before 0.29
        raise ArgumentError("--interval must be a number of seconds, and nan is none")
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
