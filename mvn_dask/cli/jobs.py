"""Commands about jobs: plan, run, sample, estimate, init."""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mvn_dask.atomic import file_named
from mvn_dask.cli.command import CommandResult, JobFile, Overrides, Part, Result, WorkOptions, call_at_end, command
from mvn_dask.cli.completion import job_values
from mvn_dask.cli.distribution_options import DISTRIBUTION_OPTIONS, DistributionOptions, distribution_table
from mvn_dask.cli.exit_codes import ExitCode
from mvn_dask.cli.output_files import output_file
from mvn_dask.escaping import printable
from mvn_dask.redaction import RedactSecrets

if TYPE_CHECKING:
    from mvn_dask.job.job import Job
    from mvn_dask.job.keys import Override

Tls = Annotated[bool, typer.Option("--tls", help="Encrypt what a local cluster sends, with temporary certificates.")]
Dashboard = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Where a local cluster shows its dashboard.", show_default="127.0.0.1:0"),
]
Probe = Annotated[
    bool, typer.Option("--probe", help="Write one chunk where the store goes, and remove it, to time writing as well.")
]
Force = Annotated[bool, typer.Option("--force", help="Begin although the disk has no room for what is missing.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Draw nothing, and show what would be drawn, as plan does of a job.")
]
Dtype = Annotated[
    str, typer.Option(autocompletion=job_values("sample.dtype"), metavar="float64|float32", help="Type of the numbers.")
]

SAMPLE_OPTIONS: dict[tuple[str, ...], str] = {
    **DISTRIBUTION_OPTIONS,
    **{("sample", name): f"--{name}" for name in ("size", "seed", "dtype", "chunks")},
    ("output", "url"): "OUT",
}
"""Options of `sample` by the keys of a job that they stand for."""
UNCHANGED = "nothing was changed; the same command begins anew"
"""What is said of a stopped command that writes nothing."""

log = logging.getLogger(__name__)


@command
def plan(
    job: JobFile, part: Part = None, overrides: Overrides = None, probe: Probe = False, *, secrets: RedactSecrets
) -> CommandResult:
    """Show what a job will do: rows, chunks, bytes, memory, tasks, and the time, from blocks that are drawn.

    Nothing is left behind. A store that does not fit is a warning, and `run` refuses it.
    """
    return _plan(*_read(job, overrides, secrets, part), "`mvn-dask run`", probe=probe)


@command
def run(
    job: JobFile,
    part: Part = None,
    overrides: Overrides = None,
    tls: Tls = False,
    dashboard: Dashboard = None,
    force: Force = False,
    *,
    work: WorkOptions,
    secrets: RedactSecrets,
) -> CommandResult:
    """Begin a job, go on with it, or complete it: always the same command.

    SIGTERM, SIGINT and SIGUSR1 stop it after the chunks that are being drawn, with exit code 75: run it again.
    """
    from mvn_dask.job.keys import Override

    given = [Override(("cluster", "tls"), True, "", "--tls")] if tls else []
    if dashboard is not None:
        given.append(Override(("cluster", "options", "dashboard_address"), dashboard, "", "--dashboard"))
    return _run(lambda: _read(job, overrides, secrets, part, given), work, force=force)


@partial(command, keys=SAMPLE_OPTIONS)
def sample(
    out: Annotated[str, typer.Argument(metavar="OUT", help="Folder or URL of the store.", show_default=False)],
    distribution: DistributionOptions,
    size: Annotated[str, typer.Option(metavar="ROWS", help="Number of rows, as 1e9; or a shape, as 1000,365.")],
    seed: Annotated[str, typer.Option(metavar="SEED", help="Seed, best one integer; or several, as 2026,7.")],
    dtype: Dtype = "float64",
    chunks: Annotated[str, typer.Option(metavar="SIZE|ROWS", help="Size or rows of a chunk.")] = "128 MiB",
    part: Part = None,
    overrides: Overrides = None,
    force: Force = False,
    dry_run: DryRun = False,
    *,
    work: WorkOptions,
    secrets: RedactSecrets,
) -> CommandResult:
    """Draw a sample without a job file. The same command goes on where it was stopped.

    It is of a normal distribution, of a t distribution with --df, or of a Gaussian copula with --marginals.
    """
    mapping = {
        "version": 1,
        "distribution": distribution_table(distribution),
        "sample": {"size": _one_or_several(size), "seed": _one_or_several(seed), "dtype": dtype, "chunks": chunks},
        "output": {"url": out},
    }
    if dry_run:
        return _plan(*_read(mapping, overrides, secrets, part), "the same command without --dry-run")
    return _run(lambda: _read(mapping, overrides, secrets, part), work, force=force)


@command
def estimate(job: JobFile, overrides: Overrides = None, *, work: WorkOptions, secrets: RedactSecrets) -> CommandResult:
    """Print what the tables [[estimate]] of a job ask for: means, quantiles, probabilities, with their errors.

    The sample is drawn for it, in one pass, and nothing is written: before, while and after the job is run the numbers
    are the same.
    """
    from mvn_dask.cli.signals import cancel_on_signals
    from mvn_dask.errors import JobCancelledError
    from mvn_dask.execution.cancellation import CancelToken, cancellable
    from mvn_dask.job.estimating import estimate as estimate_job

    token = CancelToken()
    try:
        with cancel_on_signals(token, work.grace), cancellable(token):
            found = estimate_job(_read(job, overrides, secrets, None)[0], connect_timeout=work.connect_timeout)
    except JobCancelledError as error:
        raise JobCancelledError(f"stopped: {UNCHANGED}") from error
    return Result(str(found), found.to_dict())


@partial(command, has_result=False)
def init(
    path: Annotated[str, typer.Argument(metavar="PATH", help="The job file to write.")] = "job.toml",
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> CommandResult:
    """Write a job file to begin with, in which every key is explained."""
    from mvn_dask.errors import StorageNotEmptyError
    from mvn_dask.job.template import job_template

    target = output_file("PATH", path)
    try:
        with file_named(target), target.open("w" if force else "x", encoding="utf-8") as file:
            file.write(job_template())
    except FileExistsError as error:
        raise StorageNotEmptyError(f"{path} exists: name another file, or use --force to write over it") from error
    log.info(printable(f"wrote {path}: edit it, then call mvn-dask plan {path}"))
    return ExitCode.DONE


def _plan(job: "Job", part: tuple[int, int] | None, command: str, *, probe: bool = False) -> Result:
    """What a job will do; `command` draws it."""
    from mvn_dask.cli.formatting import as_json, plan_text
    from mvn_dask.job.planning import plan as plan_job
    from mvn_dask.job.space import Space

    found = plan_job(job, part, probe=probe)
    space = Space(found.needed_bytes, found.free_bytes)
    if not space.fits:
        log.warning(f"{space.fault(found.url)}: {command} will refuse it, unless with --force")
    return Result(plan_text(found), as_json(found))


def _run(read: Callable[[], tuple["Job", tuple[int, int] | None]], work: WorkOptions, *, force: bool) -> CommandResult:
    """Read a job and run it, until a signal stops it."""
    from mvn_dask.cli.formatting import as_json, run_text
    from mvn_dask.cli.run_log import RunLog
    from mvn_dask.cli.signals import cancel_on_signals
    from mvn_dask.errors import JobCancelledError
    from mvn_dask.execution.cancellation import CancelToken, cancellable
    from mvn_dask.job.running import run as run_job

    token, run_log = CancelToken(), RunLog()
    call_at_end(run_log.finish)
    with cancel_on_signals(token, work.grace, run_log.finish), cancellable(token), run_log.counting():
        job, share = read()
        if (url := job.locate(job.output.url)).startswith("memory:"):
            log.warning(f"{url} lies in the memory of this process, and goes with it")
        try:
            found = run_job(job, share, force=force, connect_timeout=work.connect_timeout)
        except JobCancelledError:
            fields = {"exit_code": int(ExitCode.STOPPED)}
            log.warning(f"stopped{_written(job)}; to go on: {_resuming_command()}", extra=fields)
            return ExitCode.STOPPED
    return Result(run_text(found), as_json(found))


def _written(job: "Job") -> str:
    """How many chunks of a stopped job are written, where that can be found out."""
    from mvn_dask.errors import MvnDaskError, NotAStoreError
    from mvn_dask.readable import plural
    from mvn_dask.store.status import status

    options = job.output.storage_options.get_secret_value()
    try:
        found = status(job.locate(job.output.url), storage_options=options or None)
    except NotAStoreError:
        return ", before anything was written"
    except (MvnDaskError, OSError):
        return ""
    return f" with {found.done} of {plural(found.done + found.missing, 'chunk')} written"


def _resuming_command() -> str:
    """The command of this process, as a shell takes it, without options that may be secret."""
    import re
    import shlex

    # The options of storage and cluster are tables of their own, or one key of such a table.
    words = (re.sub(r"^((--set=)?[\w.]*options[\w.\"]*=).*", r"\1…", each) for each in sys.argv[1:])
    return shlex.join(["mvn-dask", *words])


def _read(
    job: str | Mapping[str, Any],
    overrides: Sequence[str] | None,
    secrets: RedactSecrets,
    part: str | None,
    options: "Sequence[Override]" = (),
) -> tuple["Job", tuple[int, int] | None]:
    """A job and the part to draw; its secrets are left out of the log from now on."""
    from mvn_dask.job.job import Job
    from mvn_dask.job.keys import KeyLocations
    from mvn_dask.job.parsing import parse_file, parse_mapping, parse_overrides
    from mvn_dask.job.parts import part_of

    if isinstance(job, str):
        found = parse_file(Job, job, overrides or (), options)
    else:
        given = KeyLocations("the command line", {}, parse_overrides(overrides or ()), SAMPLE_OPTIONS)
        found = parse_mapping(Job, job, given, Path())
    secrets.add(*found.secrets())
    return found, None if part is None else part_of(part, os.environ)


def _one_or_several(text: str) -> object:
    """One value, or several with commas between them."""
    return text.split(",") if "," in text else text
