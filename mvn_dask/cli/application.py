"""The typer application: its commands, and errors of usage. Input: arguments; output: an exit code."""

import logging
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Annotated, Any

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]

import mvn_dask
from mvn_dask.cli import doctor, jobs, status_command, stores
from mvn_dask.cli.command import OutputOptions, Result, console_logging, run_command
from mvn_dask.cli.completion import complete_shell, completion_request
from mvn_dask.cli.early_signals import json_log_requested
from mvn_dask.cli.exit_codes import ExitCode
from mvn_dask.cli.usage_errors import usage_text

log = logging.getLogger(__name__)

app = typer.Typer(
    name="mvn-dask",
    help="Multivariate-normal samples at any size: jobs that go on where they stopped, and stores that can be "
    "verified, repaired and extended.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for each in (
    jobs.plan, jobs.run, jobs.sample, jobs.estimate, jobs.init,
    status_command.status, stores.info, stores.verify, stores.repair, stores.extend, stores.report,
    doctor.doctor,
):  # fmt: skip
    app.command()(each)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mvn-dask {mvn_dask.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
    show_completion: Annotated[
        bool, typer.Option("--show-completion", help="Print the completion script of a shell, as of bash.")
    ] = False,
    install_completion: Annotated[
        bool, typer.Option("--install-completion", help="Install it; by default in the shell that has called.")
    ] = False,
) -> None:
    """Options before the command; `run` has taken those of completion, whose values typer would take for a command."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command, by default that of the process, and give its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if (request := completion_request(given)) is not None:
        return run_command(OutputOptions(), lambda _: Result(complete_shell(*request), {}, verbatim=True))
    completion_init()
    try:
        code: Any = app(args=given, prog_name="mvn-dask", standalone_mode=False)
    except Exception as error:
        # typer's errors of usage have no base class that is typer's own.
        if not hasattr(error, "format_message"):
            raise
        if not given:
            with redirect_stdout(sys.stderr):
                app(args=["--help"], prog_name="mvn-dask", standalone_mode=False)
            return ExitCode.USAGE
        message = usage_text(str(error.format_message()), given)
        with console_logging(OutputOptions(log_format="json" if json_log_requested(given) else "text")):
            fields = {"exit_code": int(ExitCode.USAGE), "type": type(error).__name__}
            log.error(f"{message} (see mvn-dask --help)", extra=fields)
        return ExitCode.USAGE
    return int(code or 0)
