"""Commands about jobs: plan, run, sample, init."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mvn_dask.cli.conduct import Manner, conduct
from mvn_dask.cli.console import Console
from mvn_dask.cli.options import Debug, Grace, JobFile, Json, LogFormat, Overrides, Part, Quiet, Timeout
from mvn_dask.cli.outcome import Exit

if TYPE_CHECKING:
    from mvn_dask.job.job import Job

Read = Callable[[Console], "Job"]

Tls = Annotated[bool, typer.Option("--tls", help="Encrypt what a local cluster sends, with temporary certificates.")]
Dashboard = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Where a local cluster shows its dashboard.", show_default="127.0.0.1:0"),
]


def plan(
    job: JobFile,
    part: Part = None,
    overrides: Overrides = None,
    json: Json = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    debug: Debug = False,
) -> int:
    """Say what a job will do: rows, chunks, bytes, memory, tasks, and the time, from a timed block.

    Nothing is written.
    """

    def act(console: Console) -> Exit:
        from mvn_dask.cli.words import as_json, planned_text
        from mvn_dask.job.planning import plan as planned

        found = planned(_read(job, overrides, console), _part(part))
        console.result(planned_text(found), as_json(found))
        return Exit.DONE

    return conduct(Manner(json, quiet, log_format, debug), act)


def run(
    job: JobFile,
    part: Part = None,
    overrides: Overrides = None,
    tls: Tls = False,
    dashboard: Dashboard = None,
    grace: Grace = 30.0,
    connect_timeout: Timeout = 30.0,
    json: Json = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    debug: Debug = False,
) -> int:
    """Begin a job, go on with it, or complete it: always the same command.

    SIGTERM, SIGINT and SIGUSR1 stop it after the chunks that are being drawn, with exit code 75: run it again.
    """
    more = [*(overrides or []), *(["cluster.tls=true"] if tls else [])]
    if dashboard is not None:
        more.append(f'cluster.options.dashboard_address="{dashboard}"')
    manner = Manner(json, quiet, log_format, debug)
    return _run(lambda console: _read(job, more, console), part, grace, connect_timeout, manner)


def sample(
    out: Annotated[str, typer.Argument(metavar="OUT", help="Folder or URL of the store.", show_default=False)],
    mean: Annotated[str, typer.Option(metavar="NUMBERS|FILE", help="Mean: 0, or 0.1,0.2, or a file.")],
    cov: Annotated[
        str, typer.Option(metavar="NUMBERS|FILE", help="Covariance: a variance, variances, [[2,1],[1,2]], or a file.")
    ],
    size: Annotated[str, typer.Option(metavar="ROWS", help="Number of rows, as 1e9; or a shape, as 1000,365.")],
    seed: Annotated[str, typer.Option(metavar="SEED", help="Seed, an integer; or several, as 2026,7.")],
    method: Annotated[str, typer.Option(help="svd, eigh or cholesky.")] = "svd",
    dtype: Annotated[str, typer.Option(help="float64 or float32.")] = "float64",
    chunks: Annotated[str, typer.Option(help="Size or rows of a chunk.")] = "128 MiB",
    part: Part = None,
    overrides: Overrides = None,
    grace: Grace = 30.0,
    connect_timeout: Timeout = 30.0,
    json: Json = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    debug: Debug = False,
) -> int:
    """Draw a sample without a job file. The same command goes on where it was stopped."""

    def read(console: Console) -> "Job":
        from mvn_dask.job.job import Job

        mapping = {
            "version": 1,
            "distribution": {"mean": _numbers(mean), "cov": _numbers(cov), "method": method},
            "sample": {"size": _several(size), "seed": _several(seed), "dtype": dtype, "chunks": chunks},
            "output": {"url": out},
        }
        return _hidden(Job.from_mapping(mapping, overrides or (), place="the command line"), console)

    return _run(read, part, grace, connect_timeout, Manner(json, quiet, log_format, debug))


def init(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The job file to write.")] = Path("job.toml"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    debug: Debug = False,
) -> int:
    """Write a job file to begin with, in which every key is explained."""

    def act(console: Console) -> Exit:
        from mvn_dask.errors import StorageNotEmptyError
        from mvn_dask.job.template import job_template

        try:
            with path.open("w" if force else "x", encoding="utf-8") as file:
                file.write(job_template())
        except FileExistsError as error:
            raise StorageNotEmptyError(f"{path} exists: name another file, or use --force to write over it") from error
        console.info(f"wrote {path}: edit it, then call mvn-dask plan {path}")
        return Exit.DONE

    return conduct(Manner(False, quiet, log_format, debug), act)


def _run(read: Read, part: str | None, grace: float, timeout: float, manner: Manner) -> int:
    def act(console: Console) -> Exit:
        from mvn_dask.cli.signals import watched
        from mvn_dask.cli.words import as_json, ran_text
        from mvn_dask.errors import JobCancelledError
        from mvn_dask.execution.cancellation import CancelToken, cancellable
        from mvn_dask.job.running import run as ran

        stop = CancelToken()
        with watched(stop, grace, console.warning), cancellable(stop):
            job, share = read(console), _part(part)
            if job.output.url.startswith("memory:"):
                console.warning(f"{job.output.url} lies in the memory of this process, and goes with it")
            try:
                found = ran(job, share, connect_timeout=timeout, tell=console.info)
            except JobCancelledError:
                console.warning(f"stopped{_progress(job)}; to go on: {_again()}", exit_code=int(Exit.STOPPED))
                return Exit.STOPPED
        console.result(ran_text(found), as_json(found))
        return Exit.DONE

    return conduct(manner, act)


def _progress(job: "Job") -> str:
    """How far a job is that was stopped, where there is anything of it yet."""
    from mvn_dask.errors import MvnDaskError, NotAStoreError
    from mvn_dask.store.status import status

    options = job.output.storage_options.get_secret_value()
    try:
        found = status(job.locate(job.output.url), storage_options=options or None)
    except NotAStoreError:
        return ", before anything was written"
    except (MvnDaskError, OSError):
        return ""
    return f" with {found.done} of {found.done + found.missing} chunks written"


def _again() -> str:
    """The command that goes on, as a shell takes it, without options that may be secret."""
    import re
    import shlex

    return shlex.join(
        ["mvn-dask", *(re.sub(r"^((--set=)?[\w.]*options[\w.\"]*=).*", r"\1…", each) for each in sys.argv[1:])]
    )


def _read(path: Path, overrides: Sequence[str] | None, console: Console) -> "Job":
    from mvn_dask.job.job import Job

    return _hidden(Job.from_toml(path, overrides or ()), console)


def _hidden(job: "Job", console: Console) -> "Job":
    """The same job, of whose secrets nothing is going to be said."""
    console.hide(*job.secrets())
    return job


def _part(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    from mvn_dask.job.parts import part_of

    return part_of(text, os.environ)


def _numbers(text: str) -> Any:
    """Numbers as people write them on a command line, or else the name of a file."""
    import tomllib

    # TOML has no .5 and no 1., and people have.
    with suppress(ValueError):
        numbers = [float(piece) for piece in text.split(",")]
        return numbers if len(numbers) > 1 else numbers[0]
    try:
        return tomllib.loads(f"value = {text}")["value"] if text.strip() else text
    except tomllib.TOMLDecodeError:
        return text


def _several(text: str) -> object:
    """One value, or several with commas between them."""
    pieces = text.split(",")
    return text if len(pieces) == 1 else pieces
