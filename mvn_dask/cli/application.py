"""The typer application: its commands, and errors of usage. Input: arguments; output: an exit code."""

import logging
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import mvn_dask
from mvn_dask.cli import jobs, stores
from mvn_dask.cli.command import OutputOptions, console_logging
from mvn_dask.cli.early_signals import json_log_requested
from mvn_dask.cli.exit_codes import ExitCode

log = logging.getLogger(__name__)

app = typer.Typer(
    name="mvn-dask",
    help="Multivariate-normal samples at any size: jobs that go on where they stopped, and stores that can be "
    "verified, repaired and extended.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for each in (
    jobs.plan, jobs.run, jobs.sample, jobs.init,
    stores.status, stores.info, stores.verify, stores.repair, stores.extend, stores.report,
):  # fmt: skip
    app.command()(each)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mvn-dask {mvn_dask.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command, by default that of the process, and give its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code: Any = app(args=given, prog_name="mvn-dask", standalone_mode=False)
    except Exception as error:
        # typer's errors of usage have no base class that is typer's own.
        if not hasattr(error, "format_message"):
            raise
        message = " ".join(str(error.format_message()).split())
        with console_logging(OutputOptions(log_format="json" if json_log_requested(given) else "text")):
            fields = {"exit_code": int(ExitCode.USAGE), "type": type(error).__name__}
            log.error(f"{message} (see mvn-dask --help)", extra=fields)
        return ExitCode.USAGE
    return int(code or 0)
